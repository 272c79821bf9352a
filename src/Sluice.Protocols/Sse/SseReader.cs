using System.Buffers;

namespace Sluice.Protocols.Sse;

/// <summary>
/// Cuts a byte stream into server-sent events without copying them: feed it through <see cref="GetMemory"/> and <see cref="Advance"/>, take
/// frames with <see cref="TryRead"/> until it says no. The frames' raw bytes, put together, are the input. Line ends may be LF, CRLF or CR,
/// and the input may be split anywhere. One stream, one thread.
/// </summary>
public sealed class SseReader : IFrameReader
{
    /// <summary>Largest frame by default: 16 MiB, several times the largest tool call or image that any vendor streams.</summary>
    public const int DefaultMaxFrame = 16 * 1024 * 1024;

    private readonly int _maxFrame;
    private FrameBuffer _buffer;
    private byte[] _joined = [];

    // The state of the frame under way, so that a frame that arrives in many pieces is searched once.
    private int _line;
    private int _scan;
    private int _eventStart;
    private int _eventLength;
    private int _dataStart;
    private int _dataLength;
    private int _dataLines;
    private bool _lastLineEndedWithCr;

    // A frame was released at a CR that ended the buffer: an LF that comes next belongs to that CR and is no blank line.
    private bool _skipLineFeed;
    private bool _begun;

