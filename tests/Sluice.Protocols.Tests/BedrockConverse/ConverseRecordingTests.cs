using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.BedrockConverse;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Anthropic;
using Sluice.Protocols.Tests.EventStream;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.BedrockConverse;

/// <summary>Every real Converse exchange: read, written for clients of other formats, and read again by independent code.</summary>
public sealed class ConverseRecordingTests
{
    public static TheoryData<string> Whole() => EventStreamBytes.Rows(SharedData.Recordings("bedrock-converse").Where(r => Status(r) == 200 && r.Response() is not null).Select(r => r.Folder));

    public static TheoryData<string> Streams() => EventStreamBytes.Rows(
        SharedData.Recordings("bedrock-converse-stream").Concat(SharedData.Recordings("bedrock-converse")).Select(r => r.Folder)
            .Where(f => EventStreamBytes.Recorded(f) is not null && !f.Contains("reconstructed", StringComparison.Ordinal)));

    public static TheoryData<string> Errors() => EventStreamBytes.Rows(
        new[] { "bedrock-converse", "bedrock-converse-stream", "bedrock-invoke", "bedrock-invoke-stream", "bedrock-count-tokens" }
            .SelectMany(SharedData.Recordings).Where(r => Status(r) != 200 && r.Response() is not null).Select(r => r.Folder));

