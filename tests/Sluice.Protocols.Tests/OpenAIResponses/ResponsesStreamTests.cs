using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Protocols.Tests.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIResponses;

/// <summary>The traps of Responses streams, each by hand.</summary>
public sealed class ResponsesStreamTests
{
    private const string Created = """{"type":"response.created","response":{"id":"resp_1","model":"m"}}""";
    private const string Completed = """{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":2}}}""";

    [Fact]
    public void RotatedItemIds_AreOneItem()
    {
        // GitHub Copilot: every event names the item otherwise.
        var answer = Read(
            Created,
            """{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"a","call_id":"call_1","name":"f","arguments":""}}""",
            """{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"b","delta":"{\"x\":"}""",
            """{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"c","delta":"1}"}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"d","call_id":"call_1","name":"f","arguments":"{\"x\":1}"}}""",
            Completed);
        Assert.Equal([("f", "{\"x\":1}")], answer.Calls);
        Assert.Equal("ToolUse", answer.Stop);
    }

    [Fact]
    public void ServerThatSendsFinishedItemsOnly_IsReadWhole()
    {
        var answer = Read(
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]}}""",
            """{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"hi"}]}}""",
            """{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}""",
            Completed);
        Assert.Equal(("hm", "hi", "ToolUse"), (answer.Thinking, answer.Text, answer.Stop));
        Assert.Equal([("f", "{}")], answer.Calls);
    }

    [Fact]
    public void ServerThatSendsTheLastEventOnly_IsReadWhole()
    {
        var answer = Read("""{"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]},{"type":"function_call","call_id":"c","name":"f","arguments":{"a":1}}],"usage":null}}""");
        Assert.Equal("hi", answer.Text);
        Assert.Equal([("f", "{\"a\":1}")], answer.Calls);
    }

    [Fact]
    public void WholeTextsWithoutDeltas_AreTold_AndThoseWithDeltasNotTwice()
    {
        var answer = Read(
            """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"one"}""",
            """{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"one"}""",
            """{"type":"response.output_text.done","output_index":1,"content_index":0,"text":" two"}""",
            """{"type":"response.function_call_arguments.done","output_index":2,"arguments":"{\"x\":2}"}""",
            """{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":2}"}}""",
            Completed);
        Assert.Equal("one two", answer.Text);
        Assert.Equal([("f", "{\"x\":2}")], answer.Calls);
    }

    [Fact]
    public void F07_ProofOfTheAddedItem_IsNotTheProof()
    {
        var events = Events(
            Created,
            """{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"early"}}""",
            """{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"a"}""",
            """{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"b"}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"late"}}""",
            Completed);
        Assert.Equal(["late"], events.OfType<StreamEvent.SignatureDelta>().Select(s => s.Signature));
        Assert.All(events.OfType<StreamEvent.SignatureDelta>(), s => Assert.Equal(WireProtocol.OpenAIResponses, s.SignedBy));
        Assert.Equal("a\n\nb", string.Concat(events.OfType<StreamEvent.ThinkingDelta>().Select(t => t.Text)));
        Assert.Equal("rs_1", events.OfType<StreamEvent.PartStarted>().Single().Id);
    }

    [Fact]
    public void SummaryAndReasoningItself_AreToldOnce()
    {
        var answer = Read(
            """{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"long"}""",
            """{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"short"}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[{"type":"summary_text","text":"short"}],"content":[{"type":"reasoning_text","text":"long"}]}}""",
            Completed);
        Assert.Equal("long", answer.Thinking);
    }

    [Fact]
    public void Refusals_AreTheirOwnPart()
    {
        var answer = Read(
            """{"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"No"}""",
            """{"type":"response.refusal.done","output_index":0,"content_index":0,"refusal":"No."}""",
            Completed);
        Assert.Equal(("No.", "", "Refusal"), (answer.Refusal, answer.Text, answer.Stop));
    }

    [Fact]
    public void VendorSteps_Keepalive_AndUnknownEvents_AreNoContent_ButTheFinishedItemIsKept()
    {
        var events = Events(
            Created,
            """{"type":"keepalive","sequence_number":3}""",
            """{"type":"response.output_item.added","output_index":0,"item":{"type":"web_search_call","id":"ws"}}""",
            """{"type":"response.web_search_call.searching","output_index":0}""",
            """{"type":"response.of_next_year","output_index":0}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","id":"ws","action":{"q": 1}}}""",
            Completed);
        var part = Assert.Single(events.OfType<StreamEvent.PartStarted>());
        Assert.Equal((PartShape.Opaque, """{"type":"web_search_call","id":"ws","action":{"q": 1}}"""), (part.Shape, part.Json.ToString()));
    }

    [Fact]
    public void CallsOfTheVendorsOwnTools_AreNotTheClients()
    {
        // xAI tells its own searches as calls of custom tools.
        var answer = Read(
            """{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"xs_call_1","name":"x_keyword_search","input":""}}""",
            """{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"{}"}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"custom_tool_call","call_id":"xs_call_1","name":"x_keyword_search","input":"{}"}}""",
            Completed);
        Assert.Equal("EndTurn", answer.Stop);
        Assert.Equal(["custom_tool_call"], answer.Others);
    }

    [Theory]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}}""", ErrorKind.UpstreamError)]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"Your input exceeds the context window of this model."}}}""", ErrorKind.ContextLength)]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"x"}}}""", ErrorKind.RateLimit)]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"server_is_overloaded","message":"x"}}}""", ErrorKind.Overloaded)]
    [InlineData("""{"type":"error","sequence_number":2,"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"x","param":null}}""", ErrorKind.QuotaExhausted)]
    [InlineData("""{"type":"error","code":"rate_limit_exceeded","message":"x","param":null,"sequence_number":1}""", ErrorKind.RateLimit)]
    [InlineData("""{"error":{"code":502,"message":"x"}}""", ErrorKind.UpstreamError)]
    [InlineData("""{"type":"response.completed","response":{"status":"completed","error":{"code":"server_error","message":"x"},"output":[]}}""", ErrorKind.UpstreamError)]
    [InlineData("""{"id":"c","object":"chat.completion.chunk","choices":[]}""", ErrorKind.BadResponse)]
    [InlineData("[DONE]", ErrorKind.BadResponse)]
    [InlineData("{\"type\":", ErrorKind.BadResponse)]
    public void F13_ErrorInTheStream_IsRead_ByReaderAndRelayAlike(string data, ErrorKind kind)
    {
        var failed = Assert.IsType<StreamEvent.Failed>(Events(Created, data)[^1]);
        Assert.Equal(kind, failed.Error.Kind);
        var run = NativeRelayRun.Of(WireProtocol.OpenAIResponses, "data: " + Created + "\n\ndata: " + data + "\n\n");
        Assert.NotNull(run.Error);
        Assert.Equal("data: " + Created + "\n\n", Encoding.UTF8.GetString([.. run.Output]));
    }

    [Fact]
    public void F13_StreamThatIsCut_IsAnError()
    {
        var failed = Assert.IsType<StreamEvent.Failed>(Events(Created, """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"half"}""")[^1]);
        Assert.Equal(ErrorKind.BadResponse, failed.Error.Kind);
    }

    [Theory]
    [InlineData("max_output_tokens", StopReason.MaxTokens)]
    [InlineData("content_filter", StopReason.Refusal)]
    public void Incomplete_SaysWhy(string reason, StopReason expected)
    {
        var events = Events(Created, """{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"WHY"},"output":[],"usage":{"input_tokens":1,"output_tokens":1}}}""".Replace("WHY", reason, StringComparison.Ordinal));
        Assert.Equal(expected, events.OfType<StreamEvent.Stopped>().Single().Reason);
    }

    [Fact]
    public void Done_BehindTheTerminalEvent_IsNothing()
    {
        Assert.IsType<StreamEvent.Ended>(Events(Created, Completed, "[DONE]")[^1]);
    }

    [Fact]
    public void Write_InterleavedParts_AreItemsInOrder()
    {
        var stream = ResponsesAnswer.Write(
        [
            new StreamEvent.Started("x", "m", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Text), new StreamEvent.TextDelta(0, "be"),
            new StreamEvent.PartStarted(1, PartShape.ToolCall) { Id = "a", Name = "f" }, new StreamEvent.PartStarted(2, PartShape.ToolCall) { Id = "b", Name = "g", IsCustom = true, Namespace = "n" },
            new StreamEvent.ArgumentsDelta(2, "free "), new StreamEvent.ArgumentsDelta(1, "{\"x\""), new StreamEvent.TextDelta(0, "fore"), new StreamEvent.ArgumentsDelta(2, "text"),
            new StreamEvent.PartEnded(0), new StreamEvent.PartEnded(2), new StreamEvent.ArgumentsDelta(1, ":1}"), new StreamEvent.PartEnded(1),
            new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended(),
        ]);
        Assert.Null(ResponsesAnswer.Grammar(stream));
        var answer = ResponsesAnswer.OfStream(stream);
        Assert.Equal("before", answer.Text);
        Assert.Equal([("f", "{\"x\":1}")], answer.Calls);
        Assert.Equal([("g", "free text")], answer.Custom);
        Assert.Contains("\"name\":\"g\",\"namespace\":\"n\"", Encoding.UTF8.GetString(stream), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_CallWithoutArguments_HasAnEmptyObject()
    {
        var stream = ResponsesAnswer.Write([new StreamEvent.PartStarted(0, PartShape.ToolCall) { Id = "a", Name = "f" }, new StreamEvent.PartEnded(0), new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended()]);
        Assert.Null(ResponsesAnswer.Grammar(stream));
        Assert.Contains("\"type\":\"function_call\",\"status\":\"completed\",\"arguments\":\"{}\"", Encoding.UTF8.GetString(stream), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_EmptyParts_AreNoItems()
    {
        var stream = ResponsesAnswer.Write([new StreamEvent.PartStarted(0, PartShape.Text), new StreamEvent.TextDelta(0, ""), new StreamEvent.PartEnded(0), new StreamEvent.PartStarted(1, PartShape.Thinking), new StreamEvent.PartEnded(1), new StreamEvent.Ended()]);
        Assert.Null(ResponsesAnswer.Grammar(stream));
        Assert.DoesNotContain("output_item", Encoding.UTF8.GetString(stream), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StopReason.MaxTokens, "response.incomplete", "max_output_tokens")]
    [InlineData(StopReason.Refusal, "response.incomplete", "content_filter")]
    [InlineData(StopReason.StopSequence, "response.completed", null)]
    public void Write_End_IsTheRightEvent(StopReason reason, string type, string? why)
    {
        var stream = ResponsesAnswer.Write([new StreamEvent.PartStarted(0, PartShape.Text), new StreamEvent.TextDelta(0, "x"), new StreamEvent.PartEnded(0), new StreamEvent.Stopped(reason, null), new StreamEvent.Ended()]);
        Assert.Null(ResponsesAnswer.Grammar(stream));
        var last = SseSplitter.Split(stream)[^1];
        using var document = JsonDocument.Parse(last.Data);
        var response = document.RootElement.GetProperty("response");
        Assert.Equal(type, last.Event);
        Assert.Equal(why, response.GetProperty("incomplete_details").ValueKind == JsonValueKind.Null ? null : response.GetProperty("incomplete_details").GetProperty("reason").GetString());
    }

    [Fact]
    public void F06_SignatureOfACall_ComesBackBeforeTheCall()
    {
        // Gemini's reader puts the signature of a call on thinking without text before it.
        var stream = ResponsesAnswer.Write(
        [
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.SignatureDelta(0, "Z2Vt") { SignedBy = WireProtocol.Gemini }, new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.ToolCall) { Id = "a", Name = "f" }, new StreamEvent.ArgumentsDelta(1, "{}"), new StreamEvent.PartEnded(1),
            new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended(),
        ]);
        Assert.Null(ResponsesAnswer.Grammar(stream));
        var parts = BroughtBack(stream);
        Assert.Equal(new ThinkingPart("") { Signature = "Z2Vt", SignedBy = WireProtocol.Gemini }, parts[0]);
        Assert.Equal("a", Assert.IsType<ToolCallPart>(parts[1]).Id);
    }

    [Fact]
    public void F05_SealedThinkingOfClaude_ComesBack()
    {
        var stream = ResponsesAnswer.Write(
        [
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.ThinkingDelta(0, "hm"), new StreamEvent.SignatureDelta(0, "Y2xh") { SignedBy = WireProtocol.AnthropicMessages }, new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.RedactedThinking) { Data = "c2Vj" }, new StreamEvent.PartEnded(1),
            new StreamEvent.PartStarted(2, PartShape.Thinking), new StreamEvent.SignatureDelta(2, "ZW1w") { SignedBy = WireProtocol.AnthropicMessages }, new StreamEvent.PartEnded(2),
            new StreamEvent.PartStarted(3, PartShape.Text), new StreamEvent.TextDelta(3, "a"), new StreamEvent.PartEnded(3), new StreamEvent.Stopped(StopReason.EndTurn, null), new StreamEvent.Ended(),
        ]);
        Assert.Null(ResponsesAnswer.Grammar(stream));
        Assert.Equal(
            [
                new ThinkingPart("hm") { Signature = "Y2xh", SignedBy = WireProtocol.AnthropicMessages },
                new ThinkingPart("") { RedactedData = "c2Vj", SignedBy = WireProtocol.AnthropicMessages },
                new ThinkingPart("") { Signature = "ZW1w", SignedBy = WireProtocol.AnthropicMessages },
            ],
            BroughtBack(stream).OfType<ThinkingPart>());
    }

    [Fact]
    public void F07_ReasoningDetailsOfOpenRouter_ComeBack()
    {
        var stream = ResponsesAnswer.Write(
        [
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.ThinkingDelta(0, "hm"), new StreamEvent.ReasoningDetails(0, RawJson.FromText("""[{"text":"h"}]""")), new StreamEvent.ReasoningDetails(0, RawJson.FromText("""[{"data":"x"}]""")),
            new StreamEvent.PartEnded(0), new StreamEvent.PartStarted(1, PartShape.Text), new StreamEvent.TextDelta(1, "a"), new StreamEvent.PartEnded(1), new StreamEvent.Ended(),
        ]);
        var thinking = Assert.Single(BroughtBack(stream).OfType<ThinkingPart>());
        Assert.Equal(("""[{"text":"h"},{"data":"x"}]""", WireProtocol.OpenAIChat), (thinking.Details.ToString(), thinking.SignedBy));
    }

    [Theory]
    [InlineData(ErrorKind.ContextLength, "context_length_exceeded")]
    [InlineData(ErrorKind.QuotaExhausted, "insufficient_quota")]
    [InlineData(ErrorKind.RateLimit, "rate_limit_exceeded")]
    [InlineData(ErrorKind.UpstreamError, "upstream_error")]
    public void F13_StreamError_EndsAStartedStreamLegally_WithTheCodeThatCodexReads(ErrorKind kind, string code)
    {
        var started = ResponsesAnswer.Write([new StreamEvent.Started("x", "m", TokenUsage.Unknown), new StreamEvent.PartStarted(0, PartShape.Text), new StreamEvent.TextDelta(0, "half")]);
        var output = new ArrayBufferWriter<byte>();
        OpenAIResponsesFormat.Instance.WriteStreamError(new GatewayError(kind, ErrorSource.Provider, 502, "It \"failed\".") { RequestId = "gen-1" }, output);
        byte[] stream = [.. started, .. output.WrittenSpan];
        Assert.Null(ResponsesAnswer.Grammar(stream));
        using var document = JsonDocument.Parse(SseSplitter.Split(stream)[^1].Data);
        var error = document.RootElement.GetProperty("response").GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.EndsWith("It \"failed\".", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(kind, Assert.IsType<StreamEvent.Failed>(ResponsesAnswer.Read(stream)[^1]).Error.Kind);
    }

    [Theory]
    [InlineData("", "ended before response.created")]
    [InlineData("C P A0 D0 X0", null)]
    [InlineData("C P A0 D0", "without its terminal event")]
    [InlineData("C P A0 E", "before an item is done")]
    [InlineData("C A0", "before response.in_progress")]
    [InlineData("C C", "wrong place")]
    [InlineData("C P A1", "output_index 1, not 0")]
    [InlineData("C P A0 T", "not open")]
    [InlineData("C P A0 O T W", "not its deltas")]
    [InlineData("C P A0 O D0", "open part")]
    [InlineData("C P E E", "after the terminal event")]
    [InlineData("C P F", null)]
    [InlineData("C P F E", "after an error")]
    public void Grammar_RefusesWhatIsOutOfOrder(string steps, string? wrong)
    {
        var stream = new StringBuilder();
        var number = 0;
        foreach (var step in steps.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var type = step[0] switch
            {
                'C' => "response.created", 'P' => "response.in_progress", 'A' => "response.output_item.added", 'D' => "response.output_item.done", 'O' => "response.content_part.added",
                'T' => "response.output_text.delta", 'W' => "response.output_text.done", 'F' => "error", _ => "response.completed",
            };
            var rest = step[0] switch
            {
                'C' or 'P' => "\"response\":{\"id\":\"r\"}",
                'A' or 'D' => "\"output_index\":" + step[1] + ",\"item\":{\"type\":\"message\",\"id\":\"i\",\"content\":[]}",
                'O' => "\"output_index\":0,\"item_id\":\"i\",\"content_index\":0",
                'T' => "\"output_index\":0,\"item_id\":\"i\",\"content_index\":0,\"delta\":\"x\"",
                'W' => "\"output_index\":0,\"item_id\":\"i\",\"content_index\":0,\"text\":\"y\"",
                'F' => "\"error\":{\"message\":\"m\"}",
                'X' => "\"response\":{\"status\":\"completed\",\"usage\":{},\"output\":[{\"type\":\"message\",\"id\":\"i\",\"content\":[]}]}",
                _ => "\"response\":{\"status\":\"completed\",\"usage\":{},\"output\":[]}",
            };
            stream.Append("event: ").Append(type).Append("\ndata: {\"type\":\"").Append(type).Append("\",\"sequence_number\":").Append(number++).Append(',').Append(rest).Append("}\n\n");
        }

        var verdict = ResponsesAnswer.Grammar(Encoding.UTF8.GetBytes(stream.ToString()));
        if (wrong is null)
        {
            Assert.Equal(steps.EndsWith('F') ? "the stream ended with an error event but without response.failed" : null, verdict);
        }
        else
        {
            Assert.Contains(wrong, verdict, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Relay_HoldsACallUntilItIsDone()
    {
        var run = NativeRelayRun.Of(WireProtocol.OpenAIResponses, string.Concat(new[]
        {
            """{"type":"response.created","response":{"id":"resp_1"}}""",
            """{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}""",
            """{"type":"response.function_call_arguments.delta","item_id":"i","output_index":0,"delta":"{\"a\":1}"}""",
            """{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}}""",
            """{"type":"response.output_item.added","output_index":1,"item":{"type":"custom_tool_call","call_id":"d","name":"g","input":""}}""",
            """{"type":"response.custom_tool_call_input.delta","item_id":"i","output_index":1,"delta":"text"}""",
            """{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"service_tier":"flex","usage":{"input_tokens":3,"output_tokens":4}}}""",
        }.Select(d => "data: " + d + "\n\n")));
        Assert.Equal(
            [
                SegmentRole.Preamble, SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete,
                SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete, SegmentRole.Terminal,
            ], run.Roles);
        Assert.Equal(StopReason.ToolUse, run.Relay.StopReason);
        Assert.Equal(("flex", 3L, 4L), (run.Relay.Usage.ServiceTier, run.Relay.Usage.Input, run.Relay.Usage.Output));
        Assert.Equal("{\\\"a\\\":1}text".Length, run.Relay.ContentBytes);
    }

    // The client sends every item back that the last event held.
    private static IReadOnlyList<ContentPart> BroughtBack(byte[] stream)
    {
        using var document = JsonDocument.Parse(SseSplitter.Split(stream)[^1].Data);
        var request = """{"model":"m","input":""" + document.RootElement.GetProperty("response").GetProperty("output").GetRawText() + "}";
        return OpenAIResponsesFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(request)).Value!.Messages.Single().Parts;
    }

    private static ResponsesAnswer Read(params string[] data) => ResponsesAnswer.OfEvents(Events(data));

    private static List<StreamEvent> Events(params string[] data) =>
        ResponsesAnswer.Read(Encoding.UTF8.GetBytes(string.Concat(data.Select(d => "data: " + d + "\n\n"))));
}
