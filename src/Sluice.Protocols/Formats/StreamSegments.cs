using System.Buffers;

namespace Sluice.Protocols.Formats;

/// <summary>Client bytes in order, cut into runs of one role each. Reused from frame to frame: <see cref="Clear"/> keeps the memory, up to 16 KiB.</summary>
public sealed class StreamSegments : IBufferWriter<byte>
{
    // One large event must not be remembered in memory by a stream that then idles.
    private const int LargestKept = 16 * 1024;

    private ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly List<(SegmentRole Role, int End)> _ends = [];

    /// <summary>How many runs there are.</summary>
    public int Count => _ends.Count;

    /// <summary>Bytes of all runs, and of what is not marked yet.</summary>
    public int WrittenCount => _bytes.WrittenCount;

    /// <summary>Run number <paramref name="index"/>; its bytes are valid until <see cref="Clear"/> or the next write.</summary>
    public (SegmentRole Role, ReadOnlyMemory<byte> Bytes) this[int index]
    {
        get
        {
            var start = index == 0 ? 0 : _ends[index - 1].End;
            var (role, end) = _ends[index];
            return (role, _bytes.WrittenMemory[start..end]);
        }
    }

    /// <summary>Says that all bytes written since the last call mean <paramref name="role"/>; does nothing when there are none.</summary>
    public void Mark(SegmentRole role)
    {
        var start = _ends.Count == 0 ? 0 : _ends[^1].End;
        if (_bytes.WrittenCount <= start)
        {
            return;
        }

        // Content behind content is one run. Pieces of tool calls stay apart: the last of them is held.
        if (role == SegmentRole.Content && _ends.Count > 0 && _ends[^1].Role == role)
        {
            _ends[^1] = (role, _bytes.WrittenCount);
        }
        else
        {
            _ends.Add((role, _bytes.WrittenCount));
        }
    }

    /// <summary>Adds a run without bytes before those that are not marked yet: <paramref name="role"/> is true from here on, though the bytes that follow mean something else (a tool call is complete because the next one starts).</summary>
    public void Signal(SegmentRole role) => _ends.Add((role, _ends.Count == 0 ? 0 : _ends[^1].End));

    /// <summary>Forgets all runs.</summary>
    public void Clear()
    {
        if (_bytes.Capacity > LargestKept)
        {
            _bytes = new ArrayBufferWriter<byte>(1024);
        }

        _bytes.ResetWrittenCount();
        _ends.Clear();
    }

    /// <inheritdoc/>
    public void Advance(int count) => _bytes.Advance(count);

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);
}
