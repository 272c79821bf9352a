using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Protocols.Tests.OpenAIResponses;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Translation;

/// <summary>Responses clients on other upstreams and other clients on Responses: every recorded stream, and what must survive the way there and back.</summary>
public sealed class ResponsesAndOthersTests
{
    private static readonly UpstreamTarget Claude = new("claude-sonnet-5", ChatDialect.Generic, ModelTraits.Unknown);
    private static readonly UpstreamTarget Gpt = new("gpt-5.2", ChatDialect.OpenAI, ModelTraits.Unknown);

    public static TheoryData<WireProtocol, string> Streams()
    {
        var data = new TheoryData<WireProtocol, string>();
        foreach (var (protocol, api) in new[] { (WireProtocol.AnthropicMessages, "anthropic-messages"), (WireProtocol.OpenAIChat, "openai-chat"), (WireProtocol.Gemini, "gemini") })
        {
            foreach (var recording in SharedData.Recordings(api).Where(r => r.Stream() is not null))
            {
                data.Add(protocol, recording.Folder);
            }
        }

        if (data.Count == 0)
        {
            data.Add(WireProtocol.OpenAIChat, "missing");
        }

        return data;
    }

    public static TheoryData<string> ResponsesStreams()
    {
        var data = new TheoryData<string>();
        foreach (var recording in SharedData.Recordings("openai-responses").Where(r => r.Stream() is not null))
        {
            data.Add(recording.Folder);
        }

        if (data.Count == 0)
        {
            data.Add("missing");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F09_Stream_ForResponsesClient_IsLegalAndKeepsItsMeaning(WireProtocol protocol, string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recording = new Recording(folder);
        var dialect = protocol == WireProtocol.OpenAIChat ? ChatTestKit.DialectOf(recording) : ChatDialect.Generic;
        var events = ResponsesAnswer.Read(WireFormats.Upstream(protocol).CreateStreamReader(dialect), recording.Stream()!);
        if (events[^1] is StreamEvent.Failed)
        {
            return;
        }

        var expected = ChatTestKit.Collect(events);
        var written = ResponsesAnswer.Write(events);
        Assert.Null(ResponsesAnswer.Grammar(written));
        var actual = ResponsesAnswer.OfStream(written);
        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.Thinking, actual.Thinking);
        Assert.Equal(expected.Refusal, actual.Refusal);
        Assert.Equal(expected.Calls, actual.Calls);
        Assert.Equal(
            expected.Finish switch { "MaxTokens" or "ContextFull" => "MaxTokens", "Refusal" when expected.Refusal.Length == 0 => "Refusal", _ => expected.Calls.Count > 0 ? "ToolUse" : expected.Refusal.Length > 0 ? "Refusal" : "EndTurn" },
            actual.Stop);
        if (events.OfType<StreamEvent.UsageReported>().LastOrDefault() is { } last)
        {
            Assert.Equal(last.Usage.TotalInput, actual.Usage!.Value.GetProperty("input_tokens").GetInt64());
            Assert.Equal(last.Usage.TotalOutput, actual.Usage.Value.GetProperty("output_tokens").GetInt64());
        }
    }

    [Theory]
    [MemberData(nameof(ResponsesStreams))]
    public void F01_ResponsesStream_ForOtherClients_IsLegalAndKeepsItsMeaning(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var events = ResponsesAnswer.Read(new Recording(folder).Stream()!);
        if (events[^1] is StreamEvent.Failed)
        {
            return;
        }

        var expected = ChatTestKit.Collect(events);
        var chat = ChatTestKit.WriteStream(events);
        Assert.Null(ChatTestKit.Grammar(chat));
        var read = ChatTestKit.ReadChatStream(chat);
        Assert.Equal((expected.Text, expected.Thinking, expected.Refusal), (read.Text, read.Thinking, read.Refusal));
        Assert.Equal(expected.Calls, read.Calls);

        var messages = Written(AnthropicFormat.Instance, events);
        var grammar = AnthropicFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(messages))
        {
            Assert.Null(grammar.Accept(new Protocols.Sse.SseFrame(raw, Encoding.UTF8.GetBytes(name), data)));
        }

        Assert.Null(grammar.Complete());
    }

    [Theory]
    [InlineData(WireProtocol.AnthropicMessages)]
    [InlineData(WireProtocol.OpenAIChat)]
    public void F07_SealedReasoning_ThroughAnotherClient_ComesBackUntouched(WireProtocol client)
    {
        const string Proof = "gAAAAAB-real_proof==";
        var format = WireFormats.Client(client);
        List<StreamEvent> events =
        [
            new StreamEvent.Started("resp_1", "gpt", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Thinking) { Id = "rs_1" }, new StreamEvent.ThinkingDelta(0, "hm"), new StreamEvent.SignatureDelta(0, Proof) { SignedBy = WireProtocol.OpenAIResponses }, new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.ToolCall) { Id = "call_1", Name = "f" }, new StreamEvent.ArgumentsDelta(1, "{}"), new StreamEvent.PartEnded(1),
            new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended(),
        ];
        var stream = Encoding.UTF8.GetString(Written(format, events));
        Assert.DoesNotContain(Proof, stream, StringComparison.Ordinal);

