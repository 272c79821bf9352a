using System.Buffers;
using Sluice.Protocols;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.EventStream;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;

namespace Sluice.Bench.Micro;

/// <summary>A stream's event on its way from every upstream's format to every client's: relayed where both are the same, else translated.</summary>
internal static class PairScenarios
{
    private const int Events = 1000;

    private static readonly (string Name, WireProtocol Protocol, byte[] Stream)[] Upstreams =
    [
        ("anthropic", WireProtocol.AnthropicMessages, Samples.AnthropicStream(Events)),
        ("chat", WireProtocol.OpenAIChat, Samples.ChatStream(Events, padded: false)),
        ("responses", WireProtocol.OpenAIResponses, StreamSamples.Responses(Events)),
        ("gemini", WireProtocol.Gemini, StreamSamples.Gemini(Events)),
        ("converse", WireProtocol.BedrockConverse, StreamSamples.Converse(Events)),
    ];

    private static readonly (string Name, WireProtocol Protocol)[] Clients =
        [("anthropic", WireProtocol.AnthropicMessages), ("chat", WireProtocol.OpenAIChat), ("responses", WireProtocol.OpenAIResponses), ("gemini", WireProtocol.Gemini)];

    /// <summary>Relays of the formats that <see cref="Scenario"/> has none of, the binary reader, and every translated pair.</summary>
    public static IEnumerable<Scenario> All()
    {
        var converse = Upstreams[^1].Stream;
        yield return new Scenario("eventstream-reader", Events, () => Pump(converse, isBinary: true, static (in SseFrame _) => { }));
        var invoke = StreamSamples.Invoke(Events);
        yield return new Scenario("eventstream-reader-claude", Events, () => Pump(invoke, isBinary: true, static (in SseFrame _) => { }, EventStreamContent.ClaudeChunks));
        foreach (var upstream in Upstreams)
        {
            foreach (var client in Clients)
            {
                if (client.Protocol != upstream.Protocol)
                {
                    yield return Translated(upstream.Name, upstream.Protocol, upstream.Stream, client.Name, client.Protocol);
                }
                else if (client.Protocol is WireProtocol.OpenAIResponses or WireProtocol.Gemini)
                {
                    yield return Relayed(upstream.Name, upstream.Protocol, upstream.Stream);
                }
            }
        }
    }

    private static Scenario Relayed(string name, WireProtocol protocol, byte[] stream)
    {
        var options = NativeStreamOptions.For(protocol, ChatDialect.Generic);
        var segments = new StreamSegments();
        return new Scenario("relay-" + name, Events, () => Relay(NativeRelays.CreateStream(protocol, options), stream, isBinary: false, segments));
    }

    private static Scenario Translated(string fromName, WireProtocol from, byte[] stream, string toName, WireProtocol to)
    {
        var segments = new StreamSegments();
        var target = new ClientTarget("claude-sonnet-4-6", "gen-1");
        return new Scenario($"translate-{fromName}-to-{toName}", Events, () =>
        {
            var reader = WireFormats.Upstream(from).CreateStreamReader(ChatDialect.Generic);
            var writer = WireFormats.Client(to).CreateStreamWriter(target, new DegradationLog());
            Relay(new TranslatedRelay(reader, writer), stream, from == WireProtocol.BedrockConverse, segments);
        });
    }

    private static void Relay(IStreamRelay relay, byte[] stream, bool isBinary, StreamSegments segments)
    {
        Pump(stream, isBinary, (in SseFrame frame) =>
        {
            if (relay.Advance(frame, segments) is not null)
            {
                throw new InvalidOperationException("The sample stream is broken.");
            }

            segments.Clear();
        });
    }

    private delegate void FrameAction(in SseFrame frame);

    // Reads of 4 KB, as the socket handler hands them out in a burst.
    private static void Pump(byte[] stream, bool isBinary, FrameAction onFrame, EventStreamContent content = EventStreamContent.Events)
    {
        IFrameReader reader = isBinary ? new EventStreamReader(content) : new SseReader();
        using var owned = reader as IDisposable;
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
