using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Native;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Hand-written streams for what breaks gateways.</summary>
public sealed class GeminiStreamTests
{
    private const string Hello = """{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"index":0}],"responseId":"r1","modelVersion":"gemini-3-pro"}""";
    private const string Finish = """{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2,"thoughtsTokenCount":5,"totalTokenCount":17},"responseId":"r1"}""";

    [Fact]
    public void F05_StreamWithoutFinishReason_IsCut()
    {
        var events = GeminiTestKit.ReadChunks(Hello);
        Assert.Equal(ErrorKind.BadResponse, Assert.IsType<StreamEvent.Failed>(events[^1]).Error.Kind);
        Assert.Equal(ErrorKind.BadResponse, Native(Hello).Error!.Kind);
    }

    [Fact]
    public void Stream_FinishedAndClosed_IsCompleteWithoutATerminalEvent()
    {
        var run = Native(Hello, Finish);
        Assert.Null(run.Error);
        Assert.Equal([SegmentRole.Content, SegmentRole.Stop], run.Roles);
        Assert.IsType<StreamEvent.Ended>(GeminiTestKit.ReadChunks(Hello, Finish)[^1]);
    }

    [Fact]
    public void Usage_OfTheLastChunk_ReplacesTheOneBefore()
    {
        // A stream with built-in tools starts to count anew: merged member by member, cached and tool tokens of the first phase would stay.
        var events = GeminiTestKit.ReadChunks(
            """{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":90,"cachedContentTokenCount":80,"toolUsePromptTokenCount":7,"thoughtsTokenCount":50,"totalTokenCount":147}}""",
            """{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13}}""",
            """{"usageMetadata":{"trafficType":"ON_DEMAND"}}""");
        var usage = events.OfType<StreamEvent.UsageReported>().Last().Usage;
        Assert.Equal((10, null, 3, null), (usage.Input, usage.CacheRead, usage.Output, usage.Reasoning));
    }

    [Fact]
    public void BlockedPrompt_WithoutCandidates_IsARefusal()
    {
        const string Blocked = """{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},"responseId":"r1"}""";
        var answer = ChatTestKit.Collect(GeminiTestKit.ReadChunks(Blocked));
        Assert.Equal(("Refusal", true), (answer.Finish, answer.Refusal.Contains("PROHIBITED_CONTENT", StringComparison.Ordinal)));
        var run = Native(Blocked);
        Assert.Null(run.Error);
        Assert.Equal(StopReason.Refusal, run.Relay.StopReason);
    }

    [Fact]
    public void FinishReason_AsANumber_IsItsWord()
    {
        Assert.Equal("MaxTokens", ChatTestKit.Collect(GeminiTestKit.ReadChunks("""{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":2}]}""")).Finish);
        Assert.Equal(StopReason.Refusal, Native("""{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":3}]}""").Relay.StopReason);
        Assert.Equal(ErrorKind.BadResponse, Native("""{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":0}]}""").Error!.Kind);
    }

    [Fact]
    public void BrokenCall_WithoutAnyText_IsTheProvidersFault()
    {
        var events = GeminiTestKit.ReadChunks("""{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL"}]}""");
        Assert.Equal(ErrorKind.UpstreamError, Assert.IsType<StreamEvent.Failed>(events[^1]).Error.Kind);
        Assert.Equal("EndTurn", ChatTestKit.Collect(GeminiTestKit.ReadChunks("""{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"MALFORMED_FUNCTION_CALL"}]}""")).Finish);
        var whole = GeminiFormat.Instance.ReadResponse(Encoding.UTF8.GetBytes("""{"candidates":[{"content":{},"finishReason":"UNEXPECTED_TOOL_CALL"}]}"""), ChatDialect.Generic);
        Assert.Equal(ErrorKind.UpstreamError, whole.Error!.Kind);
    }

