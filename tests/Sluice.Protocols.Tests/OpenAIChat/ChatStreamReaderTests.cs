using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIChat;

/// <summary>What compatible servers do to tool calls, reasoning and endings, written by hand.</summary>
public sealed class ChatStreamReaderTests
{
    private const string Arguments = """{"path":"/tmp/a \"b\"{}.txt","n":[1,{"x":null}],"emoji":"😀"}""";

    // Bytes that JSON hangs on, and one that is no UTF-8.
    private static readonly byte[] Noise = [.. "\"{}[],:0e\\untx-"u8, 0xff];

    [Fact]
    public void F02_ArgumentsSplitAtEveryPlace_AreWhole()
    {
        for (var at = 0; at <= Arguments.Length; at++)
        {
            if (at > 0 && at < Arguments.Length && char.IsLowSurrogate(Arguments[at]))
            {
                continue;
            }

            var first = Call(0, "call_a", "read", Arguments[..at]);
            var second = Call(0, null, null, Arguments[at..]);
            var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(ChatDialect.Generic, first, second, Finish("tool_calls"), "[DONE]"));
            Assert.Equal([("read", ChatTestKit.Canonical(Arguments))], answer.Calls);
            Assert.Equal("ToolUse", answer.Finish);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void F03_InterleavedCalls_WithIndexes_StayApart(int count)
    {
        var lines = new List<string>();
        for (var i = 0; i < count; i++)
        {
            lines.Add(Call(i, "call_" + i, "tool" + i, ""));
        }

        foreach (var piece in new[] { "{\"i\":", "\"v", "\"}" })
        {
            for (var i = count - 1; i >= 0; i--)
            {
                lines.Add(Call(i, null, null, piece == "\"v" ? piece + i : piece));
            }
        }

        lines.Add(Finish("tool_calls"));
        lines.Add("[DONE]");
        var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(ChatDialect.Generic, [.. lines]));
        Assert.Equal(Enumerable.Range(0, count).Select(i => ("tool" + i, "{\"i\":\"v" + i + "\"}")), answer.Calls);
    }

