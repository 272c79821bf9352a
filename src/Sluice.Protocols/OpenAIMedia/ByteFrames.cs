using System.Buffers;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>An answer that has no frames: whatever has come is one.</summary>
public sealed class ByteFrames : IFrameReader
{
    private byte[] _buffer = [];
    private int _length;

    /// <inheritdoc/>
    public bool Overflowed => false;

    /// <inheritdoc/>
    public int Buffered => _length;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int hint)
    {
        if (_buffer.Length - _length < hint)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_length + hint);
            _buffer.AsSpan(0, _length).CopyTo(larger);
            Return();
            _buffer = larger;
        }

        return _buffer.AsMemory(_length);
    }

    /// <inheritdoc/>
    public void Advance(int count) => _length += count;

    /// <inheritdoc/>
    public bool TryRead(out SseFrame frame)
    {
        frame = new SseFrame(_buffer.AsMemory(0, _length), default, default);
        var any = _length > 0;
        _length = 0;
        return any;
    }

    /// <inheritdoc/>
    public bool TryReadRest(out SseFrame frame) => TryRead(out frame);

    /// <inheritdoc/>
    public void ReleaseIfEmpty()
    {
        if (_length == 0)
        {
            Return();
            _buffer = [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Return();
        _buffer = [];
        _length = 0;
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
