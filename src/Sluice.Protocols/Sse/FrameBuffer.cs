using System.Buffers;

namespace Sluice.Protocols.Sse;

/// <summary>
/// The bytes of a stream that have come and are not yet taken as frames: one rented array that grows with the largest frame and is given back while a stream
/// is idle. Who owns it releases it.
/// </summary>
/// <param name="maxFrame">Bytes that one frame may have.</param>
internal struct FrameBuffer(int maxFrame)
{
    private const int SmallestBuffer = 4096;

    private byte[] _bytes = [];
    private int _start;
    private int _end;

    /// <summary>Bytes that are not taken yet.</summary>
    public readonly int Length => _end - _start;

    /// <summary>The same, to be looked at.</summary>
    public readonly ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Length);

    /// <summary>A part of them; offsets count from the first that is not taken.</summary>
    public readonly ReadOnlyMemory<byte> Slice(int start, int length) => _bytes.AsMemory(_start + start, length);

    /// <summary>Room for at least <paramref name="hint"/> more bytes. Ends the life of what was taken.</summary>
    public Memory<byte> GetMemory(int hint)
    {
        if (_start == _end)
        {
            Clear();
        }

        hint = Math.Max(hint, 1);
        if (_bytes.Length - _end < hint)
        {
            MakeRoom(hint);
        }

        return _bytes.AsMemory(_end);
    }

    /// <summary>So many bytes were written into the memory from <see cref="GetMemory"/>.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _end);
        _end += count;
    }

    /// <summary>Takes the first bytes. Their memory stays until the next <see cref="GetMemory"/> or <see cref="Release"/>.</summary>
    public void Take(int length) => _start += length;

    /// <summary>Forgets all bytes and keeps the memory.</summary>
    public void Clear() => _start = _end = 0;

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        Return(ref _bytes);
        Clear();
    }

    /// <summary>Gives an array back, if it was rented.</summary>
    public static void Return(ref byte[] rented)
    {
        if (rented.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
            rented = [];
        }
    }

    private void MakeRoom(int hint)
    {
        var buffered = Length;
        if (_start > 0 && _bytes.Length - buffered >= hint)
        {
            _bytes.AsSpan(_start, buffered).CopyTo(_bytes);
        }
        else
        {
            // Doubling keeps the copying linear; the frame limit bounds it.
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBuffer, Math.Max(buffered + hint, Math.Min(buffered * 2, maxFrame))));
            _bytes.AsSpan(_start, buffered).CopyTo(larger);
            Return(ref _bytes);
            _bytes = larger;
        }

        _start = 0;
        _end = buffered;
    }
}
