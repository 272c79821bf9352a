using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Schemas;

/// <summary>F11: schemas that have to be followed exactly, at upstreams whose strict mode takes other schemas than the client's.</summary>
public sealed class StrictCarriageTests
{
    private const string Closed = """{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"],"additionalProperties":false}""";
    private const string WithOptional = """{"type":"object","properties":{"n":{"type":"integer"},"note":{"type":"string"}},"required":["n"],"additionalProperties":false}""";

    [Theory]
    [InlineData(WireProtocol.OpenAIChat)]
    [InlineData(WireProtocol.OpenAIResponses)]
    public void F11_ClaudesStrictTool_WithAnOptionalMember_GoesToOpenAIAsItIsAndWithoutTheMode(WireProtocol upstream)
    {
        var (tool, told) = Tool(WireProtocol.AnthropicMessages, upstream, WithOptional);

        Assert.False(tool.GetProperty("strict").GetBoolean());
        Assert.Equal(WithOptional, tool.GetProperty("parameters").GetRawText());
        Assert.Equal(("tools.strict", DegradationOutcome.Weakened), Assert.Single(told, one => one.Feature.Contains("strict", StringComparison.Ordinal)) is var one ? (one.Feature, one.Outcome) : default);
    }

    [Theory]
    [InlineData(WireProtocol.OpenAIChat)]
    [InlineData(WireProtocol.OpenAIResponses)]
    public void F11_ClaudesStrictTool_ThatOpenAITakes_StaysStrict(WireProtocol upstream)
    {
        var (tool, told) = Tool(WireProtocol.AnthropicMessages, upstream, Closed);

        Assert.True(tool.GetProperty("strict").GetBoolean());
        Assert.Equal(Closed, tool.GetProperty("parameters").GetRawText());
        Assert.DoesNotContain(told, one => one.Feature.StartsWith("schema.", StringComparison.Ordinal) || one.Feature.Contains("strict", StringComparison.Ordinal));
    }

    [Fact]
    public void F11_OpenAIsStrictTool_LosesAtAnthropicTheBoundsThatItRefuses()
    {
        var (tool, told) = Tool(WireProtocol.OpenAIChat, WireProtocol.AnthropicMessages, Closed);

        Assert.True(tool.GetProperty("strict").GetBoolean());
        Assert.Equal("""{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}""", tool.GetProperty("input_schema").GetRawText());
        Assert.Contains(told, one => one is { Feature: "schema.minimum", Outcome: DegradationOutcome.Weakened });
    }

    // Between clients and upstreams of one vendor the client keeps to the mode's rules by itself, and its words stay.
    [Theory]
    [InlineData(WireProtocol.OpenAIChat, WireProtocol.OpenAIResponses)]
    [InlineData(WireProtocol.OpenAIResponses, WireProtocol.OpenAIChat)]
    public void F11_StrictToolOfTheSameVendor_GoesAsItIs(WireProtocol client, WireProtocol upstream)
    {
        var (tool, _) = Tool(client, upstream, WithOptional);

        Assert.True(tool.GetProperty("strict").GetBoolean());
        Assert.Equal(WithOptional, tool.GetProperty("parameters").GetRawText());
    }

    private static (JsonElement Tool, IReadOnlyList<Degradation> Told) Tool(WireProtocol client, WireProtocol upstream, string schema)
    {
        var request = new ConversationRequest
        {
            From = client,
            Model = "m",
            MaxOutputTokens = 100,
            Messages = [new Message(Role.User, [new TextPart("hello")])],
            Tools = [new FunctionTool("count", "Counts.", RawJson.FromText(schema)) { Strict = true }],
        };
        var log = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(WireFormats.Upstream(upstream).WriteRequest(request, new UpstreamTarget("m", ChatDialect.Generic, ModelTraits.Unknown), log, output));
        using var body = JsonDocument.Parse(output.WrittenMemory);
        var tool = body.RootElement.GetProperty("tools")[0];
        return ((tool.TryGetProperty("function", out var function) ? function : tool).Clone(), log.Entries);
    }
}
