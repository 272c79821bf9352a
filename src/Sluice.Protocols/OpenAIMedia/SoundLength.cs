using System.Buffers.Binary;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>How long a sound is, in milliseconds, for vendors that charge by it and do not say.</summary>
public static class SoundLength
{
    // 64 kbit/s: what speech is commonly kept in. It stands in only where neither the file nor the vendor says more.
    private const long BytesPerSecond = 8_000;

    // Eight channels of 32 bit at 192 kHz: no sound has more. A header that says so would make an hour a moment.
    private const long MostBytesPerSecond = 8 * 4 * 192_000;

    // 150 words a minute of six letters: what speech is estimated from when the vendor reports nothing.
    private const long CharactersPerSecond = 15;

    /// <summary>An estimate from the size of a file in any of the packed formats.</summary>
    public static long OfBytes(long bytes) => bytes * 1000 / BytesPerSecond;

    /// <summary>An estimate of how long it takes to speak a text.</summary>
    public static long OfText(long characters) => characters * 1000 / CharactersPerSecond;

    /// <summary>Length of a WAV file by its rate, channels and bits: <c>RIFF….WAVEfmt …data…</c>; null for anything else. The header's own bytes a second are what no decoder reads.</summary>
    public static long? OfWav(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || !file.StartsWith("RIFF"u8) || !file[8..].StartsWith("WAVE"u8))
        {
            return null;
        }

        long bytesPerSecond = 0;
        for (var at = 12; at + 8 <= file.Length;)
        {
            var chunk = file[at..];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk.StartsWith("fmt "u8) && chunk.Length >= 24)
            {
                bytesPerSecond = BytesPerSecondOf(chunk[8..]);
            }
            else if (chunk.StartsWith("data"u8))
            {
                // Streamed files give a size that nobody knew yet, 0 or the largest: what is there counts.
                return bytesPerSecond == 0 ? null : (size == 0 ? chunk.Length - 8 : Math.Min(size, chunk.Length - 8)) * 1000 / bytesPerSecond;
            }

            if (size > int.MaxValue - 16 - at)
            {
                return null;
            }

            at += 8 + (int)size + (int)(size & 1);
        }

        return null;
    }

    // format, channels, samples a second, bytes a second, bytes a frame, bits a sample. Packed sound (no bits) goes by its own bytes a second.
    private static long BytesPerSecondOf(ReadOnlySpan<byte> format)
    {
        long channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        long rate = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]);
        long bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        var bytes = bits >= 8 ? rate * channels * (bits / 8) : BinaryPrimitives.ReadUInt32LittleEndian(format[8..]);
        return Math.Min(bytes, MostBytesPerSecond);
    }
}
