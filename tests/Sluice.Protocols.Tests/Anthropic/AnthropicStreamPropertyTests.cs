using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>Whatever order neutral events come in, an Anthropic client gets a legal stream that means the same.</summary>
public sealed class AnthropicStreamPropertyTests
{
    private const string Arguments = """{"path":"a/\"b\".txt","lines":[1,2.50,-3e+2],"note":"naïve 🌊 \u00e9\n","deep":{"x":null}}""";

    [Fact]
    public void F01_RandomInterleavings_AreAlwaysLegal()
    {
        for (var seed = 0; seed < 4000; seed++)
        {
            var (events, expected) = RandomAnswer(new Random(seed));
            var written = AnthropicAnswer.Write(events);
            Assert.True(AnthropicAnswer.Grammar(written) is null, string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {AnthropicAnswer.Grammar(written)}"));
            var actual = AnthropicAnswer.OfStream(written);
            Assert.Equal(expected, actual.Blocks);
            Assert.Equal(expected.Exists(b => b.StartsWith("tool ", StringComparison.Ordinal)) ? "tool_use" : "end_turn", actual.Stop);
            Assert.Equal((11, 22, 33, 44), actual.Usage);
        }
    }

    [Fact]
    public void F01_HostileEvents_NeverBreakTheGrammar()
    {
        // Events that no reader should emit: deltas for parts that are unknown, ended or of another shape, several starts and stops.
        for (var seed = 0; seed < 4000; seed++)
        {
            var random = new Random(seed);
            var events = new List<StreamEvent>();
            for (var i = random.Next(30); i > 0; i--)
            {
                events.Add(AnyEvent(random));
            }

            events.Add(new StreamEvent.Ended());
            var written = AnthropicAnswer.Write(events);
            Assert.True(AnthropicAnswer.Grammar(written) is null, string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {AnthropicAnswer.Grammar(written)}"));
        }
    }

    [Fact]
    public void F02_Arguments_SplitAnywhere_ArriveWhole()
    {
        for (var first = 0; first <= Arguments.Length; first++)
        {
            for (var second = first; second <= Arguments.Length; second += 7)
            {
                var written = AnthropicAnswer.Write(
                [
                    new StreamEvent.Started("x", "m", TokenUsage.Unknown),
                    new StreamEvent.PartStarted(0, PartShape.ToolCall) { Id = "call_1", Name = "edit" },
                    new StreamEvent.ArgumentsDelta(0, Arguments[..first]),
                    new StreamEvent.ArgumentsDelta(0, Arguments[first..second]),
                    new StreamEvent.ArgumentsDelta(0, Arguments[second..]),
                    new StreamEvent.PartEnded(0),
                    new StreamEvent.Stopped(StopReason.ToolUse, null),
                    new StreamEvent.Ended(),
                ]);
                if (SplitsPair(first) || SplitsPair(second))
                {
                    // Half of a character in a fragment cannot be written; readers decode whole lines and never make one.
                    continue;
                }

                Assert.Equal(["tool call_1 edit " + AnthropicAnswer.Canonical(Arguments)], AnthropicAnswer.OfStream(written).Blocks);
            }
        }
    }

    [Fact]
    public void F02_Arguments_SplitAnywhereUpstream_AreReadWhole()
    {
        for (var split = 0; split <= Arguments.Length; split++)
        {
            if (SplitsPair(split))
            {
                continue;
            }

            var stream = new StringBuilder("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n");
            stream.Append("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"b\",\"input\":{}}}\n\n");
            foreach (var piece in new[] { "", Arguments[..split], Arguments[split..] })
            {
                stream.Append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":").Append(JsonSerializer.Serialize(piece)).Append("}}\n\n");
            }

            stream.Append("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n");
            stream.Append("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":1}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
            var events = AnthropicAnswer.Read(Encoding.UTF8.GetBytes(stream.ToString()));
            Assert.Equal(Arguments, string.Concat(events.OfType<StreamEvent.ArgumentsDelta>().Select(a => a.Json)));
            Assert.IsType<StreamEvent.Ended>(events[^1]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void F03_ParallelCalls_Interleaved_StayApart(int count)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var events = new List<StreamEvent> { new StreamEvent.Started(null, null, TokenUsage.Unknown) };
            var waiting = new List<Queue<StreamEvent>>();
            var expected = new List<string>();
            for (var part = 0; part < count; part++)
            {
                // Ids missing and ids given twice: the client still needs one for each call.
                var id = seed % 3 == 0 ? "" : seed % 3 == 1 ? "call_same" : "call_" + part;
                events.Add(new StreamEvent.PartStarted(part, PartShape.ToolCall) { Id = id, Name = "t" + part });
                var json = "{\"n\":" + part + ",\"text\":\"" + new string((char)('a' + part), random.Next(20)) + "\"}";
                var queue = new Queue<StreamEvent>();
                for (var at = 0; at < json.Length;)
                {
                    var length = Math.Min(random.Next(1, 9), json.Length - at);
                    queue.Enqueue(new StreamEvent.ArgumentsDelta(part, json.Substring(at, length)));
                    at += length;
                }

                queue.Enqueue(new StreamEvent.PartEnded(part));
                waiting.Add(queue);
                expected.Add("t" + part + " " + json);
            }

            while (waiting.Count > 0)
            {
                var next = waiting[random.Next(waiting.Count)];
                events.Add(next.Dequeue());
                if (next.Count == 0)
                {
                    waiting.Remove(next);
                }
            }

            events.Add(new StreamEvent.Stopped(StopReason.EndTurn, null));
            events.Add(new StreamEvent.Ended());
            var written = AnthropicAnswer.Write(events);
            Assert.Null(AnthropicAnswer.Grammar(written));
            var blocks = AnthropicAnswer.OfStream(written).Blocks.Select(b => b.Split(' ', 3)).ToList();
            Assert.Equal(expected, blocks.Select(b => b[2]));
            Assert.Equal(count, blocks.Select(b => b[1]).Distinct().Count());
            Assert.All(blocks, b => Assert.Matches("^[a-zA-Z0-9_-]{1,64}$", b[1]));
        }
    }

    private static bool SplitsPair(int at) => at > 0 && at < Arguments.Length && char.IsHighSurrogate(Arguments[at - 1]);

    // An answer as readers make it: text, thinking and calls whose events interleave, empty deltas among them.
    private static (List<StreamEvent> Events, List<string> Blocks) RandomAnswer(Random random)
    {
        var events = new List<StreamEvent>();
        if (random.Next(4) > 0)
        {
            events.Add(new StreamEvent.Started("chatcmpl-1", "m", TokenUsage.Unknown));
        }

        var open = new List<(int Part, PartShape Shape)>();
        var content = new SortedDictionary<int, (PartShape Shape, StringBuilder Text, string Signature)>();
        for (var steps = random.Next(25); steps > 0 || open.Count > 0; steps--)
        {
            if (steps > 0 && random.Next(3) == 0)
            {
                var shape = (PartShape[])[PartShape.Text, PartShape.Thinking, PartShape.ToolCall, PartShape.Refusal, PartShape.RedactedThinking];
                var started = new StreamEvent.PartStarted(content.Count, shape[random.Next(shape.Length)]) { Id = "call_" + content.Count, Name = "t", Data = "sealed" };
                events.Add(started);
                open.Add((started.Part, started.Shape));
                content.Add(started.Part, (started.Shape, new StringBuilder(), ""));
                continue;
            }

            if (open.Count == 0)
            {
                continue;
            }

            var at = random.Next(open.Count);
            var (part, of) = open[at];
            if (steps <= 0 || random.Next(4) == 0)
            {
                events.Add(new StreamEvent.PartEnded(part));
                open.RemoveAt(at);
                continue;
            }

            var piece = random.Next(4) == 0 ? "" : "w" + random.Next(100).ToString(CultureInfo.InvariantCulture) + "\n";
            var entry = content[part];
            switch (of)
            {
                case PartShape.Thinking when random.Next(4) == 0:
                    events.Add(new StreamEvent.SignatureDelta(part, piece));
                    content[part] = entry with { Signature = entry.Signature + piece };
                    break;
                case PartShape.Thinking:
                    events.Add(new StreamEvent.ThinkingDelta(part, piece));
                    entry.Text.Append(piece);
                    break;
                case PartShape.ToolCall:
                    events.Add(new StreamEvent.ArgumentsDelta(part, piece));
                    entry.Text.Append(piece);
                    break;
                case PartShape.Text or PartShape.Refusal:
                    events.Add(new StreamEvent.TextDelta(part, piece));
                    entry.Text.Append(piece);
                    break;
                default:
                    break;
            }
        }

        if (random.Next(2) == 0)
        {
            events.Add(new StreamEvent.UsageReported(new TokenUsage { Input = 5, Output = 6 }));
        }

        events.Add(new StreamEvent.Stopped(random.Next(2) == 0 ? StopReason.EndTurn : StopReason.ToolUse, null));
        events.Add(new StreamEvent.UsageReported(new TokenUsage { Input = 11, CacheRead = 22, CacheWrite5m = 33, Output = 44 }));
        events.Add(new StreamEvent.Ended());
        return (events, [.. content.Select(Expected).OfType<string>()]);
    }

    private static string? Expected(KeyValuePair<int, (PartShape Shape, StringBuilder Text, string Signature)> part)
    {
        var (shape, builder, signature) = part.Value;
        var text = builder.ToString();
        return shape switch
        {
            PartShape.Thinking => text.Length + signature.Length == 0 ? null : $"thinking {text} [{signature}]",
            PartShape.RedactedThinking => "redacted sealed",
            PartShape.ToolCall => "tool call_" + part.Key + " t " + AnthropicAnswer.Canonical(text),
            _ => text.Length == 0 ? null : "text " + text,
        };
    }

    private static StreamEvent AnyEvent(Random random)
    {
        var part = random.Next(4);
        return random.Next(12) switch
        {
            0 => new StreamEvent.Started(random.Next(2) == 0 ? null : "a\"b", null, new TokenUsage { Input = random.Next(3) }),
            1 or 2 or 3 => new StreamEvent.PartStarted(part, (PartShape)random.Next(6))
            {
                Json = random.Next(2) == 0 ? RawJson.FromText("""{"type":"server_tool_use","id":"s","name":"n","input":{}}""") : default,
                From = random.Next(2) == 0 ? WireProtocol.AnthropicMessages : null,
            },
            4 => new StreamEvent.TextDelta(part, "half \ud83d"),
            5 => new StreamEvent.ThinkingDelta(part, "t"),
            6 => new StreamEvent.SignatureDelta(part, "s"),
            7 => new StreamEvent.ArgumentsDelta(part, "{"),
            8 => new StreamEvent.CitationDelta(part, RawJson.FromText("{\"type\":\"x\"}")) { From = random.Next(2) == 0 ? WireProtocol.AnthropicMessages : null },
            9 => new StreamEvent.PartEnded(part),
            10 => new StreamEvent.ReasoningDetails(part, RawJson.FromText("""[{"type":"reasoning.text","text":"t","signature":"s","format":"anthropic-claude-v1"}]""")),
            _ => random.Next(3) == 0 ? new StreamEvent.Failed(new UpstreamError(ErrorKind.UpstreamError, "x")) : new StreamEvent.Stopped((StopReason)random.Next(7), "stop"),
        };
    }
}
