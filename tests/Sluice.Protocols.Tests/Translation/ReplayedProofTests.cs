using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Anthropic;
using Sluice.Protocols.Tests.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Translation;

/// <summary>Small conversations whose proofs go to a client of another format and come back.</summary>
public sealed class ReplayedProofTests
{
    private const string Sealed = """[{"type":"reasoning.summary","summary":"Look.","format":"openai-responses-v1","index":0},{"type":"reasoning.encrypted","data":"gAAA+/b==","id":"rs_1","format":"openai-responses-v1","index":1}]""";

    private static readonly UpstreamTarget OpenRouter = new("openai/gpt-5.1", ChatDialect.OpenRouter, ModelTraits.Unknown);
    private static readonly string Carried = "sluice1.chat." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes("details:" + Sealed));

    [Fact]
    public void F07_SealedDetailsOfOpenRouter_Whole_ReachAnAnthropicClient()
    {
        var read = OpenAIChatFormat.Instance.ReadResponse(
            Encoding.UTF8.GetBytes("""{"id":"g","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"reasoning":"Look.","reasoning_details":""" + Sealed + ""","tool_calls":[{"id":"call_1","type":"function","function":{"name":"look","arguments":"{}"}}]}}]}"""),
            ChatDialect.OpenRouter);
        var output = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteResponse(read.Value!, ChatTestKit.Client, new DegradationLog(), output);
        using var answer = JsonDocument.Parse(output.WrittenMemory);
        var block = answer.RootElement.GetProperty("content")[0];
        Assert.Equal(("thinking", "Look.", Carried), (block.GetProperty("type").GetString(), block.GetProperty("thinking").GetString(), block.GetProperty("signature").GetString()));
    }

    [Fact]
    public void F07_SealedDetailsOfOpenRouter_Streamed_ReachAnAnthropicClientInOnePiece()
    {
        var pieces = Sealed[1..^1].Split("},{");
        var stream = AnthropicStream(ChatTestKit.ReadStream(
            ChatDialect.OpenRouter,
            """{"id":"g","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Look.","reasoning_details":[""" + pieces[0] + "}]}}]}",
            """{"id":"g","choices":[{"index":0,"delta":{"content":"","reasoning_details":[{""" + pieces[1] + "]}}]}",
            """{"id":"g","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":"{}"}}]}}]}""",
            """{"id":"g","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            "[DONE]"));
        Assert.Contains("\"signature_delta\",\"signature\":\"" + Carried + "\"", stream, StringComparison.Ordinal);
        Assert.True(stream.IndexOf(Carried, StringComparison.Ordinal) < stream.IndexOf("tool_use", StringComparison.Ordinal));
    }

    [Fact]
    public void F07_SealedDetailsThatAnAnthropicClientBringsBack_StandAsTheyWere()
    {
        var body = Messages($$"""[{"type":"thinking","thinking":"Look.","signature":"{{Carried}}"},{"type":"tool_use","id":"call_1","name":"look","input":{} } ]""");
        using var sent = Write(AnthropicFormat.Instance, body, OpenAIChatFormat.Instance, OpenRouter);
        Assert.Equal(Sealed, sent.RootElement.GetProperty("messages")[1].GetProperty("reasoning_details").GetRawText());

        // Another vendor's model behind the same server cannot have made it, and neither can Claude.
        using var other = Write(AnthropicFormat.Instance, body, OpenAIChatFormat.Instance, OpenRouter with { Model = "google/gemini-3-pro", CanonicalModel = "google/gemini-3-pro" });
        Assert.DoesNotContain("gAAA", other.RootElement.GetRawText(), StringComparison.Ordinal);
        using var claude = Write(AnthropicFormat.Instance, body, WireFormats.Upstream(WireProtocol.BedrockConverse), new UpstreamTarget("anthropic.claude-sonnet-4-5", ChatDialect.Generic, ModelTraits.Unknown));
        Assert.DoesNotContain("sluice1", claude.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void F07_DetailsThatAClientCut_AreLeftOut_AndTheRestIsSent()
    {
        var cut = "sluice1.chat." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes("details:" + Sealed[..^4]));
        using var sent = Write(AnthropicFormat.Instance, Messages($$"""[{"type":"thinking","thinking":"Look.","signature":"{{cut}}"},{"type":"tool_use","id":"call_1","name":"look","input":{} } ]"""), OpenAIChatFormat.Instance, OpenRouter);
        var turn = sent.RootElement.GetProperty("messages")[1];
        Assert.False(turn.TryGetProperty("reasoning_details", out _));
        Assert.Equal("look", turn.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("name").GetString());
    }

    [Fact]
    public void F07_DetailsWithoutAProof_AreNotSentTwice()
    {
        var read = OpenAIChatFormat.Instance.ReadResponse(
            """{"id":"g","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi","reasoning":"Look.","reasoning_details":[{"type":"reasoning.text","text":"Look.","index":0}]}}]}"""u8.ToArray(),
            ChatDialect.OpenRouter);
        var output = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteResponse(read.Value!, ChatTestKit.Client, new DegradationLog(), output);
        using var answer = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal("", answer.RootElement.GetProperty("content")[0].GetProperty("signature").GetString());
    }

    /// <summary>OpenAI's models reason again after a tool that OpenAI runs itself, which other formats do not know.</summary>
    [Fact]
    public void F07_TwoSealedReasoningsInARow_BothReachAnAnthropicClient()
    {
        var stream = AnthropicStream(
        [
            new StreamEvent.Started("r", "m", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.SignatureDelta(0, "first") { SignedBy = WireProtocol.OpenAIResponses }, new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.Thinking), new StreamEvent.SignatureDelta(1, "second") { SignedBy = WireProtocol.OpenAIResponses }, new StreamEvent.PartEnded(1),
            new StreamEvent.PartStarted(2, PartShape.Text), new StreamEvent.TextDelta(2, "Done."), new StreamEvent.PartEnded(2),
            new StreamEvent.Stopped(StopReason.EndTurn, null), new StreamEvent.Ended(),
        ]);
        Assert.Null(AnthropicAnswer.Grammar(Encoding.UTF8.GetBytes(stream)));
        int[] places = [.. new[] { "first", "second" }.Select(p => stream.IndexOf("sluice1.responses." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(p)), StringComparison.Ordinal)), stream.IndexOf("Done.", StringComparison.Ordinal)];
        Assert.True(places[0] > 0 && places[0] < places[1] && places[1] < places[2], string.Join(' ', places));
    }

    [Fact]
    public void GeminiTurn_WithOnePartForEachChunk_KeepsTheChunkThatIsOnlyASpace()
    {
        var body = """{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"break"},{"text":" "},{"text":"15"}]},{"role":"user","parts":[{"text":"go on"}]}]}"""u8.ToArray();
        using var sent = Write(WireFormats.Client(WireProtocol.Gemini), body, AnthropicFormat.Instance, new UpstreamTarget("claude-sonnet-4-5", ChatDialect.Generic, ModelTraits.Unknown));
        var content = sent.RootElement.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal("break 15", content.ValueKind == JsonValueKind.String ? content.GetString() : string.Concat(content.EnumerateArray().Select(b => b.GetProperty("text").GetString())));
    }

    /// <summary>A Chat message has one text, and no place for the proofs between its pieces.</summary>
    [Fact]
    public void F07_TwoProofsOfGeminiBeforeOneText_BothGoBack()
    {
        var details = string.Join(',', new[] { "Zmlyc3Q=", "c2Vjb25k" }.Select((p, i) => $$"""{"type":"reasoning.encrypted","data":"sluice1.gemini.{{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(p))}}","index":{{i}}}"""));
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"Hi","reasoning_details":[{{details}}]},{"role":"user","content":"go on"}]}""");
        using var sent = Write(OpenAIChatFormat.Instance, body, WireFormats.Upstream(WireProtocol.Gemini), new UpstreamTarget("gemini-3-pro", ChatDialect.Generic, ModelTraits.Unknown));
        var parts = sent.RootElement.GetProperty("contents")[1].GetProperty("parts").EnumerateArray().Select(p => (p.GetProperty("text").GetString(), p.GetProperty("thoughtSignature").GetString()));
        Assert.Equal([("", "Zmlyc3Q="), ("Hi", "c2Vjb25k")], parts);
    }

    private static byte[] Messages(string turn) => Encoding.UTF8.GetBytes(
        """{"model":"m","max_tokens":4096,"tools":[{"name":"look","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"q"},{"role":"assistant","content":""" + turn
        + """},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"r"}]}]}""");

    private static JsonDocument Write(IClientFormat client, byte[] body, IUpstreamFormat upstream, UpstreamTarget target)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(upstream.WriteRequest(client.ReadRequest(body).Value!, target, new DegradationLog(), output));
        return JsonDocument.Parse(output.WrittenMemory);
    }

    private static string AnthropicStream(IEnumerable<StreamEvent> events) => Encoding.UTF8.GetString(AnthropicAnswer.Write(events));
}
