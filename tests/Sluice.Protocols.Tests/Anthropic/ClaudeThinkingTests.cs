using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>Which words a Claude model is told to think in, by its name. Anthropic's writer and Bedrock's use the same rule.</summary>
public sealed class ClaudeThinkingTests
{
    [Theory]
    [InlineData("anthropic/claude-sonnet-4.5", """{"thinking":{"type":"enabled","budget_tokens":2048}}""", null)]
    [InlineData("anthropic/claude-opus-4.6", """{"thinking":{"type":"adaptive"}}""", "low")]
    [InlineData("anthropic/claude-newest", """{"thinking":{"type":"adaptive"}}""", "low")]
    public void Effort_IsToldAsTheModelTakesIt(string model, string expected, string? effort)
    {
        var thinking = Of(model, WireProtocol.OpenAIChat, new ReasoningOptions(ReasoningMode.Adaptive) { Effort = "low" }, 20_000);
        Assert.Equal((expected, effort), (Written(thinking), thinking.Effort()));
    }

    [Theory]
    [InlineData("anthropic/claude-opus-4.6", """{"thinking":{"type":"enabled","budget_tokens":2000}}""", null)]
    [InlineData("anthropic/claude-opus-4.7", """{"thinking":{"type":"adaptive"}}""", "low")]
    [InlineData("anthropic/claude-newest", """{"thinking":{"type":"adaptive"}}""", "low")]
    [InlineData("acme/thinker", """{"thinking":{"type":"enabled","budget_tokens":2000}}""", null)]
    public void BudgetOfAnotherFormatsClient_IsAnEffortWhereTheModelRefusesBudgets(string model, string expected, string? effort)
    {
        var thinking = Of(model, WireProtocol.OpenAIChat, new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = 2000 }, 20_000);
        Assert.Equal((expected, effort), (Written(thinking), thinking.Effort()));
    }

    [Theory]
    [InlineData("anthropic/claude-sonnet-4.5", """{"thinking":{"type":"enabled","budget_tokens":8192,"display":"omitted"}}""")]
    [InlineData("anthropic/claude-newest", """{"thinking":{"type":"adaptive","display":"omitted"}}""")]
    public void AdaptiveOfItsOwnClient_IsABudgetForOlderModelsAlone(string model, string expected) =>
        Assert.Equal(expected, Written(Of(model, WireProtocol.AnthropicMessages, new ReasoningOptions(ReasoningMode.Adaptive) { Display = "omitted" }, 20_000)));

    [Fact]
    public void Budget_WithoutALimit_GetsOneAboveIt()
    {
        var thinking = Of("anthropic/claude-sonnet-4.5", WireProtocol.OpenAIChat, new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = 4000 }, maxTokens: null);
        Assert.Equal((12_192L, """{"thinking":{"type":"enabled","budget_tokens":4000}}"""), (thinking.MaxTokens, Written(thinking)));
    }

    [Fact]
    public void Budget_ThatTheLimitHasNoRoomFor_IsDroppedAndSaid()
    {
        var log = new DegradationLog();
        var thinking = new ClaudeThinking(Request(WireProtocol.OpenAIChat, new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = 4000 }), Target("anthropic/claude-sonnet-4.5"), 1024, log);
        Assert.Equal((false, "{}"), (thinking.Thinks, Written(thinking)));
        Assert.Equal("thinking", Assert.Single(log.Entries).Feature);
    }

    private static ClaudeThinking Of(string model, WireProtocol from, ReasoningOptions reasoning, long? maxTokens) => new(Request(from, reasoning), Target(model), maxTokens, new DegradationLog());

    private static ConversationRequest Request(WireProtocol from, ReasoningOptions reasoning) => new() { From = from, Model = "m", Reasoning = reasoning };

    private static UpstreamTarget Target(string model) => new("m", ChatDialect.Generic, ModelTraits.Unknown) { CanonicalModel = model };

    private static string Written(ClaudeThinking thinking)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            thinking.Write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
