namespace Sluice.Protocols.EventStream;

/// <summary>CRC-32 as in Ethernet and zip (reflected, 0xEDB88320), which guards the frames of an AWS event stream.</summary>
internal static class Crc32
{
    // Four tables, so that four bytes go in one step: the sum is the only work that is done on every byte of a stream.
    private static readonly uint[] Table = Build();

    /// <summary>The sum over <paramref name="bytes"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var table = Table;
        var sum = uint.MaxValue;
        while (bytes.Length >= 4)
        {
            sum ^= System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            sum = table[768 + (int)(sum & 0xff)] ^ table[512 + (int)((sum >> 8) & 0xff)] ^ table[256 + (int)((sum >> 16) & 0xff)] ^ table[(int)(sum >> 24)];
            bytes = bytes[4..];
        }

        foreach (var b in bytes)
        {
            sum = (sum >> 8) ^ table[(int)((sum ^ b) & 0xff)];
        }

        return ~sum;
    }

    private static uint[] Build()
    {
        var table = new uint[1024];
        for (var i = 0; i < 256; i++)
        {
            var sum = (uint)i;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB88320;
            }

            table[i] = sum;
        }

        for (var i = 256; i < table.Length; i++)
        {
            table[i] = (table[i - 256] >> 8) ^ table[(int)(table[i - 256] & 0xff)];
        }

        return table;
    }
}