    /// <summary>Makes a reader that holds no memory yet.</summary>
    /// <param name="maxFrame">Bytes that one frame may have before <see cref="Overflowed"/>.</param>
    public SseReader(int maxFrame = DefaultMaxFrame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrame, 1);
        _maxFrame = maxFrame;
        _buffer = new FrameBuffer(maxFrame);
    }

    /// <summary>A frame grew beyond the limit; nothing more can be read.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>Bytes fed and not yet taken as frames.</summary>
    public int Buffered => _buffer.Length;

    /// <summary>Room for at least <paramref name="hint"/> more bytes. Ends the life of the last frame's memory.</summary>
    /// <exception cref="InvalidOperationException">After <see cref="Overflowed"/>.</exception>
    public Memory<byte> GetMemory(int hint)
    {
        if (Overflowed)
        {
            throw new InvalidOperationException("The stream's frame limit was exceeded; it cannot be read on.");
        }

        return _buffer.GetMemory(hint);
    }

    /// <summary>Says that <paramref name="count"/> bytes were written into the memory from <see cref="GetMemory"/>.</summary>
    public void Advance(int count) => _buffer.Advance(count);

    /// <summary>Takes the next whole frame, its blank line included. Its memory is valid until the next call of this, <see cref="GetMemory"/> or <see cref="ReleaseIfEmpty"/>.</summary>
    public bool TryRead(out SseFrame frame)
    {
        var bytes = _buffer.Span;
        if (_skipLineFeed && bytes.Length > 0)
        {
            _skipLineFeed = false;
            if (bytes[0] == (byte)'\n')
            {
                _line = _scan = 1;
            }
        }

        while (true)
        {
            var found = bytes[_scan..].IndexOfAny((byte)'\n', (byte)'\r');
            if (found < 0)
            {
                _scan = bytes.Length;
                break;
            }

            var lineEnd = _scan + found;
            var next = lineEnd + 1;
            var endsWithCr = false;
            var blank = lineEnd == LineStart(bytes);
            if (bytes[lineEnd] == (byte)'\r')
            {
                if (next == bytes.Length)
                {
                    // Whether an LF follows is not known yet. Where the line before ended with a lone CR it will hardly come, and waiting
                    // for it would hold an event back until the next one; in a CRLF stream it is on its way.
                    if (!blank || !_lastLineEndedWithCr)
                    {
                        _scan = lineEnd;
                        break;
                    }

                    _skipLineFeed = true;
                    endsWithCr = true;
                }
                else if (bytes[next] == (byte)'\n')
                {
                    next++;
                }
                else
                {
                    endsWithCr = true;
                }
            }

            if (blank)
            {
                frame = Take(next);
                return true;
            }

            ReadLine(bytes, LineStart(bytes), lineEnd);
            _lastLineEndedWithCr = endsWithCr;
            _line = _scan = next;
        }

        Overflowed |= bytes.Length > _maxFrame;
        frame = default;
        return false;
    }

    /// <summary>The upstream closed: takes what stands there without a blank line as the last frame. False when nothing is left.</summary>
    public bool TryReadRest(out SseFrame frame)
    {
        var bytes = _buffer.Span;
        if (bytes.IsEmpty)
        {
            frame = default;
            return false;
        }

        var lineEnd = bytes[^1] == (byte)'\r' ? bytes.Length - 1 : bytes.Length;
        var lineStart = LineStart(bytes);
        if (lineEnd > lineStart)
        {
            ReadLine(bytes, lineStart, lineEnd);
        }

        frame = Take(bytes.Length);
        return true;
    }

    /// <summary>Gives the memory back while nothing is buffered: an idle stream then holds none.</summary>
    public void ReleaseIfEmpty()
    {
        if (Buffered == 0)
        {
            ReleaseBuffers();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ReleaseBuffers();

    // A byte order mark may stand before the first line; it stays in the raw bytes.
    private int LineStart(ReadOnlySpan<byte> bytes) =>
        !_begun && _line == 0 && bytes.StartsWith("\uFEFF"u8) ? 3 : _line;

    private void ReadLine(ReadOnlySpan<byte> bytes, int start, int end)
    {
        var line = bytes[start..end];
        if (line.StartsWith("data:"u8))
        {
            AddData(bytes, ValueStart(line, 5) + start, end);
        }
        else if (line.StartsWith("event:"u8))
        {
            _eventStart = ValueStart(line, 6) + start;
            _eventLength = end - _eventStart;
        }
        else if (line.SequenceEqual("data"u8))
        {
            AddData(bytes, end, end);
        }
    }

    private static int ValueStart(ReadOnlySpan<byte> line, int afterColon) =>
        line.Length > afterColon && line[afterColon] == (byte)' ' ? afterColon + 1 : afterColon;

    private void AddData(ReadOnlySpan<byte> bytes, int start, int end)
    {
        _dataLines++;
        if (_dataLines == 1)
        {
            _dataStart = start;
            _dataLength = end - start;
            return;
        }

        // Only data of several lines is copied: its lines do not stand side by side.
        if (_dataLines == 2)
        {
            EnsureJoined(_dataLength, 0);
            bytes.Slice(_dataStart, _dataLength).CopyTo(_joined);
        }

        var added = bytes[start..end];
        EnsureJoined(_dataLength + 1 + added.Length, _dataLength);
        _joined[_dataLength] = (byte)'\n';
        added.CopyTo(_joined.AsSpan(_dataLength + 1));
        _dataLength += 1 + added.Length;
    }

    private void EnsureJoined(int size, int keep)
    {
        if (_joined.Length >= size)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(size, _joined.Length * 2));
        _joined.AsSpan(0, keep).CopyTo(larger);
        FrameBuffer.Return(ref _joined);
        _joined = larger;
    }

    private SseFrame Take(int length)
    {
        var data = _dataLines > 1
            ? _joined.AsMemory(0, _dataLength)
            : _buffer.Slice(_dataStart, _dataLength);
        var frame = new SseFrame(_buffer.Slice(0, length), _buffer.Slice(_eventStart, _eventLength), data);
        _buffer.Take(length);
        _line = _scan = 0;
        _eventStart = _eventLength = _dataStart = _dataLength = _dataLines = 0;
        _lastLineEndedWithCr = false;
        _begun = true;
        return frame;
    }

    private void ReleaseBuffers()
    {
        _buffer.Release();
        FrameBuffer.Return(ref _joined);
    }
}
