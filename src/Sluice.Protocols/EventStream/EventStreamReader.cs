using Sluice.Protocols.Sse;

namespace Sluice.Protocols.EventStream;

/// <summary>What the frames of an event stream hold.</summary>
public enum EventStreamContent
{
    /// <summary>An event each, as Converse sends them: <see cref="SseFrame.Event"/> is its name, <see cref="SseFrame.Data"/> its JSON.</summary>
    Events,

    /// <summary>Claude's answer to InvokeModelWithResponseStream: an Anthropic event each, wrapped in base64; the frames come out as server-sent events.</summary>
    ClaudeChunks,
}

/// <summary>
/// Cuts <c>application/vnd.amazon.eventstream</c> into frames and proves both sums of each. A frame that is broken or cut comes out as one last
/// frame that every stream reader takes for a bad answer: <see cref="BrokenFrame"/> as its event, and data that is not JSON. Nothing here
/// throws on what a peer sends.
/// </summary>
public sealed class EventStreamReader : IFrameReader
{
    /// <summary>Largest frame by default: 16 MiB, AWS's own limit of a payload.</summary>
    public const int DefaultMaxFrame = 16 * 1024 * 1024;

    private readonly EventStreamContent _content;
    private readonly int _maxFrame;
    private readonly EventStreamText _text = new();
    private FrameBuffer _buffer;
    private bool _broken;

    /// <summary>Makes a reader that holds no memory yet.</summary>
    /// <param name="content">What the frames hold.</param>
    /// <param name="maxFrame">Bytes that one frame may have before <see cref="Overflowed"/>.</param>
    public EventStreamReader(EventStreamContent content, int maxFrame = DefaultMaxFrame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrame, 1);
        _content = content;
        _maxFrame = maxFrame;
        _buffer = new FrameBuffer(maxFrame);
    }

    /// <summary>The event name of the frame that stands for a broken one.</summary>
    public static ReadOnlySpan<byte> BrokenFrame => "broken-frame"u8;

    /// <summary>What stands before the event name of a frame by which the upstream reports a failure.</summary>
    public static ReadOnlySpan<byte> ExceptionPrefix => "exception:"u8;

    /// <inheritdoc/>
    public bool Overflowed { get; private set; }

    /// <inheritdoc/>
    public int Buffered => _buffer.Length;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int hint)
    {
        if (Overflowed)
        {
            throw new InvalidOperationException("The stream's frame limit was exceeded; it cannot be read on.");
        }

        // Behind a broken frame nobody knows where the next one starts.
        if (_broken)
        {
            _buffer.Clear();
        }

        return _buffer.GetMemory(hint);
    }

    /// <inheritdoc/>
    public void Advance(int count) => _buffer.Advance(count);

    /// <inheritdoc/>
    public bool TryRead(out SseFrame frame)
    {
        frame = default;
        if (_broken || Overflowed || Buffered < EventStreamMessage.PreludeLength)
        {
            return false;
        }

        var bytes = _buffer.Span;
        if (!EventStreamMessage.TryReadPrelude(bytes, out var total, out var headers))
        {
            frame = Broken("The provider sent a frame whose length is not what its checksum says.");
            return true;
        }

        if (total > _maxFrame)
        {
            Overflowed = true;
            return false;
        }

        if (bytes.Length < total)
        {
            return false;
        }

        var raw = _buffer.Slice(0, (int)total);
        if (!EventStreamMessage.TryRead(raw.Span, (int)headers, out var message))
        {
            frame = Broken("The provider sent a frame whose checksum or headers are wrong.");
            return true;
        }

        _buffer.Take((int)total);
        frame = Read(raw, message);
        return true;
    }

    /// <inheritdoc/>
    public bool TryReadRest(out SseFrame frame)
    {
        if (_broken || Buffered == 0)
        {
            frame = default;
            return false;
        }

        frame = Broken("The provider cut the stream inside a frame.");
        return true;
    }

    /// <inheritdoc/>
    public void ReleaseIfEmpty()
    {
        if (Buffered == 0)
        {
            Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _text.Release();
        _buffer.Release();
    }

    private SseFrame Read(ReadOnlyMemory<byte> raw, in EventStreamMessage message)
    {
        if (_content == EventStreamContent.ClaudeChunks)
        {
            var read = message.IsFailure ? ClaudeChunks.Failure(raw.Span, message, _text) : ClaudeChunks.Event(raw.Span[message.Payload], _text);
            return read ?? Broken("The provider sent a chunk that holds no event.");
        }

        if (!message.IsFailure)
        {
            return new SseFrame(raw, raw[message.Name], raw[message.Payload]);
        }

        _text.Clear();
        _text.Write(ExceptionPrefix);
        _text.Write(raw.Span[message.Name]);
        var name = _text.Length;
        if (raw.Span[message.Payload].IsEmpty)
        {
            // Failures of the framing itself have their words in a header.
            ClaudeChunks.WriteMessage(raw.Span[message.ErrorMessage], _text);
            return new SseFrame(raw, _text.Written[..name], _text.Written[name..]);
        }

        return new SseFrame(raw, _text.Written[..name], raw[message.Payload]);
    }

    private SseFrame Broken(string why)
    {
        _broken = true;
        _buffer.Clear();
        _text.Clear();
        _text.Write("event: "u8);
        _text.Write(BrokenFrame);
        _text.Write("\ndata: "u8);
        var data = _text.Length;
        _text.Write(System.Text.Encoding.ASCII.GetBytes(why));
        var end = _text.Length;
        _text.Write("\n\n"u8);
        return new SseFrame(_text.Written, _text.Written.Slice(7, BrokenFrame.Length), _text.Written[data..end]);
    }
}