    [Fact]
    public void F03_CallsWithoutIndex_AreToldApartById()
    {
        var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(
            ChatDialect.Mistral,
            """{"id":"x","choices":[{"index":0,"delta":{"tool_calls":[{"id":"aaaaaaaaa","function":{"name":"one","arguments":"{\"a\":1}"}},{"id":"bbbbbbbbb","function":{"name":"one","arguments":"{\"a\":2}"}}]},"finish_reason":"tool_calls"}]}""",
            "[DONE]"));
        Assert.Equal([("one", "{\"a\":1}"), ("one", "{\"a\":2}")], answer.Calls);
    }

    [Fact]
    public void F03_CallsAllNumberedZero_WithoutIds_AreToldApartByWholeArguments()
    {
        var events = ChatTestKit.ReadStream(
            ChatDialect.Generic,
            Call(0, null, "one", "{\"a\":1}"),
            Call(0, null, "one", "{\"a\":2}"),
            Call(0, null, "two", "{}"),
            Finish("stop"),
            "[DONE]");
        var answer = ChatTestKit.Collect(events);
        Assert.Equal([("one", "{\"a\":1}"), ("one", "{\"a\":2}"), ("two", "{}")], answer.Calls);
        Assert.Equal("ToolUse", answer.Finish);
        var ids = events.OfType<StreamEvent.PartStarted>().Select(p => p.Id).ToList();
        Assert.Equal(3, ids.Distinct().Count());
    }

    [Fact]
    public void F03_MissingIds_AreInventedTheSameWayEachTime()
    {
        string[] lines = [Call(0, null, "one", "{}"), Finish("tool_calls"), "[DONE]"];
        var first = ChatTestKit.ReadStream(ChatDialect.Generic, lines).OfType<StreamEvent.PartStarted>().Single().Id;
        var second = ChatTestKit.ReadStream(ChatDialect.Generic, lines).OfType<StreamEvent.PartStarted>().Single().Id;
        Assert.Equal(first, second);
        Assert.Matches("^[a-zA-Z0-9_-]{1,40}$", first);
    }

    [Fact]
    public void ToolCall_WithArgumentsAsObjectAndLateName_IsWhole()
    {
        var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(
            ChatDialect.Generic,
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"arguments":{"a":[1,2]}}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"late"}}]},"finish_reason":"tool_calls"}]}""",
            "[DONE]"));
        Assert.Equal([("late", "{\"a\":[1,2]}")], answer.Calls);
    }

    [Fact]
    public void F01_ReasoningTextAndTools_InOneChunk_AreThreeParts()
    {
        var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(
            ChatDialect.Generic,
            """{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"t","arguments":"{}"}}],"content":"said","reasoning":"thought"},"finish_reason":"tool_calls"}]}""",
            "[DONE]"));
        Assert.Equal(("thought", "said", "ToolUse"), (answer.Thinking, answer.Text, answer.Finish));
        Assert.Single(answer.Calls);
    }

    [Fact]
    public void Stream_WithoutDone_AfterFinishReason_IsComplete()
    {
        var events = ChatTestKit.ReadStream(ChatDialect.Cerebras, Delta("hi"), Finish("stop"));
        Assert.IsType<StreamEvent.Ended>(events[^1]);
    }

    [Fact]
    public void F13_Stream_CutBeforeFinishReason_Fails()
    {
        var failed = Assert.IsType<StreamEvent.Failed>(ChatTestKit.ReadStream(ChatDialect.Cerebras, Delta("hi"))[^1]);
        Assert.Equal(ErrorKind.BadResponse, failed.Error.Kind);
    }

    [Theory]
    [InlineData("""{"error":{"message":"boom","code":502}}""", ErrorKind.UpstreamError)]
    [InlineData("""{"error":{"message":"slow down","code":429}}""", ErrorKind.RateLimit)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}""", ErrorKind.UpstreamError)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"error":{"code":503,"message":"no"}}]}""", ErrorKind.Overloaded)]
    [InlineData("<html>", ErrorKind.BadResponse)]
    [InlineData("{\"choices\":[{\"delta\":{\"content\":\"cut", ErrorKind.BadResponse)]
    public void F13_ErrorInsideStream_FailsAndIsLast(string line, ErrorKind kind)
    {
        var events = ChatTestKit.ReadStream(ChatDialect.OpenRouter, Delta("hi"), line, Delta("more"), "[DONE]");
        var failed = Assert.IsType<StreamEvent.Failed>(events[^1]);
        Assert.Equal(kind, failed.Error.Kind);
        Assert.Single(events.OfType<StreamEvent.TextDelta>());
    }

    [Fact]
    public void Stream_OnlyDone_Fails() =>
        Assert.IsType<StreamEvent.Failed>(ChatTestKit.ReadStream(ChatDialect.Generic, "[DONE]")[^1]);

    [Fact]
    public void F05_ClaudeSignature_FromReasoningDetails_IsTold()
    {
        var events = ChatTestKit.ReadStream(
            ChatDialect.OpenRouter,
            """{"id":"g","choices":[{"delta":{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","format":"anthropic-claude-v1","index":0}]}}]}""",
            """{"id":"g","choices":[{"delta":{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","format":"anthropic-claude-v1","index":0}]}}]}""",
            """{"id":"g","choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"SIG","format":"anthropic-claude-v1","index":0}]}}]}""",
            Delta("done"),
            Finish("stop"),
            "[DONE]");
        Assert.Equal("ab", ChatTestKit.Collect(events).Thinking);
        Assert.Equal("SIG", Assert.Single(events.OfType<StreamEvent.SignatureDelta>()).Signature);
        Assert.Empty(events.OfType<StreamEvent.ReasoningDetails>());
        var written = Encoding.UTF8.GetString(ChatTestKit.WriteStream(events));
        Assert.Contains("""{"type":"reasoning.text","text":"ab","signature":"SIG","format":"anthropic-claude-v1","index":0}""", written, StringComparison.Ordinal);
    }

    [Fact]
    public void ThinkTags_SplitAnywhere_BecomeThinking()
    {
        const string Text = "<think>\nlet me < think </thin\n</think>\n\nThe answer < 5";
        for (var size = 1; size <= Text.Length; size++)
        {
            var lines = Text.Chunk(size).Select(c => Delta(new string(c))).Append(Finish("stop")).ToArray();
            var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(ChatDialect.Perplexity, lines));
            Assert.Equal("let me < think </thin\n", answer.Thinking);
            Assert.Equal("The answer < 5", answer.Text);
        }
    }

    [Fact]
    public void SurrogatesSplitBetweenChunks_DoNotBreakTheStream()
    {
        var answer = ChatTestKit.Collect(ChatTestKit.ReadStream(
            ChatDialect.Generic,
            """{"choices":[{"delta":{"content":"a\ud83d"}}]}""",
            """{"choices":[{"delta":{"content":"\ude00b"}}]}""",
            Finish("stop"),
            "[DONE]"));
        Assert.StartsWith("a", answer.Text, StringComparison.Ordinal);
        Assert.EndsWith("b", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Usage_InEveryChunk_LastOneWins()
    {
        var events = ChatTestKit.ReadStream(
            ChatDialect.Generic,
            """{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}""",
            """{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}""",
            """{"choices":[],"x_groq":{"usage":{"prompt_tokens":6,"completion_tokens":3}}}""",
            "[DONE]");
        var usage = events.OfType<StreamEvent.UsageReported>().Last().Usage;
        Assert.Equal((6L, 3L), (usage.Input, usage.Output));
    }

    [Fact]
    public void AnyBytes_NeverThrow_AndEndOnce()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[][]>(), frames =>
        {
            var reader = new OpenAIChatStreamReader(ChatDialect.Perplexity);
            var events = new List<StreamEvent>();
            foreach (var bytes in frames.Where(f => f is not null))
            {
                reader.Read(new SseFrame(bytes, default, bytes), events);
                reader.Read(new SseFrame(default, default, (byte[])[.. "{\"choices\":[{\"delta\":{\"content\":"u8, .. bytes, .. "}}]}"u8]), events);
            }

            reader.Complete(events);
            return events.Count(e => e is StreamEvent.Ended or StreamEvent.Failed) == 1 && events[^1] is StreamEvent.Ended or StreamEvent.Failed;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void MutatedChunks_NeverThrow()
    {
        var random = new System.Random(7);
        string[] lines = [Call(0, "call_a", "read", "{\"a\":1}"), Delta("text \ud83d\ude00"), Finish("stop"),
            """{"choices":[{"delta":{"reasoning_details":[{"type":"x","text":"y","signature":"z","format":"anthropic-claude-v1"}],"content":[{"type":"thinking","thinking":[{"text":"t"}]}],"annotations":[{"type":"url_citation"}]}}],"usage":{"prompt_tokens":1,"cost":0.1,"completion_tokens_details":{"reasoning_tokens":3}}}"""];
        for (var round = 0; round < 20_000; round++)
        {
            var reader = new OpenAIChatStreamReader(ChatDialect.OpenRouter);
            var events = new List<StreamEvent>();
            foreach (var line in lines)
            {
                var bytes = Encoding.UTF8.GetBytes(line);
                for (var change = random.Next(3); change > 0; change--)
                {
                    bytes[random.Next(bytes.Length)] = Noise[random.Next(Noise.Length)];
                }

                reader.Read(new SseFrame(bytes, default, bytes), events);
            }

            reader.Complete(events);
            ChatTestKit.Collect(events);
        }
    }

    internal static string Delta(string text) =>
        "{\"id\":\"x\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":" + JsonSerializer.Serialize(text) + "},\"finish_reason\":null}]}";

    internal static string Finish(string reason) =>
        "{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}";

    internal static string Call(int index, string? id, string? name, string arguments) => JsonSerializer.Serialize(new
    {
        id = "x",
        choices = new[] { new { index = 0, delta = new { tool_calls = new[] { new { index, id, type = "function", function = new { name, arguments } } } } } },
    });
}
