using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Takes binary event streams apart: 4 bytes whole length, 4 of headers, 4 of checksum, headers, payload, 4 of checksum.</summary>
internal static class EventFrames
{
    /// <summary>Type (of an event, or of an exception with <c>!</c> before it) and payload of each frame; stops at what is none.</summary>
    public static IEnumerable<(string Type, byte[] Payload)> Split(byte[] stream)
    {
        for (var at = 0; at + 16 <= stream.Length;)
        {
            var total = (int)BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(at));
            var headers = (int)BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(at + 4));
            if (at + total > stream.Length || Sum(stream.AsSpan(at, total - 4)) != BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(at + total - 4)))
            {
                yield return ("!damaged", []);
                yield break;
            }

            var type = "";
            for (var h = at + 12; h < at + 12 + headers;)
            {
                var name = Encoding.UTF8.GetString(stream, h + 1, stream[h]);
                h += 1 + stream[h] + 1;
                var length = BinaryPrimitives.ReadUInt16BigEndian(stream.AsSpan(h));
                var value = Encoding.UTF8.GetString(stream, h + 2, length);
                h += 2 + length;
                type = name switch { ":event-type" => value, ":exception-type" => "!" + value, _ => type };
            }

            yield return (type, stream[(at + 12 + headers)..(at + total - 4)]);
            at += total;
        }
    }

    /// <summary>The server-sent events, as Anthropic would send them, of an InvokeModel stream's chunks.</summary>
    public static byte[] AsMessagesStream(byte[] stream)
    {
        var events = new StringBuilder();
        foreach (var (type, payload) in Split(stream))
        {
            using var document = JsonDocument.Parse(type == "chunk" ? payload : "{}"u8.ToArray());
            var json = type == "chunk" ? Encoding.UTF8.GetString(document.RootElement.GetProperty("bytes").GetBytesFromBase64()) : """{"type":"error"}""";
            using var inner = JsonDocument.Parse(json);
            events.Append("event: ").Append(inner.RootElement.Text("type")).Append("\ndata: ").Append(json).Append("\n\n");
        }

        return Encoding.UTF8.GetBytes(events.ToString());
    }

    // CRC-32 of IEEE 802.3, bit by bit.
    private static uint Sum(ReadOnlySpan<byte> bytes)
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

        return ~sum;
    }
}
