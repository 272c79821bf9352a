using System.Buffers;
using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Protocols.Tests.Native;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIResponses;

/// <summary>No bytes of a peer make the format throw; what it reads, it can write, and what it writes is legal.</summary>
public sealed class ResponsesFuzzTests
{
    private const int Rounds = 4000;

    private static readonly byte[] Request = Encoding.UTF8.GetBytes("""
        {"model":"m","instructions":"s","stream":true,"max_output_tokens":100,"include":["reasoning.encrypted_content"],"reasoning":{"effort":"high","summary":"auto","context":"all"},"text":{"format":{"type":"json_schema","name":"n","schema":{}},"verbosity":"low"},
        "input":[{"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"functions","tools":[{"type":"custom","name":"exec","format":{"type":"grammar","syntax":"lark","definition":"d"}}]}]},
        {"role":"developer","content":"x"},{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"},{"type":"input_image","image_url":"data:image/png;base64,AA=="},{"type":"input_file","file_data":"data:application/pdf;base64,AA=="}]},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"gAAA"},{"type":"reasoning","summary":[],"encrypted_content":"sluice1.chat.ZGV0YWlsczpbe31d"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation","url":"u"}]},{"type":"refusal","refusal":"r"}]},
        {"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{\"a\":[1]}"},{"type":"custom_tool_call","call_id":"d","name":"exec","namespace":"functions","input":"js"},
        {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"x"}]},{"type":"custom_tool_call_output","call_id":"d","output":"y"},{"type":"web_search_call","id":"w"}],
        "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true},{"type":"web_search"}],"tool_choice":{"type":"function","name":"f"},"temperature":1,"metadata":{"a":"b"},"store":true}
        """);

    private static readonly byte[] Response = Encoding.UTF8.GetBytes("""
        {"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"e"},
        {"type":"message","id":"msg","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation","url":"u","title":"\ud83d"}]},{"type":"refusal","refusal":"r"}]},
        {"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"},{"type":"custom_tool_call","call_id":"d","name":"g","input":"x"},{"type":"web_search_call","id":"w","action":{}}],
        "incomplete_details":null,"error":null,"service_tier":"flex","usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":7,"cost":0.1}}
        """);

    private static readonly byte[] Stream = Encoding.UTF8.GetBytes(string.Concat(new[]
    {
        """{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"m"}}""",
        """{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}""",
        """{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"hm"}""",
        """{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"e"}}""",
        """{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"a\ud83d","logprobs":[]}""",
        """{"type":"response.output_text.annotation.added","output_index":1,"content_index":0,"annotation":{"type":"url_citation","url":"u"}}""",
        """{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"ab"}]}}""",
        """{"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}""",
        """{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":2,"delta":"{\"a\":1}"}""",
        """{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}}""",
        """{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":2}}}""",
    }.Select(d => "data: " + d + "\n\n")));

    [Fact]
    public void Requests_Broken_AreReadOrRefused()
    {
        var random = new Random(1);
        var read = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var body = Mutation.Of(Request, random);
            var parsed = OpenAIResponsesFormat.Instance.ReadRequest(body);
            Assert.True(parsed.Value is null != parsed.Error is null);
            if (parsed.Error is { } error)
            {
                Assert.Equal(ErrorKind.InvalidRequest, error.Kind);
                Assert.NotEmpty(error.Message);
                continue;
            }

            read++;
            foreach (var wire in new[] { WireProtocol.OpenAIResponses, WireProtocol.AnthropicMessages, WireProtocol.OpenAIChat })
            {
                var output = new ArrayBufferWriter<byte>();
                var request = ToolFolding.Fold(parsed.Value!, wire, new DegradationLog());
                if (WireFormats.Upstream(wire).WriteRequest(request, new UpstreamTarget("m", ChatDialect.OpenRouter, ModelTraits.Unknown), new DegradationLog(), output) is null)
                {
                    Assert.True(Mutation.IsJson(output.WrittenMemory), wire + ": " + Encoding.UTF8.GetString(body));
                }
            }

            foreach (var cut in ReasoningCuts.Of(body, all: false))
            {
                Assert.InRange(cut.Span.End, 0, body.Length);
            }
        }