    [Fact]
    public void PartialArguments_ArePutTogether_AndHeldUntilTheyAreWhole()
    {
        string[] chunks =
        [
            """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"cook","willContinue":true},"thoughtSignature":"U0lH"}]}}],"responseId":"r1"}""",
            """{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a[1].name","stringValue":"Las","willContinue":true}],"willContinue":true}}]}}]}""",
            """{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a[1].name","stringValue":"agna"},{"jsonPath":"$.n","numberValue":5.0},{"jsonPath":"$.b","boolValue":true},{"jsonPath":"$.z","nullValue":"NULL_VALUE"}],"willContinue":true}}]}}]}""",
            """{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}""",
        ];
        var answer = ChatTestKit.Collect(GeminiTestKit.ReadChunks(chunks));
        Assert.Equal(("cook", """{"a":[null,{"name":"Lasagna"}],"n":5,"b":true,"z":null}"""), Assert.Single(answer.Calls));
        Assert.Equal("ToolUse", answer.Finish);
        Assert.Equal([SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete], Native(chunks).Roles);
    }

    [Fact]
    public void PartialArguments_WithAHugeIndex_AreNotAllocated()
    {
        var answer = ChatTestKit.Collect(GeminiTestKit.ReadChunks(
            """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","partialArgs":[{"jsonPath":"$.a[2000000000]","stringValue":"x"}]}}]},"finishReason":"STOP"}]}"""));
        Assert.Equal("{}", Assert.Single(answer.Calls).Arguments);
    }

    [Fact]
    public void ErrorInsideAStream_IsTheUpstreams()
    {
        const string Error = """{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}""";
        Assert.Equal(ErrorKind.Overloaded, Assert.IsType<StreamEvent.Failed>(GeminiTestKit.ReadChunks(Hello, Error)[^1]).Error.Kind);
        var run = NativeRelayRun.Of(WireProtocol.Gemini, "data: " + Hello + "\r\n\r\ndata: " + Error + "\r\n\r\n");
        Assert.NotNull(run.Error);
        Assert.Equal([SegmentRole.Content], run.Roles);

        // Never started: a list around it, and no event.
        Assert.NotNull(NativeRelayRun.Of(WireProtocol.Gemini, "[" + Error + "]").Error);
    }

    [Fact]
    public void CommentsAndDone_OfAGatewayInBetween_DoNotReachGooglesClients()
    {
        var run = NativeRelayRun.Of(WireProtocol.Gemini, ": OPENROUTER PROCESSING\n\ndata: " + Hello + "\n\n\ndata: " + Finish + "\n\ndata: [DONE]\n\n");
        Assert.Null(run.Error);
        Assert.Equal("data: " + Hello + "\n\n\ndata: " + Finish + "\n\n", Encoding.UTF8.GetString([.. run.Output]));
    }

    [Fact]
    public void CallIds_AreDistinctPerAnswer_AndTheSameEachTime()
    {
        static List<string?> Ids(string answer) => [.. GeminiTestKit.ReadChunks(
            """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}},{"functionCall":{"id":"own","name":"f"}}]},"finishReason":"STOP"}],"responseId":"R"}""".Replace("\"R\"", $"\"{answer}\"", StringComparison.Ordinal))
            .OfType<StreamEvent.PartStarted>().Select(p => p.Id)];
        Assert.Equal(Ids("r1"), Ids("r1"));
        Assert.Equal(3, Ids("r1").Distinct().Count());
        Assert.Equal("own", Ids("r1")[2]);

        // Clients pair results by id over the whole conversation: another answer's calls have other ids.
        Assert.Empty(Ids("r1")[..2].Intersect(Ids("r2")[..2]));
    }

