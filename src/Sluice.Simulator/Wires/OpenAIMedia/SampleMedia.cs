using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>Small files of each kind, made in code: the same bytes for the same request, and valid as far as their heads go.</summary>
internal static class SampleMedia
{
    /// <summary>Bytes per second of the WAV files: 8 kHz, 8 bit, one channel.</summary>
    public const int WavBytesPerSecond = 8000;

    /// <summary>A PNG of one pixel whose grey is <paramref name="shade"/>.</summary>
    public static byte[] Png(byte shade)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(file, "IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
        using (var packed = new MemoryStream())
        {
            using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                zlib.Write([0, shade]);
            }

            Chunk(file, "IDAT", packed.ToArray());
        }

        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>A WAV file of silence.</summary>
    public static byte[] Wav(int milliseconds)
    {
        var samples = WavBytesPerSecond * milliseconds / 1000;
        var file = new byte[44 + samples];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), 36 + samples);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), WavBytesPerSecond);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), WavBytesPerSecond);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), 8);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), samples);
        file.AsSpan(44).Fill(0x80);
        return file;
    }

    /// <summary>The head of an MP4 file and a box that names what it was made for.</summary>
    public static byte[] Mp4(string label)
    {
        using var file = new MemoryStream();
        Box(file, "ftyp", [.. "isom"u8, 0, 0, 2, 0, .. "isommp41"u8]);
        Box(file, "mdat", Encoding.UTF8.GetBytes(label));
        return file.ToArray();
    }

    private static void Box(MemoryStream file, string type, byte[] content)
    {
        Span<byte> size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, 8 + content.Length);
        file.Write(size);
        file.Write(Encoding.ASCII.GetBytes(type));
        file.Write(content);
    }

    private static void Chunk(MemoryStream file, string type, byte[] content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. content];
        file.Write(named);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(named));
        file.Write(number);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
            }
        }

        return ~crc;
    }
}