        // The mutations must not all be refused at the first bracket.
        Assert.InRange(read, Rounds / 20, Rounds - 1);
    }

    [Fact]
    public void Responses_Broken_AreReadOrRefused()
    {
        var random = new Random(2);
        var read = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var body = Mutation.Of(Response, random);
            NativeResponses.Inspect(WireProtocol.OpenAIResponses, body, (usage, before) => OpenAIResponsesFormat.Instance.ReadUsage(usage, before, ChatDialect.Generic));
            var parsed = OpenAIResponsesFormat.Instance.ReadResponse(body, ChatDialect.Generic);
            Assert.True(parsed.Value is null != parsed.Error is null);
            if (parsed.Value is not null)
            {
                read++;
                foreach (var wire in new[] { WireProtocol.OpenAIResponses, WireProtocol.AnthropicMessages, WireProtocol.OpenAIChat })
                {
                    var output = new ArrayBufferWriter<byte>();
                    WireFormats.Client(wire).WriteResponse(parsed.Value, ResponsesAnswer.Client, new DegradationLog(), output);
                    Assert.True(Mutation.IsJson(output.WrittenMemory), wire + ": " + Encoding.UTF8.GetString(body));
                }
            }
        }

        Assert.InRange(read, Rounds / 20, Rounds - 1);
    }

    [Fact]
    public void Streams_Broken_EndInOneWayAndAreWrittenLegally()
    {
        var random = new Random(3);
        var ended = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var stream = Mutation.Of(Stream, random);
            var events = ResponsesAnswer.Read(stream);
            Assert.Single(events, e => e is StreamEvent.Ended or StreamEvent.Failed);
            Assert.True(events[^1] is StreamEvent.Ended or StreamEvent.Failed);
            var run = NativeRelayRun.Of(WireProtocol.OpenAIResponses, stream, [stream.Length], checkUsage: false);
            Assert.True(run.Error is not null || run.Runs[^1].Role == SegmentRole.Terminal);
            if (events[^1] is StreamEvent.Ended)
            {
                ended++;
                Assert.Null(ResponsesAnswer.Grammar(ResponsesAnswer.Write(events)));
            }
        }

        Assert.InRange(ended, Rounds / 20, Rounds - 1);
    }

    [Fact]
    public void F01_AnyOrderOfEvents_IsWrittenLegally()
    {
        var random = new Random(4);
        for (var i = 0; i < Rounds; i++)
        {
            var stream = ResponsesAnswer.Write(Any(random));
            var wrong = ResponsesAnswer.Grammar(stream);
            Assert.True(wrong is null, wrong + "\n" + Encoding.UTF8.GetString(stream));
        }
    }

    // Parts that interleave, deltas that fit no part or come too late, ends that are forgotten.
    private static IEnumerable<StreamEvent> Any(Random random)
    {
        if (random.Next(4) > 0)
        {
            yield return new StreamEvent.Started(random.Next(2) == 0 ? null : "up_1", "m", TokenUsage.Unknown);
        }

        var next = 0;
        for (var steps = random.Next(30); steps > 0; steps--)
        {
            var part = random.Next(Math.Max(1, next));
            switch (random.Next(9))
            {
                case 0 or 1:
                    yield return new StreamEvent.PartStarted(next++, (PartShape)random.Next(6))
                    {
                        Id = "id", Name = "name", IsCustom = random.Next(2) == 0, Data = "data",
                        Json = RawJson.FromText("""{"type":"web_search_call","id":"w"}"""), From = random.Next(2) == 0 ? WireProtocol.OpenAIResponses : WireProtocol.AnthropicMessages,
                    };
                    break;
                case 2: yield return new StreamEvent.TextDelta(part, random.Next(3) == 0 ? "" : "text \u00e9"); break;
                case 3: yield return new StreamEvent.ThinkingDelta(part, "hm"); break;
                case 4: yield return new StreamEvent.ArgumentsDelta(part, "{\"a\""); break;
                case 5: yield return new StreamEvent.SignatureDelta(part, "c2ln") { SignedBy = (WireProtocol)random.Next(5) }; break;
                case 6: yield return new StreamEvent.CitationDelta(part, RawJson.FromText("""{"url":"u"}""")); break;
                case 7: yield return new StreamEvent.UsageReported(new TokenUsage { Input = 1, Output = 2 }); break;
                default: yield return new StreamEvent.PartEnded(part); break;
            }
        }

        if (random.Next(4) > 0)
        {
            yield return new StreamEvent.Stopped((StopReason)random.Next(7), null);
        }

        yield return new StreamEvent.Ended();
    }
}
