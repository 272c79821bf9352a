using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Native;

/// <summary>
/// Walks over JSON bytes by their quotes and brackets alone. It proves that strings are closed and that brackets pair up to a depth of 512,
/// and counts on the way what routing wants to know; it does not prove that everything between is JSON, which the upstream does anyway.
/// </summary>
internal ref struct JsonWalk(ReadOnlySpan<byte> body)
{
    /// <summary>Deepest nesting: twice what any schema seen in traffic has, and small enough for a recursive parser upstream.</summary>
    public const int MaxDepth = 512;

    // Base64 shorter than this is no media worth telling from text.
    private const int ShortestMedia = 256;

    private static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\\"u8);

    private readonly ReadOnlySpan<byte> _body = body;
    private OpenBrackets _open;

    /// <summary>Where the walk stands.</summary>
    public int Position { get; set; }

    /// <summary>What was wrong, null while nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>What was seen inside values since the last reset.</summary>
    public WalkCounts Counts;

    /// <summary>Goes to the next byte that is not white space; -1 at the end of the body.</summary>
    public int PeekToken()
    {
        var position = Position;
        while (position < _body.Length)
        {
            var b = _body[position];
            if (b > (byte)' ' || (b != (byte)' ' && b != (byte)'\n' && b != (byte)'\r' && b != (byte)'\t'))
            {
                Position = position;
                return b;
            }

            position++;
        }

        Position = position;
        return -1;
    }

    /// <summary>Stands on a quote: passes the string and returns its span, quotes included.</summary>
    public BodySpan String()
    {
        var start = Position;
        var end = StringEnd(start);
        if (end < 0)
        {
            Fault = "A string is not closed.";
            return default;
        }

        Position = end;
        return new BodySpan(start, end - start);
    }

    /// <summary>Stands on the first byte of a value: passes it and returns its span.</summary>
    public BodySpan Value()
    {
        var start = Position;
        switch (_body[start])
        {
            case (byte)'"':
                var text = String();
                Counts.TextBytes += Math.Max(0, text.Length - 2);
                return text;
            case (byte)'{' or (byte)'[':
                Nested();
                return Fault is null ? new BodySpan(start, Position - start) : default;
            default:
                var length = _body[start..].IndexOfAny(",}] \n\r\t"u8);
                length = length < 0 ? _body.Length - start : length;
                if (!IsScalar(_body.Slice(start, length)))
                {
                    Fault = "A value is not JSON.";
                    return default;
                }

                Position = start + length;
                return new BodySpan(start, length);
        }
    }

    private void Nested()
    {
        // The body's own brace is depth 1 and belongs to the caller.
        var depth = 1;
        var block = Position;
        var lastStart = 0;
        var lastEnd = 0;
        while (block < _body.Length)
        {
            // One bit for each quote and bracket of the next 32 bytes; those inside strings are masked out as the strings are passed.
            var marks = Marks(block);
            var next = block + Vector256<byte>.Count;
            while (marks != 0)
            {
                var position = block + BitOperations.TrailingZeroCount(marks);
                marks &= marks - 1;
                var b = _body[position];
                if (b == (byte)'"')
                {
                    var end = StringEnd(position);
                    if (end < 0)
                    {
                        Fault = "A string is not closed.";
                        return;
                    }

                    Note(position, end, lastStart, lastEnd, depth);
                    lastStart = position;
                    lastEnd = end;
                    if (end >= next)
                    {
                        next = end;
                        break;
                    }

                    marks &= uint.MaxValue << (end - block);
                    continue;
                }

                if (b is (byte)'{' or (byte)'[')
                {
                    depth++;
                    if (depth > MaxDepth)
                    {
                        Fault = "The body is nested deeper than 512 levels.";
                        return;
                    }

                    _open.Set(depth, b == (byte)'{');
                    if (depth == 3)
                    {
                        Counts.Opened(position);
                    }

                    continue;
                }

                if (_open.IsObject(depth) != (b == (byte)'}'))
                {
                    Fault = "Brackets do not pair up.";
                    return;
                }

                depth--;
                if (depth <= 2)
                {
                    if (depth == 1)
                    {
                        Position = position + 1;
                        return;
                    }

                    Counts.Closed(position + 1);
                }
            }

            block = next;
        }

        Fault = "A bracket is not closed.";
    }

    private readonly uint Marks(int position)
    {
        var block = Load(position);
        var folded = block | Vector256.Create((byte)0x20);
        var found = Vector256.Equals(block, Vector256.Create((byte)'"'))
            | Vector256.Equals(folded, Vector256.Create((byte)'{'))
            | Vector256.Equals(folded, Vector256.Create((byte)'}'));
        return found.ExtractMostSignificantBits();
    }

    // Behind the body stand zeros, which are no marks.
    private readonly Vector256<byte> Load(int position)
    {
        if (position <= _body.Length - Vector256<byte>.Count)
        {
            return Vector256.LoadUnsafe(in MemoryMarshal.GetReference(_body), (nuint)position);
        }

        Span<byte> padded = stackalloc byte[Vector256<byte>.Count];
        padded.Clear();
        _body[position..].CopyTo(padded);
        return Vector256.Create<byte>(padded);
    }

    // A string was passed, and the one before it: names are told from values by the colon behind them.
    private void Note(int start, int end, int lastStart, int lastEnd, int depth)
    {
        if (end < _body.Length && _body[end] == (byte)':')
        {
            if (end - start == 15 && _body.Slice(start + 1, 13).SequenceEqual("cache_control"u8) && NextIs(end + 1, (byte)'{'))
            {
                Counts.CacheMarks++;
            }

            Counts.NameBytes += end - start - 2;
            return;
        }

        var length = end - start - 2;
        Counts.TextBytes += length;
        Counts.Texts++;
        if (lastEnd - lastStart is 11 or 6 or 18 or 19)
        {
            NoteProof(_body.Slice(start + 1, length), _body.Slice(lastStart + 1, lastEnd - lastStart - 2));
        }

        if (length >= ShortestMedia)
        {
            NoteLong(start + 1, length, lastStart, lastEnd);
        }
        else if (length == 10 && lastEnd - lastStart == 12 && _body.Slice(start + 1, 10).SequenceEqual("text/plain"u8) && _body.Slice(lastStart + 1, 10).SequenceEqual("media_type"u8))
        {
            // A document whose text stands there as it is: it has no pages.
            Counts.TextDocuments++;
        }
        else if (length is 5 or 9 or 8 or 4 or 10 or 11 && depth is 5 or 7 && lastEnd - lastStart == 6 && _body.Slice(lastStart + 1, 4).SequenceEqual("type"u8))
        {
            // Parts of a message stand at depth 5, parts of a tool result at 7; a tool's arguments may hold the same words elsewhere.
            switch (_body.Slice(start + 1, length))
            {
                case var type when type.SequenceEqual("image"u8) || type.SequenceEqual("image_url"u8) || type.SequenceEqual("input_image"u8):
                    Counts.Images++;
                    break;
                case var type when type.SequenceEqual("document"u8) || type.SequenceEqual("file"u8) || type.SequenceEqual("input_file"u8):
                    Counts.Documents++;
                    break;
            }
        }
        else if (depth is 6 or 9 && length is >= 9 and <= 15 && lastEnd - lastStart is 10 or 11
            && _body[lastStart + 1] == (byte)'m' && (_body.Slice(lastStart + 1, 8).SequenceEqual("mimeType"u8) || _body.Slice(lastStart + 1, 9).SequenceEqual("mime_type"u8)))
        {
            // Gemini's inlineData and fileData, in a part or in the parts of a tool result.
            var type = _body.Slice(start + 1, length);
            Counts.Images += type.StartsWith("image/"u8) ? 1 : 0;
            Counts.Documents += type.SequenceEqual("application/pdf"u8) ? 1 : 0;
        }
    }

    // Proof that no vendor takes: none at all, or another vendor's as Sluice handed it to the client. In Gemini's bodies it is base64
    // of the same beginning.
    private void NoteProof(ReadOnlySpan<byte> value, ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("encrypted_index"u8))
        {
            Counts.ForeignProofs += value.StartsWith("sluice1."u8) ? 1 : 0;
        }
        else if (name.Length >= 16)
        {
            Counts.ForeignProofs += name.SequenceEqual("encrypted_content"u8) ? (value.StartsWith("sluice1."u8) ? 1 : 0)
                : SignatureCarrier.IsCarriedInBase64(value) && (name.SequenceEqual("thoughtSignature"u8) || name.SequenceEqual("thought_signature"u8)) ? 1 : 0;
        }
        else if (name.SequenceEqual("signature"u8) ? value.IsEmpty || value.StartsWith("sluice1."u8) : name.SequenceEqual("data"u8) && value.StartsWith("sluice1."u8))
        {
            Counts.ForeignProofs++;
        }
    }

    private void NoteLong(int start, int length, int lastStart, int lastEnd)
    {
        var text = _body.Slice(start, length);
        if (text.StartsWith("data:"u8))
        {
            var comma = text[..ShortestMedia].IndexOf((byte)',');
            if (comma > 0 && text[..comma].EndsWith(";base64"u8))
            {
                AddMedia(text[(comma + 1)..], text[..comma].IndexOf("pdf"u8) >= 0);
            }

            return;
        }

        // Signatures are no tokens of the prompt, and as long as a page of it. Sealed search results are: the vendor opens them.
        var name = lastEnd > lastStart ? _body[(lastStart + 1)..(lastEnd - 1)] : default;
        Counts.SealedBytes += name.SequenceEqual("encrypted_content"u8) ? length : 0;
        if ((name.SequenceEqual("signature"u8) || name.SequenceEqual("encrypted_content"u8) || name.SequenceEqual("data"u8) || name.SequenceEqual("file_data"u8)) && text[..ShortestMedia].IndexOfAnyExcept(Base64) < 0)
        {
            AddMedia(text, text.StartsWith("JVBERi"u8));
        }
    }

    private void AddMedia(ReadOnlySpan<byte> base64, bool pdf)
    {
        Counts.MediaBytes += base64.Length;
        Counts.PdfBytes += pdf ? base64.Length : 0;
        if (!pdf && ImageSize.Read(base64) is { } size)
        {
            Counts.SizedImages++;
            Counts.ImageTokens += TokenEstimate.OfImage(size.Width, size.Height);
        }
    }

    private readonly bool NextIs(int position, byte wanted)
    {
        while (position < _body.Length && _body[position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            position++;
        }

        return position < _body.Length && _body[position] == wanted;
    }

    // One past the closing quote of the string that opens at start; -1 when it is not closed. Blocks with backslashes are resolved with the
    // bit arithmetic of simdjson (arXiv:1902.08318, section 3.1.1), since code in tool results has one every few bytes.
    private int StringEnd(int start)
    {
        const uint OddBits = 0xAAAAAAAA;
        var firstIsEscaped = 0u;
        for (var position = start + 1; position < _body.Length; position += Vector256<byte>.Count)
        {
            var block = Load(position);
            var quotes = Vector256.Equals(block, Vector256.Create((byte)'"')).ExtractMostSignificantBits();
            var backslashes = Vector256.Equals(block, Vector256.Create((byte)'\\')).ExtractMostSignificantBits();
            if ((backslashes | firstIsEscaped) == 0)
            {
                if (quotes != 0)
                {
                    return position + BitOperations.TrailingZeroCount(quotes) + 1;
                }

                continue;
            }

            var potential = backslashes & ~firstIsEscaped;
            var ends = (((potential << 1) | OddBits) - potential) ^ OddBits;
            var escaped = ends ^ (backslashes | firstIsEscaped);
            var escapes = ends & backslashes;
            firstIsEscaped = escapes >> 31;
            quotes &= ~escaped;
            if (quotes != 0)
            {
                var at = BitOperations.TrailingZeroCount(quotes);
                Counts.Escapes += BitOperations.PopCount(escapes & ((1u << at) - 1));
                return position + at + 1;
            }

            Counts.Escapes += BitOperations.PopCount(escapes);
        }

        return -1;
    }

    private static bool IsScalar(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("true"u8) || value.SequenceEqual("false"u8) || value.SequenceEqual("null"u8)
        || (value.Length > 0 && (value[0] == (byte)'-' || char.IsAsciiDigit((char)value[0])) && value.IndexOfAnyExcept("0123456789+-.eE"u8) < 0);
}

/// <summary>What a walk saw inside values.</summary>
internal struct WalkCounts
{
    /// <summary>Objects and arrays that stand directly in a top-level array.</summary>
    public int Elements;

    /// <summary>Where the first of them stand.</summary>
    public FirstElements First;

    /// <summary><c>cache_control</c> members that are objects.</summary>
    public int CacheMarks;

    /// <summary>Signatures that are empty, or that carry another vendor's.</summary>
    public int ForeignProofs;

    /// <summary>Image parts.</summary>
    public int Images;

    /// <summary>Document and file parts.</summary>
    public int Documents;

    /// <summary>The part of <see cref="Documents"/> that is plain text.</summary>
    public int TextDocuments;

    /// <summary>Encoded pictures whose size could be read.</summary>
    public int SizedImages;

    /// <summary>Tokens of those pictures.</summary>
    public long ImageTokens;

    /// <summary>Bytes of string values, escapes as they stand, media included.</summary>
    public long TextBytes;

    /// <summary>Bytes of member names.</summary>
    public long NameBytes;

    /// <summary>String values.</summary>
    public int Texts;

    /// <summary>Backslashes that escape something.</summary>
    public int Escapes;

    /// <summary>Bytes of string values that are encoded data, no text.</summary>
    public long MediaBytes;

    /// <summary>The part of <see cref="MediaBytes"/> that is the sealed text of search results.</summary>
    public long SealedBytes;

    /// <summary>The part of <see cref="MediaBytes"/> that is PDF.</summary>
    public long PdfBytes;

    /// <summary>An element begins here.</summary>
    public void Opened(int position)
    {
        if (Elements < FirstElements.Most)
        {
            First[Elements] = new BodySpan(position, 0);
        }

        Elements++;
    }

    /// <summary>The last element ends before this.</summary>
    public void Closed(int end)
    {
        if (Elements <= FirstElements.Most)
        {
            ref var element = ref First[Elements - 1];
            element = new BodySpan(element.Start, end - element.Start);
        }
    }
}

/// <summary>Where the first elements of a list stand.</summary>
[System.Runtime.CompilerServices.InlineArray(Most)]
internal struct FirstElements
{
    /// <summary>Elements.</summary>
    public const int Most = 4;

    private BodySpan _first;
}

/// <summary>Which brackets are open, one bit for each level.</summary>
[System.Runtime.CompilerServices.InlineArray(Words)]
internal struct OpenBrackets
{
    private const int Words = (JsonWalk.MaxDepth / 64) + 1;

    private ulong _first;

    /// <summary>Notes what was opened at a depth.</summary>
    public void Set(int depth, bool isObject)
    {
        ref var word = ref this[depth >> 6];
        var bit = 1UL << (depth & 63);
        word = isObject ? word | bit : word & ~bit;
    }

    /// <summary>An object, not an array, is open at a depth.</summary>
    public readonly bool IsObject(int depth) => (this[depth >> 6] & (1UL << (depth & 63))) != 0;
}
