using System.Buffers;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Relay;

/// <summary>
/// The content gate: holds a stream's bytes until the commit point, and after it the last piece of an unfinished tool call, so that no client
/// ever runs half a call. Bytes come out in the order in which they went in.
/// </summary>
internal sealed class StreamGate(TimeProvider time)
{
    // An unfinished tool call is held this long and this large (design: 10 s or 256 KiB); then the client may see it grow.
    private static readonly TimeSpan MaxToolHold = TimeSpan.FromSeconds(10);
    private const int MaxToolBytes = 256 * 1024;

    // Start events and hidden thinking are small; an upstream that sends more than this without any content is let through.
    private const int MaxPreamble = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _held = new(1024);
    private long _toolHeldSince;
    private int _toolBytes;
    private bool _inTool;

    /// <summary>The commit point has passed: the candidate cannot be switched any more.</summary>
    public bool Committed { get; private set; }

    /// <summary>Content has been seen at all, held tool calls included.</summary>
    public bool SawContent { get; private set; }

    /// <summary>The stream's terminal event has been seen.</summary>
    public bool Ended { get; private set; }

    /// <summary>Takes the next run of bytes; what may go to the client now is appended to <paramref name="output"/>.</summary>
    public void Take(SegmentRole role, ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        switch (role)
        {
            case SegmentRole.Preamble:
                TakePreamble(bytes, output);
                break;
            case SegmentRole.Content when _inTool && _held.WrittenCount < MaxToolBytes:
                // Text beside an unfinished call waits with it: passed on, it would carry the call's last piece along.
                SawContent = true;
                _held.Write(bytes);
                break;
            case SegmentRole.Content:
                SawContent = true;
                Committed = true;
                Pass(bytes, output);
                break;
            case SegmentRole.ToolFragment:
                TakeToolFragment(bytes, output);
                break;
            case SegmentRole.ToolComplete:
                SawContent = true;
                Committed = true;
                _inTool = false;
                _toolBytes = 0;
                Pass(bytes, output);
                break;
            case SegmentRole.Stop or SegmentRole.Terminal:
                Ended |= role == SegmentRole.Terminal;
                if (Committed)
                {
                    Pass(bytes, output);
                }
                else
                {
                    _held.Write(bytes);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(role), role, message: null);
        }
    }

    /// <summary>Releases everything: an answer without content that nobody betters.</summary>
    public void Release(IBufferWriter<byte> output)
    {
        Committed = true;
        Pass([], output);
    }

    private void TakePreamble(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        if (Committed && !_inTool)
        {
            output.Write(bytes);
            return;
        }

        _held.Write(bytes);
        if (_held.WrittenCount > MaxPreamble)
        {
            Committed = true;
            Pass([], output);
        }
    }

    private void TakeToolFragment(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        SawContent = true;
        if (!_inTool)
        {
            _inTool = true;
            _toolHeldSince = time.GetTimestamp();
        }

        _toolBytes += bytes.Length;
        if (!Committed && (_toolBytes > MaxToolBytes || time.GetElapsedTime(_toolHeldSince) > MaxToolHold))
        {
            Committed = true;
        }

        if (Committed)
        {
            Pass([], output);
        }

        _held.Write(bytes);
    }

    private void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        if (_held.WrittenCount > 0)
        {
            output.Write(_held.WrittenSpan);
            _held.ResetWrittenCount();
        }

        if (!bytes.IsEmpty)
        {
            output.Write(bytes);
        }
    }
}
