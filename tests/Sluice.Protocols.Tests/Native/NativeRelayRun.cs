using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.Sse;

namespace Sluice.Protocols.Tests.Native;

/// <summary>Runs a whole stream through a native relay and keeps what came out.</summary>
internal sealed class NativeRelayRun
{
    public List<byte> Output { get; } = [];

    /// <summary>Role and text of each run, in order.</summary>
    public List<(SegmentRole Role, string Text)> Runs { get; } = [];

    public UpstreamError? Error { get; private set; }

    /// <summary>Raw JSON of each usage object that the relay handed to the usage reader.</summary>
    public List<string> UsageObjects { get; } = [];

    public required IStreamRelay Relay { get; init; }

    public IEnumerable<SegmentRole> Roles => Runs.Select(r => r.Role);

    public static NativeRelayRun Of(WireProtocol protocol, ReadOnlySpan<byte> stream, IEnumerable<int> pieces, bool dropUsage = false, bool checkUsage = true, bool dropNulls = false)
    {
        NativeRelayRun? run = null;
        run = new NativeRelayRun
        {
            Relay = NativeRelays.CreateStream(protocol, new NativeStreamOptions
            {
                DropUsageChunk = dropUsage,
                DropNullMembers = dropNulls,
                ReadError = data => new UpstreamError(ErrorKind.UpstreamError, Encoding.UTF8.GetString(data.Span)),
                ReadUsage = (usage, previous) =>
                {
                    run!.UsageObjects.Add(Encoding.UTF8.GetString(usage));
                    return checkUsage ? Count(usage, previous) : previous;
                },
            }),
        };
        var segments = new StreamSegments();
        Feeding.Run(stream, pieces, (in SseFrame frame) =>
        {
            if (run.Error is null)
            {
                run.Error = run.Relay.Advance(frame, segments);
                run.Take(segments);
            }
        });
        if (run.Error is null)
        {
            run.Error = run.Relay.Complete(segments);
            run.Take(segments);
        }

        return run;
    }

    public static NativeRelayRun Of(WireProtocol protocol, string stream, bool dropUsage = false, bool dropNulls = false)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        return Of(protocol, bytes, [bytes.Length], dropUsage, dropNulls: dropNulls);
    }

    private void Take(StreamSegments segments)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            var (role, bytes) = segments[i];
            Output.AddRange(bytes.Span);
            Runs.Add((role, Encoding.UTF8.GetString(bytes.Span)));
        }

        segments.Clear();
    }

    private static TokenUsage Count(ReadOnlySpan<byte> usage, TokenUsage previous)
    {
        using var document = JsonDocument.Parse(usage.ToArray());
        long? Number(string name) => document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;
        return previous with
        {
            Input = Number("input_tokens") ?? Number("prompt_tokens") ?? previous.Input,
            Output = Number("output_tokens") ?? Number("completion_tokens") ?? previous.Output,
        };
    }
}
