using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAICompletions;
using Sluice.Protocols.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAICompletions;

public sealed class CompletionAnswerTests
{
    private static readonly ClientTarget Client = new("test/model", "gen-1") { Created = 1_700_000_000, IncludeUsage = true };

    private static readonly TokenUsage Usage = new() { Input = 5, CacheRead = 2, Output = 3 };

    private static string Stream(ClientTarget client, params StreamEvent[] events)
    {
        var writer = OpenAICompletionsFormat.Instance.CreateStreamWriter(client, new DegradationLog());
        var output = new ArrayBufferWriter<byte>();
        foreach (var item in events)
        {
            writer.Write(item, output);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static string? Grammar(string stream)
    {
        var grammar = OpenAICompletionsFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(Encoding.UTF8.GetBytes(stream)))
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } wrong)
            {
                return wrong;
            }
        }

        return grammar.Complete();
    }

    [Fact]
    public void Answer_WithThinkingAndACall_IsItsTextAlone()
    {
        var lost = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        OpenAICompletionsFormat.Instance.WriteResponse(
            new ConversationResponse
            {
                Id = "msg-1",
                Parts = [new ThinkingPart("hm"), new TextPart("a \"time\""), new TextPart(" ago"), new ToolCallPart("t", "f", RawJson.EmptyObject)],
                StopReason = StopReason.ToolUse,
                Usage = Usage,
            },
            Client, lost, output);

        var expected = """
            {"id":"msg-1","object":"text_completion","created":1700000000,"model":"test/model",
             "choices":[{"text":"a \"time\" ago","index":0,"logprobs":null,"finish_reason":"stop"}]}
            """;
        var written = JsonDocument.Parse(output.WrittenMemory).RootElement;
        Assert.Equal(7, written.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(3, written.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        foreach (var member in JsonDocument.Parse(expected).RootElement.EnumerateObject())
        {
            Assert.True(JsonElement.DeepEquals(member.Value, written.GetProperty(member.Name)), member.Name);
        }

        Assert.Equal(["thinking", "tools"], lost.Entries.Select(d => d.Feature));
    }

    [Theory]
    [InlineData(StopReason.EndTurn, "stop")]
    [InlineData(StopReason.StopSequence, "stop")]
    [InlineData(StopReason.MaxTokens, "length")]
    [InlineData(StopReason.ContextFull, "length")]
    [InlineData(StopReason.Refusal, "content_filter")]
    [InlineData(StopReason.ToolUse, "stop")]
    [InlineData(StopReason.Pause, "stop")]
    public void Finish_IsOneOfThreeWords(StopReason reason, string word)
    {
        var stream = Stream(Client, new StreamEvent.TextDelta(0, "x"), new StreamEvent.Stopped(reason, null), new StreamEvent.Ended());
        Assert.Contains($"\"finish_reason\":\"{word}\"", stream, StringComparison.Ordinal);
        Assert.Null(Grammar(stream));
    }

    [Fact]
    public void Stream_IsChunksUsageAndDone()
    {
        var stream = Stream(
            Client,
            new StreamEvent.Started("cmpl-9", "up", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.ThinkingDelta(0, "hm"), new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.Text), new StreamEvent.TextDelta(1, "a "), new StreamEvent.TextDelta(1, ""), new StreamEvent.TextDelta(1, "time"), new StreamEvent.PartEnded(1),
            new StreamEvent.Stopped(StopReason.EndTurn, null), new StreamEvent.UsageReported(Usage), new StreamEvent.Ended());

        const string Head = """data: {"id":"cmpl-9","object":"text_completion","created":1700000000,"model":"test/model","choices":[""";
        var events = stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, events.Length);
        Assert.Equal(Head + """{"text":"a ","index":0,"logprobs":null,"finish_reason":null}]}""", events[0]);
        Assert.Equal(Head + """{"text":"time","index":0,"logprobs":null,"finish_reason":null}]}""", events[1]);
        Assert.Equal(Head + """{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]}""", events[2]);
        Assert.StartsWith(Head + """],"usage":{"prompt_tokens":7,""", events[3], StringComparison.Ordinal);
        Assert.Equal("data: [DONE]", events[4]);
        Assert.Null(Grammar(stream));
    }

    [Fact]
    public void Stream_WithoutUsageAsked_HasNone()
    {
        var stream = Stream(Client with { IncludeUsage = false }, new StreamEvent.TextDelta(0, "x"), new StreamEvent.UsageReported(Usage), new StreamEvent.Ended());
        Assert.DoesNotContain("usage", stream, StringComparison.Ordinal);
        Assert.Null(Grammar(stream));
    }

    [Fact]
    public void Stream_ThatFails_EndsWithTheErrorAndDone()
    {
        var output = new ArrayBufferWriter<byte>();
        OpenAICompletionsFormat.Instance.WriteStreamError(new GatewayError(ErrorKind.Overloaded, ErrorSource.Provider, 503, "busy"), output);
        var stream = Stream(Client, new StreamEvent.TextDelta(0, "x")) + Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.EndsWith("data: [DONE]\n\n", stream, StringComparison.Ordinal);
        Assert.Null(Grammar(stream));
    }

    [Theory]
    [InlineData("data: [DONE]\n\n")]
    [InlineData("data: {\"id\":\"a\",\"object\":\"text_completion\",\"choices\":[{\"text\":\"x\",\"finish_reason\":null}]}\n\n")]
    [InlineData("data: {\"id\":\"a\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"id\":\"a\",\"object\":\"text_completion\",\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}\n\n")]
    [InlineData("data: {\"id\":\"a\",\"object\":\"text_completion\",\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"id\":\"a\",\"object\":\"text_completion\",\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"b\",\"object\":\"text_completion\",\"choices\":[],\"usage\":{}}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"id\":\"a\",\"object\":\"text_completion\",\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"error\":{}}\n\ndata: {\"error\":{}}\n\n")]
    [InlineData("data: 7\n\ndata: [DONE]\n\n")]
    public void Grammar_IllegalStream_IsRefused(string stream) => Assert.NotNull(Grammar(stream));

    [Fact]
    public void KeepAlive_IsAComment() => Assert.StartsWith(":", Encoding.UTF8.GetString(OpenAICompletionsFormat.Instance.KeepAlive.Span), StringComparison.Ordinal);
}