    [Fact]
    public void InterleavedCalls_ForAGeminiClient_AreWholeEach()
    {
        StreamEvent[] events =
        [
            new StreamEvent.Started("x", "m", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.ToolCall) { Id = "a", Name = "f" }, new StreamEvent.PartStarted(1, PartShape.ToolCall) { Id = "b", Name = "g" },
            new StreamEvent.ArgumentsDelta(1, "{\"y\""), new StreamEvent.ArgumentsDelta(0, "{\"x\":\n1}"), new StreamEvent.ArgumentsDelta(1, ":2}"),
            new StreamEvent.PartEnded(0), new StreamEvent.PartEnded(1), new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended(),
        ];
        var written = GeminiTestKit.WriteStream(events);
        Assert.Null(GeminiTestKit.Grammar(written));
        Assert.Equal([("f", """{"x":1}"""), ("g", """{"y":2}""")], GeminiTestKit.Read(GeminiTestKit.Chunks(written, stream: true)).Calls);
        Assert.All(Encoding.UTF8.GetString(written).Split("\r\n", StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("data: {", line));
    }

    [Fact]
    public void Citations_OfOtherVendors_BecomeGroundingChunks()
    {
        StreamEvent[] events =
        [
            new StreamEvent.PartStarted(0, PartShape.Text), new StreamEvent.TextDelta(0, "It rains."),
            new StreamEvent.CitationDelta(0, Sluice.Protocols.Json.RawJson.FromText("""{"type":"web_search_result_location","url":"https://a.example","title":"A"}""")) { From = WireProtocol.AnthropicMessages },
            new StreamEvent.PartEnded(0), new StreamEvent.Stopped(StopReason.EndTurn, null), new StreamEvent.Ended(),
        ];
        var last = GeminiTestKit.Chunks(GeminiTestKit.WriteStream(events), stream: true)[^1];
        Assert.Equal("""[{"web":{"uri":"https://a.example","title":"A"}}]""", last.GetProperty("candidates")[0].GetProperty("groundingMetadata").GetProperty("groundingChunks").GetRawText());
    }

    [Theory]
    [InlineData("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}],\"role\":\"model\"}}],\"responseId\":\"r\"}\r\n\r\n", "no finishReason")]
    [InlineData(": keep-alive\n\n", "something else")]
    [InlineData("event: x\ndata: {}\n\n", "an event name")]
    [InlineData("data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"willContinue\":true}}],\"role\":\"model\"}}],\"responseId\":\"r\"}\n\n", "a call in pieces")]
    [InlineData("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\"}],\"responseId\":\"r\"}\n\n", "finishReason without usageMetadata")]
    public void Grammar_IllegalStream_IsRefused(string stream, string why)
    {
        var grammar = GeminiFormat.Instance.CreateGrammar();
        using var reader = new Sluice.Protocols.Sse.SseReader();
        var bytes = Encoding.UTF8.GetBytes(stream);
        bytes.CopyTo(reader.GetMemory(bytes.Length));
        reader.Advance(bytes.Length);
        string? wrong = null;
        while (reader.TryRead(out var frame))
        {
            wrong ??= grammar.Accept(frame);
        }

        Assert.StartsWith(why, wrong ?? grammar.Complete());
    }

    [Fact]
    public void ArrayFraming_OfAStream_IsOneJsonArrayWithTheSameChunks()
    {
        var relay = GeminiArrayFraming.Instance.Around(NativeRelays.CreateStream(WireProtocol.Gemini, NativeStreamOptions.For(WireProtocol.Gemini, ChatDialect.Generic)));
        var segments = new StreamSegments();
        var text = new StringBuilder();
        var roles = new List<SegmentRole>();
        void Take()
        {
            for (var i = 0; i < segments.Count; i++)
            {
                text.Append(Encoding.UTF8.GetString(segments[i].Bytes.Span));
                roles.Add(segments[i].Role);
            }

            segments.Clear();
        }

        foreach (var chunk in new[] { Hello, Finish })
        {
            Assert.Null(relay.Advance(ChatTestKit.Frame(chunk), segments));
            Take();
            text.Append(Encoding.UTF8.GetString(GeminiArrayFraming.Instance.KeepAlive.Span));
        }

        Assert.Null(relay.Complete(segments));
        Take();
        Assert.Equal([SegmentRole.Content, SegmentRole.Stop, SegmentRole.Terminal], roles);
        var array = GeminiTestKit.Parse(text.ToString());
        Assert.Equal([Hello, Finish], array.EnumerateArray().Select(e => e.GetRawText()));
        Assert.Equal(17, relay.Usage.TotalInput + relay.Usage.TotalOutput);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ArrayFraming_Error_IsTheLastElement(bool started)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        GeminiArrayFraming.Instance.WriteError(new GatewayError(ErrorKind.Overloaded, ErrorSource.Provider, 503, "busy"), started, output);
        var array = GeminiTestKit.Parse((started ? "[" + Hello : "") + Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.Equal(503, array[array.GetArrayLength() - 1].GetProperty("error").GetProperty("code").GetInt32());
    }

    private static NativeRelayRun Native(params string[] chunks) => NativeRelayRun.Of(WireProtocol.Gemini, string.Concat(chunks.Select(c => "data: " + c + "\r\n\r\n")));
}
