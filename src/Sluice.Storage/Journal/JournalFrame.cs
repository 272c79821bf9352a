using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Sluice.Storage.Journal;

/// <summary>What a record is.</summary>
internal enum JournalRecordType : byte
{
    AttemptStarted = 1,
    AttemptSettled = 2,
    RequestSettled = 3,

    /// <summary>As <see cref="AttemptSettled"/>, with the units of images, sound and video behind it.</summary>
    MediaAttemptSettled = 4,
}

/// <summary>
/// The frame around each record, little endian:
/// <code>u32 length of type and payload · u32 CRC-32C of them · u8 type · payload</code>
/// </summary>
internal static class JournalFrame
{
    public const int HeaderLength = 8;

    /// <summary>No record is longer: every text in it is bounded. A larger length is damage, and must not make the reader allocate.</summary>
    public const int MaxLength = 1024 * 1024;

    public static void WriteHeader(Span<byte> frame)
    {
        var body = frame[HeaderLength..];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Checksum(body));
    }

    /// <summary>Reads the frame at the start of <paramref name="data"/>.</summary>
    /// <returns>Its whole length; 0 when more bytes are needed; -1 when it is damaged.</returns>
    public static int TryRead(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (data.Length < HeaderLength)
        {
            return 0;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (length is 0 or > MaxLength)
        {
            return -1;
        }

        if (data.Length - HeaderLength < length)
        {
            return 0;
        }

        body = data.Slice(HeaderLength, (int)length);
        return BinaryPrimitives.ReadUInt32LittleEndian(data[4..]) == Checksum(body) ? HeaderLength + (int)length : -1;
    }

    /// <summary>CRC-32C (Castagnoli), as iSCSI and ext4 use it; one processor instruction for 8 bytes.</summary>
    public static uint Checksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var octet in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        return ~crc;
    }
}
