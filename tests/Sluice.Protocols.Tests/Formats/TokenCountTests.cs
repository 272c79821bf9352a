using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Formats;

/// <summary>F21: what a format asks and answers where tokens are counted.</summary>
public sealed class TokenCountTests
{
    [Theory]
    [InlineData(WireProtocol.AnthropicMessages, """{"input_tokens":1234}""")]
    [InlineData(WireProtocol.OpenAIResponses, """{"object":"response.input_tokens","input_tokens":1234}""")]
    [InlineData(WireProtocol.Gemini, """{"totalTokens":1234}""")]
    public void F21_Count_HasTheClientsShape(WireProtocol client, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        WireFormats.Client(client).WriteTokenCount(1234, output);
        Assert.Equal(expected, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("""{"input_tokens":77}""", 77L)]
    [InlineData("""{"object":"response.input_tokens","input_tokens":77}""", 77L)]
    [InlineData("""{"cache":{"input_tokens":5},"input_tokens":0}""", 0L)]
    [InlineData("""{"input_tokens":-1}""", null)]
    [InlineData("""{"input_tokens":1.5}""", null)]
    [InlineData("""{"input_tokens":"77"}""", null)]
    [InlineData("""{"type":"error"}""", null)]
    [InlineData("[77]", null)]
    [InlineData("<html>", null)]
    [InlineData("", null)]
    public void F21_CountOfAnUpstream_IsReadOrNull(string body, long? expected)
    {
        foreach (var wire in new[] { WireProtocol.AnthropicMessages, WireProtocol.OpenAIResponses })
        {
            Assert.Equal(expected, ((ITokenCountFormat)WireFormats.Upstream(wire)).ReadTokenCount(Encoding.UTF8.GetBytes(body)));
        }
    }

    [Theory]
    [InlineData(WireProtocol.AnthropicMessages, "messages", "model", "system", "tools")]
    [InlineData(WireProtocol.OpenAIResponses, "input", "model", "tools")]
    public void F21_CountRequest_HasOnlyWhatIsCounted(WireProtocol wire, params string[] members)
    {
        var request = OpenAIChatFormat.Instance.ReadRequest("""
            {"model":"m","max_tokens":9,"temperature":0.5,"stream":true,"user":"u","stop":["x"],
             "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Grüße \"you\""}],
             "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]}
            """u8.ToArray()).Value!;
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(((ITokenCountFormat)WireFormats.Upstream(wire)).WriteCountRequest(
            request, new UpstreamTarget("up", ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), output));

        using var written = JsonDocument.Parse(output.WrittenMemory);
        var names = written.RootElement.EnumerateObject().Select(m => m.Name).ToHashSet();
        Assert.Subset(names, members.ToHashSet());
        Assert.Empty(names.Intersect(["max_tokens", "max_output_tokens", "temperature", "stream", "metadata", "user", "stop_sequences", "stop", "store", "include"]));
        Assert.Equal("up", written.RootElement.GetProperty("model").GetString());
        Assert.Contains("Grüße", written.RootElement.GetProperty(members[0]).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"totalTokens":31,"promptTokensDetails":[]}""", 31L)]
    [InlineData("""{"error":{}}""", null)]
    [InlineData("", null)]
    public void F21_CountOfGemini_IsReadOrNull(string body, long? expected) =>
        Assert.Equal(expected, ((ITokenCountFormat)WireFormats.Upstream(WireProtocol.Gemini)).ReadTokenCount(Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void F21_CountRequestOfGemini_IsWrappedOrAtTheTop(bool atTop)
    {
        var request = OpenAIChatFormat.Instance.ReadRequest("""{"model":"m","max_tokens":9,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Who?"}]}"""u8.ToArray()).Value!;
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(((ITokenCountFormat)WireFormats.Upstream(WireProtocol.Gemini)).WriteCountRequest(
            request, new UpstreamTarget("gemini-x", ChatDialect.Generic, ModelTraits.Unknown) { CountsAtTop = atTop }, new DegradationLog(), output));

        using var written = JsonDocument.Parse(output.WrittenMemory);
        var inner = atTop ? written.RootElement : written.RootElement.GetProperty("generateContentRequest");
        Assert.Equal("Who?", inner.GetProperty("contents")[0].GetProperty("parts")[0].GetProperty("text").GetString());
        Assert.Equal(!atTop, inner.TryGetProperty("model", out _));
    }

    [Fact]
    public void F21_CountOfGeminisClient_IsReadAndEstimatedInsideItsWrapping()
    {
        var body = """{"generateContentRequest":{"model":"models/x","contents":[{"role":"user","parts":[{"text":"Who would have thought of that, after all?"}]}]}}"""u8.ToArray();
        Assert.Single(WireFormats.Client(WireProtocol.Gemini).ReadCountRequest(body).Value!.Messages);
        Assert.InRange(Sluice.Protocols.Native.EnvelopeScanner.Scan(WireProtocol.Gemini, body).Envelope!.EstimatedInputTokens, 10, 40);
    }

    [Fact]
    public void F21_ChatUpstreams_AreNeverAsked() => Assert.IsNotType<ITokenCountFormat>(WireFormats.Upstream(WireProtocol.OpenAIChat), exactMatch: false);
}
