using System.Text;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.EventStream;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.Anthropic;
using Sluice.Protocols.Tests.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.EventStream;

/// <summary>Claude by InvokeModelWithResponseStream: what comes out must be what Anthropic itself would have sent.</summary>
public sealed class ClaudeChunksTests
{
    private const string Start = """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}""";

    // Only Claude's Messages streams; the same frames also carry Nova's and the old text completions.
    public static TheoryData<string> Streams() => EventStreamBytes.Rows(
        SharedData.Recordings("bedrock-invoke-stream").Concat(SharedData.Recordings("bedrock-invoke")).Select(r => r.Folder)
            .Where(f => EventStreamBytes.Recorded(f) is { } stream && EventStreamBytes.Chunks(stream) is [var first, ..] && first.Contains("\"message_start\"", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_Recording_IsAnAnthropicStream_InAnyPieces(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var stream = EventStreamBytes.Recorded(folder)!;
        var expected = EventStreamBytes.Chunks(stream);
        var frames = EventStreamBytes.Read(stream, EventStreamContent.ClaudeChunks);
        Assert.Equal(expected, frames.Select(f => f.Data));
        var raw = Encoding.Latin1.GetBytes(string.Concat(frames.Select(f => f.Raw)));
        var split = SseSplitter.Split(raw);
        Assert.Equal(expected, split.Select(e => Encoding.UTF8.GetString(e.Data)));
        Assert.All(split, e => Assert.Contains($"\"type\":\"{e.Event}\"", Encoding.UTF8.GetString(e.Data), StringComparison.Ordinal));
        Assert.Null(AnthropicAnswer.Grammar(raw));
        Assert.Equal(frames, EventStreamBytes.Read(stream, EventStreamContent.ClaudeChunks, Enumerable.Repeat(1, stream.Length)));

        // The native relay takes them as they are.
        var run = NativeRelayRun.Of(WireProtocol.AnthropicMessages, raw, []);
        Assert.Null(run.Error);
        Assert.Equal(raw, run.Output.ToArray());
    }

    [Fact]
    public void Chunk_WithLineEndsBetweenTokens_StaysOneEvent()
    {
        var frame = Assert.Single(EventStreamBytes.Read(EventStreamBytes.Chunk("{\r\n \"type\" : \"ping\"\n}"), EventStreamContent.ClaudeChunks));
        Assert.Equal("event: ping\ndata: {   \"type\" : \"ping\" }\n\n", frame.Raw);
        Assert.Equal("ping", frame.Event);
    }

    [Theory]
    [InlineData("""{"p":"abc"}""")]
    [InlineData("""{"bytes":"%%%"}""")]
    [InlineData("""{"bytes":""}""")]
    [InlineData("""{"bytes":7}""")]
    [InlineData("""{"bytes":"bm8ganNvbg=="}""")] // "no json"
    [InlineData("not json")]
    [InlineData("")]
    public void Chunk_WithoutAnEvent_IsABadResponse(string payload)
    {
        byte[] stream = [.. EventStreamBytes.Chunk(Start), .. EventStreamBytes.Event("chunk", payload), .. EventStreamBytes.Chunk("""{"type":"message_stop"}""")];
        var frames = EventStreamBytes.Read(stream, EventStreamContent.ClaudeChunks);
        Assert.Equal(2, frames.Count);
        AssertBadResponse(frames);
    }

    [Fact]
    public void Checksum_Wrong_IsABadResponse()
    {
        var stop = EventStreamBytes.Chunk("""{"type":"message_stop"}""");
        stop[^20] ^= 1;
        AssertBadResponse(EventStreamBytes.Read([.. EventStreamBytes.Chunk(Start), .. stop], EventStreamContent.ClaudeChunks));
    }

    [Theory]
    [InlineData("throttlingException", "Too many requests", ErrorKind.RateLimit)]
    [InlineData("modelStreamErrorException", "it failed", ErrorKind.UpstreamError)]
    [InlineData("validationException", "Input is too long for requested model.", ErrorKind.ContextLength)]
    [InlineData("validationException", "bad tool", ErrorKind.InvalidRequest)]
    [InlineData("serviceUnavailableException", "busy", ErrorKind.Overloaded)]
    [InlineData("internalServerException", "oops", ErrorKind.UpstreamError)]
    [InlineData("modelTimeoutException", "late", ErrorKind.Timeout)]
    public void F13_Exception_IsAnAnthropicErrorEvent(string type, string message, ErrorKind kind)
    {
        var frames = EventStreamBytes.Read([.. EventStreamBytes.Chunk(Start), .. EventStreamBytes.Exception(type, $$"""{"message":"{{message}}"}""")], EventStreamContent.ClaudeChunks);
        var failed = Assert.IsType<StreamEvent.Failed>(Events(frames)[^1]);
        Assert.Equal(kind, failed.Error.Kind);
        Assert.Equal(message, failed.Error.Message);
        var run = NativeRelayRun.Of(WireProtocol.AnthropicMessages, Encoding.Latin1.GetBytes(string.Concat(frames.Select(f => f.Raw))), []);
        Assert.NotNull(run.Error);
    }

    private static void AssertBadResponse(List<(string Raw, string Event, string Data)> frames)
    {
        var failed = Assert.IsType<StreamEvent.Failed>(Events(frames)[^1]);
        Assert.Equal(ErrorKind.BadResponse, failed.Error.Kind);
        var run = NativeRelayRun.Of(WireProtocol.AnthropicMessages, Encoding.Latin1.GetBytes(string.Concat(frames.Select(f => f.Raw))), []);
        Assert.Equal(ErrorKind.BadResponse, run.Error?.Kind);
    }

    private static List<StreamEvent> Events(List<(string Raw, string Event, string Data)> frames)
    {
        var reader = AnthropicFormat.Instance.CreateStreamReader(ChatDialect.Generic);
        var events = new List<StreamEvent>();
        foreach (var (raw, name, data) in frames)
        {
            reader.Read(new SseFrame(Encoding.Latin1.GetBytes(raw), Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data)), events);
        }

        return events;
    }
}
