using System.Buffers;

namespace Sluice.Upstreams;

/// <summary>
/// A connection on which a request's head goes out together with its body. The handler writes a body that has no room left in its 4 KB behind the
/// head by itself: two system calls and two packets where one does. So the head is held until the body comes, which it does in the same call.
/// </summary>
internal sealed class HeadJoiningStream(Stream connection) : Stream
{
    // The body that this thread is about to write; what the connection is told before that is its head.
    [ThreadStatic]
    private static ReadOnlyMemory<byte> _following;

    private byte[]? _held;
    private int _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes a whole body, so that its head may be held for it.</summary>
    /// <param name="request">What the handler gives to write into.</param>
    /// <param name="body">So small that a copy is cheaper than a further system call.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public static ValueTask WriteBodyAsync(Stream request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        _following = body;
        try
        {
            return request.WriteAsync(body, cancellationToken);
        }
        finally
        {
            _following = default;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var following = _following;
        _following = default;
        if (_held is not null)
        {
            return WriteJoinedAsync(buffer, cancellationToken);
        }

        // What ends with the body has it in it already: nothing more would come.
        if (following.IsEmpty || buffer.Span.EndsWith(following.Span))
        {
            return connection.WriteAsync(buffer, cancellationToken);
        }

        _held = ArrayPool<byte>.Shared.Rent(buffer.Length + following.Length);
        _length = buffer.Length;
        buffer.CopyTo(_held);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => connection.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        connection.ReadAsync(buffer, offset, count, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override void Flush() => connection.Flush();

    public override int Read(byte[] buffer, int offset, int count) => connection.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Requests are sent without blocking a thread.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask WriteJoinedAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var (held, length) = (_held!, _length);
        _held = null;
        try
        {
            if (body.Length <= held.Length - length)
            {
                body.CopyTo(held.AsMemory(length));
                await connection.WriteAsync(held.AsMemory(0, length + body.Length), cancellationToken);
                return;
            }

            await connection.WriteAsync(held.AsMemory(0, length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(held);
        }

        await connection.WriteAsync(body, cancellationToken);
    }
}
