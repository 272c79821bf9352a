using System.Buffers.Binary;
using System.Text;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>
/// One message of <c>application/vnd.amazon.eventstream</c>: total length, headers' length, CRC-32 of those eight bytes, headers, payload, CRC-32 of all before it.
/// https://smithy.io/2.0/aws/amazon-eventstream.html
/// </summary>
internal static class EventStreamFrame
{
    private const int PreludeBytes = 12;

    /// <summary>The type of a header whose value is a string.</summary>
    private const byte StringHeader = 7;

    private static readonly uint[] Table = MakeTable();

    public static byte[] Event(string type, ReadOnlySpan<byte> payload) => Write([(":event-type", type), (":content-type", "application/json"), (":message-type", "event")], payload);

    public static byte[] Exception(string type, ReadOnlySpan<byte> payload) => Write([(":exception-type", type), (":content-type", "application/json"), (":message-type", "exception")], payload);

    public static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> frame) => frame[(PreludeBytes + (int)BinaryPrimitives.ReadUInt32BigEndian(frame[4..]))..^4];

    /// <summary>The frame's headers around another payload, with checksums that fit.</summary>
    public static byte[] WithPayload(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> payload) =>
        Write(frame.Slice(PreludeBytes, (int)BinaryPrimitives.ReadUInt32BigEndian(frame[4..])), payload);

    private static byte[] Write((string Name, string Value)[] headers, ReadOnlySpan<byte> payload)
    {
        var bytes = new List<byte>();
        foreach (var (name, value) in headers)
        {
            bytes.Add((byte)name.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(name));
            bytes.Add(StringHeader);
            bytes.Add((byte)(value.Length >> 8));
            bytes.Add((byte)value.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(value));
        }

        return Write([.. bytes], payload);
    }

    private static byte[] Write(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[PreludeBytes + headers.Length + payload.Length + 4];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Crc32(frame.AsSpan(0, 8)));
        headers.CopyTo(frame.AsSpan(PreludeBytes));
        payload.CopyTo(frame.AsSpan(PreludeBytes + headers.Length));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Crc32(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] MakeTable()
    {
        // The reversed polynomial of IEEE 802.3.
        const uint Polynomial = 0xEDB88320;
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
            }

            table[i] = value;
        }

        return table;
    }
}

/// <summary>Amazon's binary framing, for the faults.</summary>
internal sealed class EventStreamShape : StreamShape
{
    public static readonly EventStreamShape Instance = new();

    public override string ContentType => "application/vnd.amazon.eventstream";

    /// <summary>A prelude that promises more than two gigabytes, and text.</summary>
    public override byte[] Garbage => [0x80, 0, 0, 0, 0, 0, 0, 0x10, 1, 2, 3, 4, .. "this is no frame"u8];

    /// <summary>Broken JSON in a frame that is right; with the variant <c>crc</c> right JSON in a frame whose last checksum is wrong.</summary>
    public override byte[] Break(ReadOnlySpan<byte> frame, string? variant)
    {
        if (variant == "crc")
        {
            var damaged = frame.ToArray();
            damaged[^1] ^= 0xFF;
            return damaged;
        }

        return EventStreamFrame.WithPayload(frame, EventStreamFrame.Payload(frame)[..^1]);
    }
}
