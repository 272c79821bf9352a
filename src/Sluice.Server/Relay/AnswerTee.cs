using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sluice.Server.Ingress;

namespace Sluice.Server.Relay;

/// <summary>
/// Stands between whoever writes an answer and its connection, and keeps a copy of what passes: exactly the client's bytes, whatever made them.
/// Signs of life are left out. A copy that grows too large is given up, the answer is not. Like any response, written by one at a time.
/// </summary>
internal sealed class AnswerTee : PipeWriter, IHttpResponseBodyFeature, IDisposable
{
    /// <summary>The most that is kept of one answer, in bytes: a long answer of a model is a few hundred thousand.</summary>
    public const int Most = 4 * 1024 * 1024;

    private readonly IHttpResponseBodyFeature _inner;
    private readonly ReadOnlyMemory<byte> _keepAlive;
    private readonly ArrayBufferWriter<byte> _pending = new(1024);
    private PooledBody? _copy;
    private Stream? _stream;

    private AnswerTee(IHttpResponseBodyFeature inner, ReadOnlyMemory<byte> keepAlive, PooledBody? copy)
    {
        _inner = inner;
        _keepAlive = keepAlive;
        _copy = copy;
    }

    /// <summary>What passed; null where it was too much, or no memory was left for it.</summary>
    public ReadOnlyMemory<byte>? Copy => _copy?.Bytes;

    /// <summary>There is a copy; asked from any thread.</summary>
    public bool HasCopy => Volatile.Read(ref _copy) is not null;

    /// <summary>Nobody reads any more: what is written is only kept.</summary>
    public bool Deaf { get; set; }

    /// <summary>A connection that takes no more is not told to whoever writes.</summary>
    public bool HidesLeaving { get; set; }

    /// <summary>Called once when the copy is given up.</summary>
    public Action? GivenUp { get; set; }

    /// <inheritdoc/>
    public Stream Stream => _stream ??= AsStream(leaveOpen: true);

    /// <inheritdoc/>
    public PipeWriter Writer => this;

    /// <summary>Puts itself before the request's response.</summary>
    /// <param name="http">Nothing has been written yet.</param>
    /// <param name="keepAlive">The client's sign of life.</param>
    /// <param name="budget">Copies count as bodies do.</param>
    public static AnswerTee On(HttpContext http, ReadOnlyMemory<byte> keepAlive, BodyBudget budget)
    {
        var tee = new AnswerTee(http.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), keepAlive, PooledBody.TryRent(budget, 8 * 1024));
        http.Features.Set<IHttpResponseBodyFeature>(tee);
        return tee;
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _pending.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _pending.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void Advance(int bytes) => _pending.Advance(bytes);

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Keep(_pending.WrittenSpan);
        if (Deaf)
        {
            _pending.ResetWrittenCount();
            return default;
        }

        _inner.Writer.Write(_pending.WrittenSpan);
        _pending.ResetWrittenCount();
        var flushed = await _inner.Writer.FlushAsync(cancellationToken);
        return HidesLeaving ? default : flushed;
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _inner.Writer.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _inner.Writer.Complete(exception);

    /// <inheritdoc/>
    public void DisableBuffering() => _inner.DisableBuffering();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => Deaf ? Task.CompletedTask : _inner.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task CompleteAsync() => Deaf ? Task.CompletedTask : _inner.CompleteAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _copy?.Dispose();
        _copy = null;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_copy is { } copy && !bytes.SequenceEqual(_keepAlive.Span) && (copy.Length + bytes.Length > Most || !copy.TryAppend(bytes)))
        {
            Dispose();
            GivenUp?.Invoke();
        }
    }
}
