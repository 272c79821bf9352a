using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sluice.Core.Configuration;

namespace Sluice.Server.Relay;

/// <summary>
/// One streaming answer on its way to the client, opened by whoever comes first: the first committed bytes, or the status gate's timer, which
/// then keeps the silent connection alive in the client's own format. Proxies cut silent connections after a minute.
/// </summary>
/// <remarks>Lock rule: <see cref="_turn"/> is held while bytes are written and flushed; the timer never waits for it (a busy writer means that the stream is not silent).</remarks>
internal sealed class ClientStream : IAsyncDisposable
{
    private readonly HttpContext _http;
    private readonly Action<HttpResponse> _writeHeaders;
    private readonly ReadOnlyMemory<byte> _keepAlive;
    private readonly string _contentType;
    private readonly TimeSpan _every;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ITimer? _timer;
    private long _lastWrite;
    private volatile bool _opened;
    private volatile bool _closed;

    /// <param name="http">The request; its response must not have started.</param>
    /// <param name="framing">The media type, and what to send into silence.</param>
    /// <param name="settings">When to send it.</param>
    /// <param name="writeHeaders">Sets the headers known at the moment of opening.</param>
    /// <param name="time">The clock.</param>
    public ClientStream(HttpContext http, (string ContentType, ReadOnlyMemory<byte> KeepAlive) framing, KeepAliveSettings settings, Action<HttpResponse> writeHeaders, TimeProvider time)
    {
        _http = http;
        (_contentType, _keepAlive) = framing;
        _writeHeaders = writeHeaders;
        _every = settings.Every;
        _time = time;
        _lastWrite = time.GetTimestamp();
        if (settings.After > TimeSpan.Zero)
        {
            _timer = time.CreateTimer(static state => _ = ((ClientStream)state!).KeepAliveAsync(), this, settings.After, settings.Every);
        }
    }

    /// <summary>The connection would take no more, which shows here before the request's own token is cancelled.</summary>
    public bool ClientLeft { get; private set; }

    /// <summary>Headers have gone: the status can no longer change.</summary>
    public bool Opened => _opened;

    /// <summary>An error can be told inside it; false where its bytes are a sound's.</summary>
    public bool HoldsErrors { get; init; } = true;

    /// <summary>Something of an answer has gone, not keep-alives alone.</summary>
    public bool Began { get; private set; }

    /// <summary>Sends <paramref name="bytes"/> (whole events), opening the answer first where it is not.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            Began |= !bytes.IsEmpty;
            await SendAsync(bytes, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the timer; afterwards nobody but the caller writes.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        // A keep-alive may still be on its way out: the response must not be completed under it.
        await _turn.WaitAsync(CancellationToken.None);
        _turn.Dispose();
    }

    private async Task KeepAliveAsync()
    {
        if (_closed || (_opened && _time.GetElapsedTime(Interlocked.Read(ref _lastWrite)) < _every) || !await _turn.WaitAsync(0, CancellationToken.None))
        {
            return;
        }

        try
        {
            if (!_closed)
            {
                await SendAsync(_keepAlive, _http.RequestAborted);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The client is gone; the request's own token tells everybody else.
            _closed = true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (!_opened)
        {
            _opened = true;
            Open();
        }

        Interlocked.Exchange(ref _lastWrite, _time.GetTimestamp());
        var writer = _http.Response.BodyWriter;
        writer.Write(bytes.Span);
        var flushed = await writer.FlushAsync(cancellation);
        if (flushed.IsCompleted)
        {
            Leave();
        }
    }

    /// <summary>Gives the client up.</summary>
    /// <exception cref="OperationCanceledException">Always.</exception>
    [DoesNotReturn]
    public void Leave()
    {
        ClientLeft = true;
        _http.Abort();
        throw new OperationCanceledException("The client takes no more.", _http.RequestAborted);
    }

    private void Open()
    {
        var response = _http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = _contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        _http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        _writeHeaders(response);
    }
}
