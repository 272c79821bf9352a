using System.Buffers;
using System.Text;
using Sluice.Protocols;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;

namespace Sluice.Bench.Micro;

/// <summary>One thing that is measured; shared by the benchmarks and by the allocation check.</summary>
/// <param name="Name">Stable: a key of <c>allocations.json</c>.</param>
/// <param name="Operations">How many operations one call of <paramref name="Run"/> does (events of a stream; 1 for a body).</param>
/// <param name="Run">Does them.</param>
internal sealed record Scenario(string Name, int Operations, Action Run)
{
    private const int Events = 1000;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [.. Scans(), .. Readers(), .. Relays(), .. PairScenarios.All(), .. Requests(), .. PlanScenarios.All()];

    /// <summary>Finds one.</summary>
    public static Scenario Named(string name) => All.First(s => s.Name == name);

    private static IEnumerable<Scenario> Scans()
    {
        foreach (var (name, size, tools) in new[] { ("5KB", 5_000, 4), ("87KB", 87_000, 25), ("600KB", 600_000, 110) })
        {
            var body = Samples.AgentBody(size, tools);
            yield return new Scenario($"scan-{name}", 1, () => EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, body));
            var output = new ArrayBufferWriter<byte>(body.Length + 1024);
            yield return new Scenario($"edit-{name}", 1, () =>
            {
                var envelope = EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, body).Envelope!;
                output.ResetWrittenCount();
                BodyEdits.ForModel(envelope, body, "upstream-model").CopyTo(body, output);
            });
        }

        // The same agent's request as clients of other formats write it; the scanner asks what a member means of the format alone.
        foreach (var protocol in new[] { WireProtocol.OpenAIChat, WireProtocol.OpenAIResponses, WireProtocol.Gemini })
        {
            var request = WireFormats.Of(WireProtocol.AnthropicMessages).ReadRequest(Samples.AgentBody(87_000, 25)).Value!;
            var written = new ArrayBufferWriter<byte>();
            WireFormats.Upstream(protocol).WriteRequest(request, new UpstreamTarget("upstream-model", ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), written);
            var body = written.WrittenSpan.ToArray();
            yield return new Scenario($"scan-87KB-{protocol}", 1, () => EnvelopeScanner.Scan(protocol, body));
        }
    }

    private static IEnumerable<Scenario> Readers()
    {
        var stream = Samples.AnthropicStream(Events);
        yield return new Scenario("sse-reader", Events, () => Pump(stream, static (in SseFrame _) => { }));
    }

    private static IEnumerable<Scenario> Relays()
    {
        foreach (var (name, protocol, stream) in new[]
        {
            ("anthropic", WireProtocol.AnthropicMessages, Samples.AnthropicStream(Events)),
            ("chat", WireProtocol.OpenAIChat, Samples.ChatStream(Events, padded: false)),
            ("chat-padded", WireProtocol.OpenAIChat, Samples.ChatStream(Events, padded: true)),
            ("chat-tools", WireProtocol.OpenAIChat, Samples.ChatToolStream(Events)),
        })
        {
            var options = NativeStreamOptions.For(protocol, ChatDialect.Generic);
            var segments = new StreamSegments();
            yield return new Scenario($"relay-{name}", Events, () => Relay(NativeRelays.CreateStream(protocol, options), stream, segments));
        }
    }

    private static IEnumerable<Scenario> Requests()
    {
        foreach (var (name, size, tools) in new[] { ("5KB", 5_000, 4), ("600KB", 600_000, 110) })
        {
            var body = Samples.AgentBody(size, tools);
            var output = new ArrayBufferWriter<byte>(body.Length * 2);
            var upstream = new UpstreamTarget("upstream-model", ChatDialect.Generic, ModelTraits.Unknown);
            yield return new Scenario($"translate-request-{name}", 1, () =>
            {
                var request = WireFormats.Of(WireProtocol.AnthropicMessages).ReadRequest(body).Value!;
                output.ResetWrittenCount();
                WireFormats.Of(WireProtocol.OpenAIChat).WriteRequest(request, upstream, new DegradationLog(), output);
            });
        }
    }

    private static void Relay(IStreamRelay relay, byte[] stream, StreamSegments segments)
    {
        Pump(stream, (in SseFrame frame) =>
        {
            if (relay.Advance(frame, segments) is not null)
            {
                throw new InvalidOperationException("The sample stream is broken.");
            }

            segments.Clear();
        });
    }

    private delegate void FrameAction(in SseFrame frame);

    // Reads of 4 KB, as Kestrel and the socket handler hand them out in a burst.
    private static void Pump(byte[] stream, FrameAction onFrame)
    {
        using var reader = new SseReader();
        for (var done = 0; done < stream.Length;)
        {
            var memory = reader.GetMemory(4096);
            var length = Math.Min(Math.Min(4096, memory.Length), stream.Length - done);
            stream.AsSpan(done, length).CopyTo(memory.Span);
            reader.Advance(length);
            done += length;
            while (reader.TryRead(out var frame))
            {
                onFrame(frame);
            }
        }
    }
}