    [Theory]
    [MemberData(nameof(Whole))]
    public void F05_Response_ForAnAnthropicClient_KeepsEveryBlock(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var body = new Recording(folder).Response()!;
        var expected = ConverseAnswer.OfBody(body);
        var actual = AnthropicAnswer.OfBody(Write(body, AnthropicFormat.Instance.WriteResponse));
        Assert.Equal(expected.Blocks, actual.Blocks);
        Assert.Equal(expected.AnthropicStop, actual.Stop);
        Assert.Equal(expected.Usage, actual.Usage);
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void Response_ForAChatClient_KeepsTextAndCalls(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var body = new Recording(folder).Response()!;
        AssertChat(ConverseAnswer.OfBody(body), ChatTestKit.ReadChatResponse(Write(body, OpenAIChatFormat.Instance.WriteResponse)));
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void Response_Inspected_SaysWhatReadingSays(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var body = new Recording(folder).Response()!;
        var expected = ConverseAnswer.OfBody(body);
        var facts = NativeResponses.Inspect(WireProtocol.BedrockConverse, body, (usage, previous) => BedrockConverseFormat.Instance.ReadUsage(usage, previous, ChatDialect.Generic));
        Assert.True(facts.IsJsonObject);
        Assert.False(facts.IsError);
        Assert.Equal(expected.Blocks.Count > 0, facts.HasContent);
        Assert.Equal(expected.Usage, (facts.Usage.Input ?? 0, facts.Usage.CacheRead ?? 0, (facts.Usage.CacheWrite5m ?? 0) + (facts.Usage.CacheWrite1h ?? 0), facts.Usage.Output ?? 0));
        Assert.Equal(BedrockConverseFormat.Instance.ReadResponse(body, ChatDialect.Generic).Value!.StopReason, facts.StopReason);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F05_Stream_ForAnAnthropicClient_KeepsEveryBlock(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var stream = EventStreamBytes.Recorded(folder)!;
        var expected = ConverseAnswer.OfStream(stream);
        var written = AnthropicAnswer.Write(ConverseAnswer.Read(stream));
        Assert.Null(AnthropicAnswer.Grammar(written));
        var actual = AnthropicAnswer.OfStream(written);
        Assert.Equal(expected.Blocks, actual.Blocks);
        Assert.Equal(expected.AnthropicStop, actual.Stop);
        Assert.Equal(expected.Usage, actual.Usage);
        Assert.Equal(written, AnthropicAnswer.Write(ConverseAnswer.Read(stream, Enumerable.Repeat(1, stream.Length))));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void Stream_ForAChatClient_KeepsTextAndCalls(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var stream = EventStreamBytes.Recorded(folder)!;
        var events = ConverseAnswer.Read(stream);
        ChatTestKit.Collect(events);
        var written = ChatTestKit.WriteStream(events);
        Assert.Null(ChatTestKit.Grammar(written));
        AssertChat(ConverseAnswer.OfStream(stream), ChatTestKit.ReadChatStream(written));
    }

    [Theory]
    [InlineData("bedrock/reconstructed--midstream-bad-crc", ErrorKind.BadResponse, null)]
    [InlineData("bedrock/reconstructed--midstream-model-stream-error", ErrorKind.UpstreamError, 424)]
    [InlineData("bedrock/reconstructed--midstream-throttling", ErrorKind.RateLimit, 429)]
    public void F13_StreamThatFails_SaysSo(string folder, ErrorKind kind, int? status)
    {
        EventStreamBytes.SkipWithoutData();
        var events = ConverseAnswer.Read(EventStreamBytes.Recorded(folder)!);
        var failed = Assert.IsType<StreamEvent.Failed>(events[^1]);
        Assert.Equal(kind, failed.Error.Kind);
        Assert.Equal(status, failed.Error.Status);
        Assert.DoesNotContain(events, e => e is StreamEvent.Ended or StreamEvent.Stopped);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F13_StreamCutAnywhere_NeverPassesAsWhole(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var stream = EventStreamBytes.Recorded(folder)!;
        var messages = EventStreamBytes.Parse(stream);
        var stop = messages.FindIndex(m => m.Header(":event-type") == "messageStop");
        var needed = messages.Take(stop + 1).Sum(m => m.Raw.Length);
        var random = new Random(stream.Length);
        foreach (var length in Enumerable.Range(0, 12).Select(_ => random.Next(1, needed)))
        {
            var events = ConverseAnswer.Read(stream[..length]);
            Assert.Equal(ErrorKind.BadResponse, Assert.IsType<StreamEvent.Failed>(events[^1]).Error.Kind);
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void F22_Error_KeepsItsWords(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var recording = new Recording(folder);
        var error = BedrockConverseFormat.Instance.ReadError(Status(recording), recording.Response()!);
        using var body = JsonDocument.Parse(recording.Response()!);
        var words = body.RootElement.GetProperty("message").GetString()!;
        Assert.Equal(words, error.Message);
        var expected = words switch
        {
            _ when words.Contains("Input Tokens Exceeded", StringComparison.Ordinal) => ErrorKind.ContextLength,
            _ when words.Contains("throttled", StringComparison.Ordinal) || words.Contains("Too many tokens", StringComparison.Ordinal) => ErrorKind.RateLimit,
            _ when words.Contains("identifier is invalid", StringComparison.Ordinal) => ErrorKind.ModelNotFound,
            _ when words.Contains("security token", StringComparison.Ordinal) => ErrorKind.Authentication,
            _ when words.Contains("don't have access", StringComparison.Ordinal) => ErrorKind.Permission,
            _ when Status(recording) == 503 => ErrorKind.Overloaded,
            _ => ErrorKind.InvalidRequest,
        };
        Assert.Equal(expected, error.Kind);
    }

    private static void AssertChat(ConverseAnswer expected, Answer actual)
    {
        Assert.Equal(string.Concat(expected.Blocks.Where(b => b.StartsWith("text ", StringComparison.Ordinal)).Select(b => b[5..])), actual.Text);
        Assert.Equal(
            expected.Blocks.Where(b => b.StartsWith("tool ", StringComparison.Ordinal)).Select(b => b.Split(' ', 4)).Select(p => (p[2], ChatTestKit.Canonical(p[3]))),
            actual.Calls.Select(c => (c.Name, ChatTestKit.Canonical(c.Arguments))));
        Assert.Equal(expected.ChatFinish, actual.Finish);
        var usage = actual.Usage!.Value;
        Assert.Equal(expected.Usage.Input + expected.Usage.Read + expected.Usage.Written, usage.GetProperty("prompt_tokens").GetInt64());
        Assert.Equal(expected.Usage.Output, usage.GetProperty("completion_tokens").GetInt64());
    }

    private static byte[] Write(byte[] body, Action<ConversationResponse, ClientTarget, DegradationLog, IBufferWriter<byte>> write)
    {
        var read = BedrockConverseFormat.Instance.ReadResponse(body, ChatDialect.Generic);
        Assert.Null(read.Error);
        var output = new ArrayBufferWriter<byte>();
        write(read.Value!, AnthropicAnswer.Client, new DegradationLog(), output);
        return output.WrittenSpan.ToArray();
    }

    private static int Status(Recording recording) =>
        recording.Meta().TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number ? status.GetInt32() : 200;
}
