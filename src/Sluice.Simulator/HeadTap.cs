using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Sluice.Simulator;

/// <summary>
/// Keeps the bytes of each request's head as the server consumes them: its header table forgets the order and spelling in which they came,
/// and a test of a proxy wants to see both.
/// </summary>
internal sealed class HeadTap(PipeReader inner) : PipeReader
{
    /// <summary>The server refuses longer heads.</summary>
    private const int MaxHeadBytes = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _head = new();
    private ReadOnlySequence<byte> _read;
    private bool _inHead = true;

    /// <summary>Connection middleware.</summary>
    public static ConnectionDelegate Attach(ConnectionDelegate next) => connection =>
    {
        var tap = new HeadTap(connection.Transport.Input);
        connection.Features.Set(tap);
        connection.Transport = new Duplex(tap, connection.Transport.Output);
        return next(connection);
    };

    /// <summary>Headers of the request that begins now, in the order and spelling of the wire; null where they cannot be told.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? TakeHeaders()
    {
        _inHead = false;
        var lines = Encoding.Latin1.GetString(_head.WrittenSpan).TrimStart('\r', '\n').Split("\r\n");
        _head.ResetWrittenCount();
        var headers = new List<KeyValuePair<string, string>>(lines.Length);
        foreach (var line in lines.Skip(1))
        {
            if (line.Length == 0)
            {
                return headers;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                return null;
            }

            headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
        }

        return null;
    }

    /// <summary>The request is over: what comes next is a head again.</summary>
    public void Resume() => _inHead = true;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await inner.ReadAsync(cancellationToken);
        _read = result.Buffer;
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        var any = inner.TryRead(out result);
        if (any)
        {
            _read = result.Buffer;
        }

        return any;
    }

    public override void AdvanceTo(SequencePosition consumed)
    {
        Keep(consumed);
        inner.AdvanceTo(consumed);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Keep(consumed);
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private void Keep(SequencePosition consumed)
    {
        if (_inHead && _head.WrittenCount < MaxHeadBytes)
        {
            foreach (var piece in _read.Slice(_read.Start, consumed))
            {
                _head.Write(piece.Span);
            }
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
