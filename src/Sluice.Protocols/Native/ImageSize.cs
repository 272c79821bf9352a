using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Sluice.Protocols.Native;

/// <summary>Width and height of a picture from the first bytes of its base64, since vendors charge for pixels and not for bytes. Never throws.</summary>
internal static class ImageSize
{
    // Segments before a JPEG's frame: metadata and thumbnails; cameras write a dozen.
    private const int MostSegments = 64;

    /// <summary>Null where the bytes are no PNG, JPEG, GIF or WebP, or their header is broken.</summary>
    public static (int Width, int Height)? Read(ReadOnlySpan<byte> base64)
    {
        Span<byte> head = stackalloc byte[32];
        if (!Decode(base64, 0, head))
        {
            return null;
        }

        var size = true switch
        {
            _ when head[1..].StartsWith("PNG\r\n"u8) => ((int, int)?)(BinaryPrimitives.ReadInt32BigEndian(head[16..]), BinaryPrimitives.ReadInt32BigEndian(head[20..])),
            _ when head.StartsWith("GIF8"u8) => (BinaryPrimitives.ReadUInt16LittleEndian(head[6..]), BinaryPrimitives.ReadUInt16LittleEndian(head[8..])),
            _ when head.StartsWith("RIFF"u8) && head[8..].StartsWith("WEBP"u8) => WebP(head),
            _ when head[0] == 0xFF && head[1] == 0xD8 => Jpeg(base64),
            _ => null,
        };
        return size is (> 0, > 0) ? size : null;
    }

    private static (int, int)? WebP(ReadOnlySpan<byte> head) => true switch
    {
        // Lossy: 14 bits each behind the frame's tag. Lossless: 14 bits each, less one, packed. Extended: 24 bits each, less one.
        _ when head[12..].StartsWith("VP8 "u8) => (BinaryPrimitives.ReadUInt16LittleEndian(head[26..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(head[28..]) & 0x3FFF),
        _ when head[12..].StartsWith("VP8L"u8) => ((int)(BinaryPrimitives.ReadUInt32LittleEndian(head[21..]) & 0x3FFF) + 1, (int)((BinaryPrimitives.ReadUInt32LittleEndian(head[21..]) >> 14) & 0x3FFF) + 1),
        _ when head[12..].StartsWith("VP8X"u8) => ((head[24] | (head[25] << 8) | (head[26] << 16)) + 1, (head[27] | (head[28] << 8) | (head[29] << 16)) + 1),
        _ => null,
    };

    // FF Cx: start of frame, with precision, height and width behind its length; every segment before it names its length.
    private static (int, int)? Jpeg(ReadOnlySpan<byte> base64)
    {
        var at = 2;
        Span<byte> segment = stackalloc byte[9];
        for (var i = 0; i < MostSegments && Decode(base64, at, segment) && segment[0] == 0xFF; i++)
        {
            if (segment[1] is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                return (BinaryPrimitives.ReadUInt16BigEndian(segment[7..]), BinaryPrimitives.ReadUInt16BigEndian(segment[5..]));
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(segment[2..]);
        }

        return null;
    }

    private static bool Decode(ReadOnlySpan<byte> base64, int offset, Span<byte> bytes)
    {
        var first = offset / 3 * 4;
        var skipped = offset % 3;
        var letters = (skipped + bytes.Length + 2) / 3 * 4;
        if (first + letters > base64.Length)
        {
            return false;
        }

        Span<byte> decoded = stackalloc byte[48];
        if (Base64.DecodeFromUtf8(base64.Slice(first, letters), decoded, out _, out var written, isFinalBlock: false) != OperationStatus.Done || written < skipped + bytes.Length)
        {
            return false;
        }

        decoded.Slice(skipped, bytes.Length).CopyTo(bytes);
        return true;
    }
}
