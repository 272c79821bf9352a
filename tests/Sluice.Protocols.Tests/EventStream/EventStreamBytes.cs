using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.EventStream;
using Sluice.Protocols.Sse;
using Sluice.Testing;

namespace Sluice.Protocols.Tests.EventStream;

/// <summary>Writes and reads event-stream frames without any code of the product: sums bit by bit, headers by a list.</summary>
internal static class EventStreamBytes
{
    public sealed record Message(IReadOnlyDictionary<string, string> Headers, byte[] Payload, byte[] Raw)
    {
        public string? Header(string name) => Headers.GetValueOrDefault(name);
    }

    public static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum & 1) != 0 ? (sum >> 1) ^ 0xEDB88320u : sum >> 1;
            }
        }

        return sum ^ 0xFFFFFFFFu;
    }

    public static byte[] Encode(byte[] headers, byte[] payload)
    {
        var frame = new byte[16 + headers.Length + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Sum(frame.AsSpan(0, 8)));
        headers.CopyTo(frame, 12);
        payload.CopyTo(frame, 12 + headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Sum(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    public static byte[] Text(string name, string value)
    {
        var (n, v) = (Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        return [(byte)n.Length, .. n, 7, (byte)(v.Length >> 8), (byte)v.Length, .. v];
    }

    public static byte[] Event(string type, string payload) =>
        Encode([.. Text(":event-type", type), .. Text(":content-type", "application/json"), .. Text(":message-type", "event")], Encoding.UTF8.GetBytes(payload));

    public static byte[] Exception(string type, string payload) =>
        Encode([.. Text(":exception-type", type), .. Text(":content-type", "application/json"), .. Text(":message-type", "exception")], Encoding.UTF8.GetBytes(payload));

    public static byte[] Chunk(string anthropicEvent) =>
        Event("chunk", $$"""{"bytes":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(anthropicEvent))}}","p":"abc"}""");

    /// <summary>Every frame of a whole stream; fails the test where one is not right.</summary>
    public static List<Message> Parse(byte[] stream)
    {
        var messages = new List<Message>();
        for (var at = 0; at < stream.Length;)
        {
            var total = (int)BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(at));
            var headersLength = (int)BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(at + 4));
            var raw = stream.AsSpan(at, total).ToArray();
            Xunit.Assert.Equal(Sum(raw.AsSpan(0, 8)), BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(8)));
            Xunit.Assert.Equal(Sum(raw.AsSpan(0, total - 4)), BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(total - 4)));
            var headers = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var h = 12; h < 12 + headersLength;)
            {
                var name = Encoding.UTF8.GetString(raw, h + 1, raw[h]);
                h += 1 + raw[h];
                Xunit.Assert.Equal(7, raw[h]);
                var length = BinaryPrimitives.ReadUInt16BigEndian(raw.AsSpan(h + 1));
                headers[name] = Encoding.UTF8.GetString(raw, h + 3, length);
                h += 3 + length;
            }

            messages.Add(new Message(headers, raw[(12 + headersLength)..^4], raw));
            at += total;
        }

        return messages;
    }

    /// <summary>The Anthropic events inside the chunks of a stream.</summary>
    public static List<string> Chunks(byte[] stream)
    {
        var events = new List<string>();
        foreach (var message in Parse(stream).Where(m => m.Header(":event-type") == "chunk"))
        {
            using var payload = JsonDocument.Parse(message.Payload);
            events.Add(Encoding.UTF8.GetString(payload.RootElement.GetProperty("bytes").GetBytesFromBase64()));
        }

        return events;
    }

    /// <summary>Feeds the product's reader in pieces; copies each frame while its memory is valid.</summary>
    public static List<(string Raw, string Event, string Data)> Read(byte[] stream, EventStreamContent content, IEnumerable<int>? pieces = null, int maxFrame = EventStreamReader.DefaultMaxFrame)
    {
        var frames = new List<(string, string, string)>();
        using var reader = new EventStreamReader(content, maxFrame);
        var done = 0;
        foreach (var piece in (pieces ?? []).Append(stream.Length))
        {
            var length = Math.Min(piece, stream.Length - done);
            if (length > 0 && !reader.Overflowed)
            {
                stream.AsSpan(done, length).CopyTo(reader.GetMemory(length).Span);
                reader.Advance(length);
                done += length;
            }

            while (reader.TryRead(out var frame))
            {
                frames.Add(Copy(frame));
            }

            reader.ReleaseIfEmpty();
        }

        if (reader.TryReadRest(out var last))
        {
            frames.Add(Copy(last));
        }

        return frames;
    }

    public static byte[]? Recorded(string folder)
    {
        var path = SharedData.PathOf("recordings", folder, "response.eventstream");
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    public static Xunit.TheoryData<string> Rows(IEnumerable<string> rows)
    {
        var data = new Xunit.TheoryData<string>();
        foreach (var row in rows)
        {
            data.Add(row);
        }

        if (!SharedData.Exists)
        {
            // One row that skips, so that the gap is seen.
            data.Add("missing");
        }

        return data;
    }

    public static void SkipWithoutData()
    {
        if (!SharedData.Exists)
        {
            Xunit.Assert.Skip(SharedData.MissingReason);
        }
    }

    private static (string, string, string) Copy(in SseFrame frame) =>
        (Encoding.Latin1.GetString(frame.Raw.Span), Encoding.UTF8.GetString(frame.Event.Span), Encoding.UTF8.GetString(frame.Data.Span));
}
