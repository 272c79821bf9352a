using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAICompletions;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAICompletions;

public sealed class CompletionRequestTests
{
    private static Parsed<ConversationRequest> Read(string body) => OpenAICompletionsFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body));

    private static (JsonElement Sent, IReadOnlyList<Degradation> Lost) Translate(string body, WireProtocol wire = WireProtocol.OpenAIChat)
    {
        var lost = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(WireFormats.Upstream(wire).WriteRequest(Read(body).Value!, new UpstreamTarget("up", ChatDialect.Generic, ModelTraits.Unknown), lost, output));
        return (JsonDocument.Parse(output.WrittenMemory).RootElement, lost.Entries);
    }

    [Fact]
    public void Request_EveryMember_ReachesTheChatUpstream()
    {
        var (sent, lost) = Translate("""
            {"model":"m","prompt":"Once upon","max_tokens":50,"temperature":0.5,"top_p":0.9,"n":1,"stream":true,"stream_options":{"include_usage":true},
             "stop":["\n","END"],"seed":7,"presence_penalty":0.1,"frequency_penalty":0.2,"best_of":1,"echo":false,"logprobs":null,"suffix":"","user":"u-1"}
            """);

        var turn = Assert.Single(sent.GetProperty("messages").EnumerateArray());
        Assert.Equal("user", turn.GetProperty("role").GetString());
        Assert.Equal("Once upon", turn.GetProperty("content").GetString());
        Assert.Equal("up", sent.GetProperty("model").GetString());
        Assert.Equal(50, sent.GetProperty("max_tokens").GetInt32());
        Assert.Equal(0.5, sent.GetProperty("temperature").GetDouble());
        Assert.Equal(0.9, sent.GetProperty("top_p").GetDouble());
        Assert.Equal(["\n", "END"], sent.GetProperty("stop").EnumerateArray().Select(s => s.GetString()!));
        Assert.Equal(7, sent.GetProperty("seed").GetInt32());
        Assert.Equal(0.1, sent.GetProperty("presence_penalty").GetDouble());
        Assert.Equal(0.2, sent.GetProperty("frequency_penalty").GetDouble());
        Assert.Equal("u-1", sent.GetProperty("user").GetString());
        Assert.True(sent.GetProperty("stream").GetBoolean());
        Assert.Empty(lost);
    }

    [Fact]
    public void MaxTokens_LeftOut_IsTheApisSixteen() =>
        Assert.Equal(16, Read("""{"model":"m","prompt":"x"}""").Value!.MaxOutputTokens);

    [Fact]
    public void Prompt_ArrayOfOneText_IsTheText() =>
        Assert.Equal("x", ((TextPart)Read("""{"model":"m","prompt":["x"]}""").Value!.Messages[0].Parts[0]).Text);

    [Theory]
    [InlineData("""{"model":"m"}""", "prompt", "Missing")]
    [InlineData("""{"model":"m","prompt":null}""", "prompt", "Missing")]
    [InlineData("""{"model":"m","prompt":""}""", "prompt", "empty")]
    [InlineData("""{"model":"m","prompt":[]}""", "prompt", "exactly one")]
    [InlineData("""{"model":"m","prompt":["a","b"]}""", "prompt", "exactly one")]
    [InlineData("""{"model":"m","prompt":[1,2,3]}""", "prompt", "tokens")]
    [InlineData("""{"model":"m","prompt":[[1,2],[3]]}""", "prompt", "tokens")]
    [InlineData("""{"model":"m","prompt":{"a":1}}""", "prompt", "string")]
    [InlineData("""{"model":"m","prompt":[null]}""", "prompt", "string")]
    [InlineData("""{"model":"m","prompt":"x","n":2}""", "n", "must be 1")]
    [InlineData("""{"model":"m","prompt":"x","echo":true}""", "echo", "not supported")]
    [InlineData("""{"model":"m","prompt":"x","temperature":"hot"}""", "temperature", "number")]
    [InlineData("""{"model":"m","prompt":"x","messages":[]}""", "messages", "/v1/chat/completions")]
    [InlineData("""{"prompt":"x"}""", "model", "model")]
    public void Request_ThatCannotBeAnswered_NamesTheMember(string body, string param, string word)
    {
        var error = Read(body).Error!;
        Assert.Equal(400, error.Status);
        Assert.Equal(param, error.Param);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("\"x\"")]
    public void Request_ThatIsNoObject_IsAnErrorAndNoException(string body) => Assert.NotNull(Read(body).Error);

    [Theory]
    [InlineData(WireProtocol.OpenAIChat)]
    [InlineData(WireProtocol.AnthropicMessages)]
    public void Members_WithoutAPlaceInChat_AreToldAsDropped(WireProtocol wire)
    {
        var (sent, lost) = Translate("""{"model":"m","prompt":"x","suffix":"the end","logprobs":3,"best_of":4,"tools":[{"type":"function"}],"models":["a/b"]}""", wire);

        Assert.Equal(["best_of", "logprobs", "suffix", "tools"], lost.Select(d => d.Feature).Order(StringComparer.Ordinal));
        Assert.All(lost, d => Assert.Equal(DegradationOutcome.Dropped, d.Outcome));
        Assert.False(sent.TryGetProperty("logprobs", out _));
    }

    [Fact]
    public void Scan_FindsModelStreamLimitAndSize()
    {
        var text = string.Concat(Enumerable.Repeat("word ", 1000));
        var envelope = EnvelopeScanner.Scan(WireProtocol.OpenAICompletions, Encoding.UTF8.GetBytes(
            $$"""{"model":"m","prompt":"{{text}}","stream":true,"max_tokens":9,"stream_options":{"include_usage":true},"models":["n"]}""")).Envelope!;

        Assert.Equal("m", envelope.Model);
        Assert.True(envelope.Stream);
        Assert.True(envelope.IncludeStreamUsage);
        Assert.Equal(9, envelope.MaxOutputTokens);
        Assert.Equal(["n"], envelope.FallbackModels);
        Assert.InRange(envelope.EstimatedInputTokens, 1000, 1500);
    }
}
