using System.Buffers;
using System.Text;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>No bytes of a peer make the format throw; what it reads, it can write.</summary>
public sealed class AnthropicFuzzTests
{
    private const int Rounds = 5000;

    private static readonly byte[] Request = Encoding.UTF8.GetBytes("""
        {"model":"claude-x","max_tokens":100,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"stream":true,"stop_sequences":["x"],
        "messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"g"},{"type":"tool_use","id":"a","name":"n","input":{"k":[1,{}]}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}],"is_error":true},
        {"type":"document","source":{"type":"content","content":[{"type":"text","text":"d"}]},"citations":{"enabled":true}}]}],
        "tools":[{"name":"n","description":"d","input_schema":{"type":"object"},"input_examples":[{"k":"\ud83d"}],"defer_loading":true},{"type":"web_search_20250305","name":"web_search","max_uses":3}],
        "tool_choice":{"type":"auto","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"effort":"high","format":{"type":"json_schema","schema":{}}},"metadata":{"user_id":"u"},"temperature":1}
        """);

    private static readonly byte[] Response = Encoding.UTF8.GetBytes("""
        {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"a","citations":[{"type":"char_location"}]},
        {"type":"tool_use","id":"i","name":"n","input":{"a":1}},{"type":"server_tool_use","id":"s","name":"web_search","input":{}}],"stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":1,"output_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":0},"iterations":[{"type":"message","input_tokens":1}]}}
        """);

    private static readonly byte[] Usage = Encoding.UTF8.GetBytes(
        """{"input_tokens":1,"output_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":1},"service_tier":"priority","iterations":[{"type":"message","model":"m","input_tokens":1}]}""");

    private static readonly byte[] Stream = Encoding.UTF8.GetBytes("""
        event: message_start
        data: {"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":3,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"\ud83d\"}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","content":[{"a":1}]}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"x","y":[1]}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":5}}

        event: message_stop
        data: {"type":"message_stop"}


        """);

    [Fact]
    public void Requests_Broken_AreReadOrRefused()
    {
        var random = new Random(1);
        var bodies = Captures();
        var read = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var body = Mutation.Of(bodies[i % bodies.Count], random);
            var parsed = AnthropicFormat.Instance.ReadRequest(body);
            Assert.True(parsed.Value is null != parsed.Error is null);
            if (parsed.Error is { } error)
            {
                Assert.Equal(ErrorKind.InvalidRequest, error.Kind);
                Assert.NotEmpty(error.Message);
                continue;
            }

            read++;
            foreach (var format in new IWireFormat[] { AnthropicFormat.Instance, OpenAIChatFormat.Instance })
            {
                var output = new ArrayBufferWriter<byte>();
                if (format.WriteRequest(parsed.Value!, new UpstreamTarget("claude-sonnet-4-6", ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), output) is null)
                {
                    Assert.True(Mutation.IsJson(output.WrittenMemory), Encoding.UTF8.GetString(body));
                }
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
            var parsed = AnthropicFormat.Instance.ReadResponse(Mutation.Of(Response, random), ChatDialect.Generic);
            Assert.True(parsed.Value is null != parsed.Error is null);
            if (parsed.Value is not null)
            {
                read++;
                var output = new ArrayBufferWriter<byte>();
                AnthropicFormat.Instance.WriteResponse(parsed.Value, AnthropicAnswer.Client, new DegradationLog(), output);
                Assert.True(Mutation.IsJson(output.WrittenMemory));
            }
        }

        Assert.InRange(read, Rounds / 20, Rounds - 1);
    }

    [Fact]
    public void Streams_Broken_EndInOneWayAndAreWrittenLegally()
    {
        var random = new Random(3);
        for (var i = 0; i < Rounds; i++)
        {
            var events = AnthropicAnswer.Read(Mutation.Of(Stream, random));
            Assert.Single(events, e => e is StreamEvent.Ended or StreamEvent.Failed);
            Assert.True(events[^1] is StreamEvent.Ended or StreamEvent.Failed);
            if (events[^1] is StreamEvent.Ended)
            {
                Assert.Null(AnthropicAnswer.Grammar(AnthropicAnswer.Write(events)));
            }
        }
    }

    [Fact]
    public void ErrorsAndUsage_OfAnyBytes_AreRead()
    {
        var random = new Random(4);
        var body = """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3 tokens > 2 maximum"},"request_id":"r"}"""u8.ToArray();
        for (var i = 0; i < Rounds; i++)
        {
            var error = AnthropicFormat.Instance.ReadError(random.Next(2) == 0 ? 400 : random.Next(600), Mutation.Of(body, random));
            Assert.NotEmpty(error.Message);
            var usage = AnthropicFormat.Instance.ReadUsage(Mutation.Of(Usage, random), TokenUsage.Unknown, ChatDialect.Generic);
            Assert.False(usage.TotalInput < 0 || usage.TotalOutput < 0);
        }
    }

    private static List<byte[]> Captures()
    {
        var bodies = new List<byte[]> { Request };
        foreach (var path in SharedData.Captures("claude-code").Take(6))
        {
            if (AnthropicRecordingTests.CaptureBody(path) is { Length: < 60_000 } body)
            {
                bodies.Add(body);
                bodies.Add(Request);
            }
        }

        return bodies;
    }
}