        var whole = new ArrayBufferWriter<byte>();
        format.WriteResponse(
            new ConversationResponse
            {
                Id = "resp_1",
                Parts = [new ThinkingPart("hm") { Id = "rs_1", Signature = Proof, SignedBy = WireProtocol.OpenAIResponses }, new ToolCallPart("call_1", "f", Json.RawJson.EmptyObject)],
                StopReason = StopReason.ToolUse,
            },
            ResponsesAnswer.Client, new DegradationLog(), whole);
        using var answer = JsonDocument.Parse(whole.WrittenMemory);
        var turn = client == WireProtocol.AnthropicMessages
            ? $$"""{"role":"assistant","content":{{answer.RootElement.GetProperty("content").GetRawText()}}},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"r"}]}"""
            : answer.RootElement.GetProperty("choices")[0].GetProperty("message").GetRawText() + """,{"role":"tool","tool_call_id":"call_1","content":"r"}""";

        // The same proof stands in the stream.
        Assert.Contains(SignatureCarrier.Wrap(Proof, WireProtocol.OpenAIResponses, client), stream, StringComparison.Ordinal);
        var back = format.ReadRequest(Encoding.UTF8.GetBytes($$"""{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"q"},{{turn}}]}"""));
        Assert.Null(back.Error);
        var body = Body(OpenAIResponsesFormat.Instance, back.Value!, Gpt);
        Assert.Empty(ResponsesRequestRules.Violations(body));
        using var request = JsonDocument.Parse(body);
        var items = request.RootElement.GetProperty("input").EnumerateArray().ToList();
        Assert.Equal(["message", "reasoning", "function_call", "function_call_output"], items.Select(i => ResponsesAnswer.Member(i, "type")!));
        Assert.Equal(Proof, ResponsesAnswer.Member(items[1], "encrypted_content"));
        Assert.Equal("hm", items[1].GetProperty("summary")[0].GetProperty("text").GetString());

        // To another vendor it never goes.
        Assert.DoesNotContain("sluice1", Encoding.UTF8.GetString(Body(AnthropicFormat.Instance, back.Value!, Claude)), StringComparison.Ordinal);
        Assert.DoesNotContain(Proof, Encoding.UTF8.GetString(Body(AnthropicFormat.Instance, back.Value!, Claude)), StringComparison.Ordinal);
        Assert.DoesNotContain(Proof, Encoding.UTF8.GetString(Body(OpenAIChatFormat.Instance, back.Value!, Claude with { Dialect = ChatDialect.OpenRouter })), StringComparison.Ordinal);
    }

    [Fact]
    public void F05_ClaudesThinking_ThroughAResponsesClient_ComesBackUntouched()
    {
        List<StreamEvent> events =
        [
            new StreamEvent.Started("msg_1", "claude", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.ThinkingDelta(0, "hm"), new StreamEvent.SignatureDelta(0, "Y2xhdWRl"), new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.RedactedThinking) { Data = "c2VhbGVk" }, new StreamEvent.PartEnded(1),
            new StreamEvent.PartStarted(2, PartShape.ToolCall) { Id = "toolu_1", Name = "f" }, new StreamEvent.PartEnded(2),
            new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended(),
        ];
        using var last = JsonDocument.Parse(SseSplitter.Split(ResponsesAnswer.Write(events))[^1].Data);
        var output = last.RootElement.GetProperty("response").GetProperty("output").GetRawText()[1..^1];
        var back = OpenAIResponsesFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes($$"""{"model":"m","input":[{"role":"user","content":"q"},{{output}},{"type":"function_call_output","call_id":"toolu_1","output":"r"}]}"""));
        var body = Body(AnthropicFormat.Instance, back.Value!, Claude);
        Assert.Empty(AnthropicRequestRules.Violations(body));
        using var request = JsonDocument.Parse(body);
        Assert.Equal(
            """[{"type":"thinking","thinking":"hm","signature":"Y2xhdWRl"},{"type":"redacted_thinking","data":"c2VhbGVk"},{"type":"tool_use","id":"toolu_1","name":"f","input":{}}]""",
            request.RootElement.GetProperty("messages")[1].GetProperty("content").GetRawText());

        // For OpenAI itself it is nothing.
        Assert.Empty(ResponsesRequestRules.Violations(Body(OpenAIResponsesFormat.Instance, back.Value!, Gpt)));
    }

    private static byte[] Written(IClientFormat format, List<StreamEvent> events)
    {
        var writer = format.CreateStreamWriter(ResponsesAnswer.Client, new DegradationLog());
        var output = new ArrayBufferWriter<byte>();
        foreach (var item in events)
        {
            writer.Write(item, output);
        }

        return output.WrittenSpan.ToArray();
    }

    private static byte[] Body(IUpstreamFormat format, ConversationRequest request, UpstreamTarget target)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(format.WriteRequest(request, target, new DegradationLog(), output));
        return output.WrittenSpan.ToArray();
    }
}
