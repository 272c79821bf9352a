using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>The stream writer under random interleavings, and random bytes into everything that reads.</summary>
public sealed class AnthropicStreamWriterTests
{
    private static readonly string[] Arguments = ["{}", """{"path":"a b.txt"}""", """{"text":"ä\"\\\n","n":[1,2,{"x":null}]}""", ""];

    [Fact]
    public void F01_F02_F03_Interleaved_Parts_AreLegalAndKeepEveryArgument()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var calls = Enumerable.Range(0, random.Next(0, 5)).Select(_ => Arguments[random.Next(Arguments.Length)]).ToList();
            var left = calls.ToArray();
            var events = new List<StreamEvent> { new StreamEvent.Started("x", "m", TokenUsage.Unknown) };
            events.Add(new StreamEvent.PartStarted(100, PartShape.Text));
            events.AddRange(calls.Select((_, i) => new StreamEvent.PartStarted(i, PartShape.ToolCall) { Id = "call " + i, Name = "t" + i }));
            while (left.Any(l => l.Length > 0))
            {
                var part = random.Next(calls.Count);
                var size = random.Next(0, left[part].Length + 1);
                events.Add(new StreamEvent.ArgumentsDelta(part, left[part][..size]));
                left[part] = left[part][size..];
                events.Add(new StreamEvent.TextDelta(100, random.Next(3) == 0 ? "" : "x"));
            }

            events.AddRange(Enumerable.Range(0, calls.Count).OrderBy(_ => random.Next()).Select(i => new StreamEvent.PartEnded(i)));
            events.Add(new StreamEvent.PartEnded(100));
            events.Add(new StreamEvent.Stopped(StopReason.EndTurn, null));
            events.Add(new StreamEvent.UsageReported(new TokenUsage { Input = 7, CacheRead = 3, Output = 5 }));
            events.Add(new StreamEvent.Ended());

            var written = Write(events);
            Assert.Equal((seed, (string?)null), (seed, Grammar(written)));
            var data = SseSplitter.Split(written).Select(e => JsonDocument.Parse(e.Data).RootElement).ToList();
            var actual = data.Where(d => Type(d) == "content_block_start" && d.GetProperty("content_block").GetProperty("type").GetString() == "tool_use")
                .Select(d => string.Concat(data.Where(x => Type(x) == "content_block_delta" && x.GetProperty("index").GetInt32() == d.GetProperty("index").GetInt32())
                    .Select(x => x.GetProperty("delta").GetProperty("partial_json").GetString())));
            Assert.Equal(calls, actual);
            var last = data.Single(d => Type(d) == "message_delta");
            Assert.Equal(calls.Count > 0 ? "tool_use" : "end_turn", last.GetProperty("delta").GetProperty("stop_reason").GetString());
            Assert.Equal(7, last.GetProperty("usage").GetProperty("input_tokens").GetInt64());
            Assert.Equal(3, last.GetProperty("usage").GetProperty("cache_read_input_tokens").GetInt64());
            Assert.Equal(5, last.GetProperty("usage").GetProperty("output_tokens").GetInt64());
        }
    }

    [Theory]
    [InlineData("""{"input_tokens":-5,"output_tokens":3}""")]
    [InlineData("""{"input_tokens":"12","output_tokens":3}""")]
    [InlineData("""{"input_tokens":1e300,"output_tokens":3}""")]
    [InlineData("""{"input_tokens":1.5,"output_tokens":3}""")]
    public void F26_ImpossibleUsage_IsFlaggedAndNeverNegative(string usage)
    {
        var read = AnthropicFormat.Instance.ReadUsage(Encoding.UTF8.GetBytes(usage), TokenUsage.Unknown, ChatDialect.Generic);
        Assert.True(read.IsAnomalous);
        Assert.True(read.Input is null or 0);
        Assert.Equal(3, read.Output);
    }

    [Fact]
    public void AnyBytes_IntoEveryReader_NeverThrow()
    {
        var seeds = new[]
        {
            """{"model":"m","max_tokens":5,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}],"tools":[{"name":"t","input_schema":{}}]}""",
            """{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":4},"iterations":[{"type":"message"}]}}}""",
            """{"type":"error","error":{"type":"\ud800","message":"\ud800 x"},"usage":{"service_tier":"a\ud800"}}""",
            """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 5 tokens > 4 maximum"}}""",
        };
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(seeds[i % seeds.Length]);
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:0-n"[random.Next(10)];
            }

            bytes = bytes[..random.Next(1, bytes.Length + 1)];
            AnthropicFormat.Instance.ReadRequest(bytes);
            AnthropicFormat.Instance.ReadResponse(bytes, ChatDialect.Generic);
            AnthropicFormat.Instance.ReadError(400, bytes);
            AnthropicFormat.Instance.ReadUsage(bytes, TokenUsage.Unknown, ChatDialect.Generic);
            var events = new List<StreamEvent>();
            var reader = AnthropicFormat.Instance.CreateStreamReader(ChatDialect.Generic);
            reader.Read(new SseFrame(bytes, default, bytes), events);
            reader.Complete(events);
            Assert.NotEmpty(events);
        }
    }

    internal static byte[] Write(IEnumerable<StreamEvent> events)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = AnthropicFormat.Instance.CreateStreamWriter(new ClientTarget("m", "gen-1") { EstimatedInputTokens = 4 }, new DegradationLog());
        foreach (var e in events)
        {
            writer.Write(e, output);
        }

        return output.WrittenSpan.ToArray();
    }

    internal static string? Grammar(byte[] stream)
    {
        var grammar = AnthropicFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } fault)
            {
                return fault;
            }
        }

        return grammar.Complete();
    }

    private static string? Type(JsonElement data) => data.GetProperty("type").GetString();
}
