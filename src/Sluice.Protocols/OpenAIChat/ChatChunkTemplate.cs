using System.Buffers;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// The bytes of a plain text chunk around its text. A later chunk with the same bytes around another text that is not empty says nothing
/// else, so it need not be parsed. OpenAI pads chunks with a random <c>obfuscation</c> member at the end, Mistral
/// with <c>p</c>; its value may differ too.
/// </summary>
internal sealed class ChatChunkTemplate
{
    // Chunks around short texts are some 200 to 400 bytes; a larger frame is not worth remembering.
    private const int Largest = 2048;

    private static readonly SearchValues<byte> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"u8);

    private byte[] _around = [];
    private int _prefix;
    private int _suffix;
    private bool _padded;

    /// <summary>Where the text stands in data that fits.</summary>
    public int TextStart => _prefix;

    /// <summary>Bytes of the text when <paramref name="data"/> fits the template; 0 when it does not.</summary>
    public int Match(ReadOnlySpan<byte> data)
    {
        if (_prefix == 0 || !data.StartsWith(_around.AsSpan(0, _prefix)))
        {
            return 0;
        }

        var text = data[_prefix..];
        var length = 0;
        while (true)
        {
            var skip = text[length..].IndexOfAny((byte)'"', (byte)'\\');
            if (skip < 0)
            {
                return 0;
            }

            length += skip;
            if (text[length] == (byte)'"')
            {
                break;
            }

            length += 2;
            if (length >= text.Length)
            {
                return 0;
            }
        }

        var rest = text[length..];
        var suffix = _around.AsSpan(_prefix, _suffix);
        if (!_padded)
        {
            return rest.SequenceEqual(suffix) ? length : 0;
        }

        if (!rest.StartsWith(suffix) || !rest.EndsWith("\"}"u8) || rest.Length < suffix.Length + 2)
        {
            return 0;
        }

        return rest[suffix.Length..^2].IndexOfAnyExcept(Plain) < 0 ? length : 0;
    }

    /// <summary>Remembers what stands around <paramref name="text"/>, the value of the chunk's only text between its quotes.</summary>
    public void Learn(ReadOnlySpan<byte> data, Range? text)
    {
        _prefix = 0;
        if (text is not { } span)
        {
            return;
        }

        var (start, length) = span.GetOffsetAndLength(data.Length);
        var rest = data[(start + length)..];
        if (start + rest.Length > Largest)
        {
            return;
        }

        var marker = rest.IndexOf("\"obfuscation\":\""u8) >= 0 ? "\"obfuscation\":\""u8 : ",\"p\":\""u8;
        var padding = rest.LastIndexOf(marker);
        _padded = padding >= 0 && rest.EndsWith("\"}"u8) && rest[(padding + marker.Length)..^2].IndexOfAnyExcept(Plain) < 0;
        _suffix = _padded ? padding + marker.Length : rest.Length;
        if (_around.Length < start + _suffix)
        {
            // One array a stream, of the size that this stream needs.
            _around = new byte[start + _suffix + 64];
        }

        data[..start].CopyTo(_around);
        rest[.._suffix].CopyTo(_around.AsSpan(start));
        _prefix = start;
    }
}
