using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

/// <summary>Amazon's event stream read by the letter of its specification, for tests: checksums bit by bit, no table.</summary>
internal sealed record EventStreamMessage(IReadOnlyDictionary<string, string> Headers, byte[] Payload)
{
    public string? Event => Headers.GetValueOrDefault(":event-type");

    public string? Exception => Headers.GetValueOrDefault(":exception-type");

    public JsonElement Json => JsonDocument.Parse(Payload).RootElement;

    public static IReadOnlyList<EventStreamMessage> Read(ReadOnlySpan<byte> bytes)
    {
        var messages = new List<EventStreamMessage>();
        while (!bytes.IsEmpty)
        {
            var total = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes);
            var headers = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
            Assert.True(total <= bytes.Length, "a frame is cut");
            Assert.Equal(Crc(bytes[..8]), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));
            Assert.Equal(Crc(bytes[..(total - 4)]), BinaryPrimitives.ReadUInt32BigEndian(bytes[(total - 4)..]));
            messages.Add(new(ReadHeaders(bytes.Slice(12, headers)), bytes[(12 + headers)..(total - 4)].ToArray()));
            bytes = bytes[total..];
        }

        return messages;
    }

    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
            }
        }

        return ~crc;
    }

    private static Dictionary<string, string> ReadHeaders(ReadOnlySpan<byte> bytes)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!bytes.IsEmpty)
        {
            var name = Encoding.ASCII.GetString(bytes.Slice(1, bytes[0]));
            bytes = bytes[(1 + bytes[0])..];
            Assert.Equal(7, bytes[0]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]);
            headers.Add(name, Encoding.UTF8.GetString(bytes.Slice(3, length)));
            bytes = bytes[(3 + length)..];
        }

        return headers;
    }
}