/// <summary>Made-up traffic of the shape and size of real traffic.</summary>
internal static class Samples
{
    private const string Prose = "The build fails because the generated client still refers to the old name; rename it in both places, run the tests of that folder first, and only then the whole suite. ";

    /// <summary>A coding agent's request: system text, tools with schemas, a conversation with tool results.</summary>
    public static byte[] AgentBody(int size, int tools)
    {
        var body = new StringBuilder("{\"model\":\"claude-sonnet-4-6\",\"max_tokens\":32000,\"stream\":true,\"thinking\":{\"type\":\"adaptive\"},\"metadata\":{\"user_id\":\"{\\\"session_id\\\":\\\"0f1e2d\\\"}\"},");
        body.Append("\"system\":[{\"type\":\"text\",\"text\":\"").Append(Prose).Append("\",\"cache_control\":{\"type\":\"ephemeral\"}}],\"tools\":[");
        var toolSize = size / 2 / tools;
        for (var i = 0; i < tools; i++)
        {
            body.Append(i > 0 ? "," : "").Append("{\"name\":\"tool_").Append(i).Append("\",\"description\":\"");
            for (var left = toolSize - 420; left > 0; left -= Prose.Length)
            {
                body.Append(Prose);
            }

            body.Append("\",\"input_schema\":{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"properties\":{\"file_path\":{\"description\":\"The absolute path to the file\",\"type\":\"string\"},\"offset\":{\"description\":\"The line to start at\",\"type\":\"number\",\"minimum\":0},\"limit\":{\"type\":\"number\"}},\"required\":[\"file_path\"],\"additionalProperties\":false}}");
        }

        body.Append("],\"messages\":[{\"role\":\"user\",\"content\":\"Fix the build.\"}");
        for (var turn = 0; body.Length < size; turn++)
        {
            body.Append(",{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"I will look.\"},{\"type\":\"tool_use\",\"id\":\"toolu_").Append(turn).Append("\",\"name\":\"tool_1\",\"input\":{\"file_path\":\"/src/a.cs\"}}]}");
            body.Append(",{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_").Append(turn).Append("\",\"content\":\"");
            for (var line = 0; line < 40; line++)
            {
                body.Append(line).Append("\\t    if (value == \\\"").Append(turn).Append("\\\") { return await ReadAsync(path, token); }\\n");
            }

            body.Append("\"}]}");
        }

        return Encoding.UTF8.GetBytes(body.Append("]}").ToString());
    }

    /// <summary>Text deltas between the events that open and close a message.</summary>
    public static byte[] AnthropicStream(int events)
    {
        var stream = new StringBuilder("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":7}}}\n\n"
            + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
        for (var i = 0; i < events - 2; i++)
        {
            stream.Append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word").Append(i).Append("\\n and\"}}\n\n");
        }

        return Encoding.UTF8.GetBytes(stream.ToString());
    }

    /// <summary>Content chunks as OpenAI writes them, with or without its random padding.</summary>
    public static byte[] ChatStream(int events, bool padded)
    {
        var stream = new StringBuilder();
        for (var i = 0; i < events; i++)
        {
            stream.Append("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1780693557,\"model\":\"gpt-5.2\",\"service_tier\":\"default\",\"system_fingerprint\":null,\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word")
                .Append(i).Append("\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null");
            stream.Append(padded ? ",\"obfuscation\":\"" + new string('x', i % 9) + "\"}\n\n" : "}\n\n");
        }

        return Encoding.UTF8.GetBytes(stream.ToString());
    }

    /// <summary>Fragments of one tool call's arguments.</summary>
    public static byte[] ChatToolStream(int events)
    {
        var stream = new StringBuilder();
        for (var i = 0; i < events; i++)
        {
            stream.Append("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1780693557,\"model\":\"gpt-5.2\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\" word")
                .Append(i).Append("\"}}]},\"finish_reason\":null}]}\n\n");
        }

        return Encoding.UTF8.GetBytes(stream.ToString());
    }
}
