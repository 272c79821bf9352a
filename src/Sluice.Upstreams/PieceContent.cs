using System.Buffers;
using System.Net;

namespace Sluice.Upstreams;

/// <summary>
/// A body in pieces of memory that belongs to somebody else. Small bodies are joined into one write, and with the request's head, since each write
/// is a system call; large pieces go as they are. The transport may still be writing when an answer or a cancellation has come (HTTP/2 does both at once), so
/// <see cref="ReleaseAsync"/> must have completed before the memory is used for something else.
/// </summary>
internal sealed class PieceContent : HttpContent
{
    // Up to here one copy is cheaper than further system calls.
    private const int JoinUpTo = 32 * 1024;

    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _pieces;
    private readonly Lock _state = new();
    private Task _writing = Task.CompletedTask;
    private bool _closed;
    private volatile bool _written;

    public PieceContent(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        _pieces = pieces;
        long length = 0;
        for (var i = 0; i < pieces.Count; i++)
        {
            length += pieces[i].Length;
        }

        Length = length;
    }

    /// <summary>Bytes of all pieces.</summary>
    public long Length { get; }

    /// <summary>Every byte was handed to the transport.</summary>
    public bool IsWritten => _written;

    /// <summary>Sets the content type as it stands, without reading it.</summary>
    public PieceContent As(string contentType)
    {
        Headers.TryAddWithoutValidation("Content-Type", contentType);
        return this;
    }

    /// <summary>Completes when the transport reads the pieces no more, and never will.</summary>
    public async ValueTask ReleaseAsync()
    {
        Task writing;
        lock (_state)
        {
            _closed = true;
            writing = _writing;
        }

        if (!writing.IsCompletedSuccessfully)
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        lock (_state)
        {
            return _closed
                ? Task.FromException(new IOException("The request was given up before its body was sent."))
                : _writing = WriteAsync(stream, cancellationToken);
        }
    }

    private async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        _written = false;
        if (Length > JoinUpTo)
        {
            for (var i = 0; i < _pieces.Count; i++)
            {
                await stream.WriteAsync(_pieces[i], cancellationToken);
            }
        }
        else if (_pieces.Count == 1)
        {
            await HeadJoiningStream.WriteBodyAsync(stream, _pieces[0], cancellationToken);
        }
        else if (_pieces.Count > 1)
        {
            await WriteJoinedAsync(stream, cancellationToken);
        }

        _written = true;
    }

    private async Task WriteJoinedAsync(Stream stream, CancellationToken cancellationToken)
    {
        var joined = ArrayPool<byte>.Shared.Rent((int)Length);
        try
        {
            var at = 0;
            for (var i = 0; i < _pieces.Count; i++)
            {
                _pieces[i].Span.CopyTo(joined.AsSpan(at));
                at += _pieces[i].Length;
            }

            await HeadJoiningStream.WriteBodyAsync(stream, joined.AsMemory(0, at), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }
}
