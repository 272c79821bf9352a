using System.Buffers.Binary;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>How long a sound is, in milliseconds, for vendors that charge by it and do not say.</summary>
public static class SoundLength
{
    // 64 kbit/s: what speech is commonly kept in. It stands in only where neither the file nor the vendor says more.
    private const long BytesPerSecond = 8_000;

    // 150 words a minute of six letters: what speech is estimated from when the vendor reports nothing.
    private const long CharactersPerSecond = 15;

    /// <summary>An estimate from the size of a file in any of the packed formats.</summary>
    public static long OfBytes(long bytes) => bytes * 1000 / BytesPerSecond;

    /// <summary>An estimate of how long it takes to speak a text.</summary>
    public static long OfText(long characters) => characters * 1000 / CharactersPerSecond;

    /// <summary>Exact length of a WAV file: <c>RIFF….WAVEfmt …data…</c>; null for anything else.</summary>
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
            if (chunk.StartsWith("fmt "u8) && chunk.Length >= 20)
            {
                bytesPerSecond = BinaryPrimitives.ReadUInt32LittleEndian(chunk[16..]);
            }
            else if (chunk.StartsWith("data"u8))
            {
                // Streamed files give a size that nobody knew yet: what is there counts.
                return bytesPerSecond == 0 ? null : Math.Min(size, chunk.Length - 8) * 1000 / bytesPerSecond;
            }

            if (size > int.MaxValue - 16 - at)
            {
                return null;
            }

            at += 8 + (int)size + (int)(size & 1);
        }

        return null;
    }
}
