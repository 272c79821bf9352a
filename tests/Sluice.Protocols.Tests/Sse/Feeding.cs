using Sluice.Protocols.Sse;
using Sluice.Testing;

namespace Sluice.Protocols.Tests.Sse;

/// <summary>Feeds bytes to a reader in pieces of chosen lengths, as a network would, and hands out each frame while its memory is valid.</summary>
internal static class Feeding
{
    public delegate void FrameAction(in SseFrame frame);

    public static void Run(ReadOnlySpan<byte> input, IEnumerable<int> pieces, FrameAction onFrame, bool release = false)
    {
        using var reader = new SseReader();
        var done = 0;
        foreach (var piece in pieces)
        {
            var length = Math.Min(piece, input.Length - done);
            if (length > 0)
            {
                input.Slice(done, length).CopyTo(reader.GetMemory(length).Span);
                reader.Advance(length);
                done += length;
            }

            Drain(reader, onFrame);
            if (release)
            {
                reader.ReleaseIfEmpty();
            }
        }

        var rest = input[done..];
        if (rest.Length > 0)
        {
            rest.CopyTo(reader.GetMemory(rest.Length).Span);
            reader.Advance(rest.Length);
            Drain(reader, onFrame);
        }

        if (reader.TryReadRest(out var last))
        {
            onFrame(last);
        }
    }

    public static IEnumerable<int> OneByOne(int length) => Enumerable.Repeat(1, length);

    /// <summary>The recorded network reads; empty where the recording has none.</summary>
    public static int[] NetworkChunks(Recording recording) =>
        recording.Meta().TryGetProperty("network_chunk_lengths", out var lengths) && lengths.ValueKind == System.Text.Json.JsonValueKind.Array
            ? [.. lengths.EnumerateArray().Select(e => e.GetInt32())]
            : [];

    private static void Drain(SseReader reader, FrameAction onFrame)
    {
        while (reader.TryRead(out var frame))
        {
            onFrame(frame);
        }
    }
}
