using System.Buffers;
using System.IO.Compression;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols;
using Sluice.Protocols.Formats;

namespace Sluice.Upstreams;

/// <summary>
/// An upstream's answer: status and headers are here, the body is still coming. Dispose it with <see cref="DisposeAsync"/>; only after that the
/// request body's memory may be used again. Disposing before the body's end closes the connection (or cancels the HTTP/2 stream) at once.
/// </summary>
public sealed class UpstreamAnswer : IHeaderLookup, IDisposable, IAsyncDisposable
{
    // An error body that is larger says nothing more.
    private const int LargestErrorBody = 64 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly UpstreamCall _call;
    private readonly PieceContent _request;
    private readonly ProviderChannel _channel;
    private int _disposed;

    internal UpstreamAnswer(HttpResponseMessage response, Stream body, UpstreamCall call, PieceContent request, ProviderChannel channel)
    {
        _response = response;
        _call = call;
        _request = request;
        _channel = channel;
        Body = body;
        ContentType = FindContent("Content-Type");
    }

    /// <summary>HTTP status.</summary>
    public int Status => (int)_response.StatusCode;

    /// <summary>2xx.</summary>
    public bool IsSuccess => _response.IsSuccessStatusCode;

    /// <summary>The body as it arrives, decoded where the upstream compressed it unasked. What reading it throws, <see cref="FaultOf"/> explains.</summary>
    public Stream Body { get; }

    /// <summary>As sent; null without.</summary>
    public string? ContentType { get; }

    /// <summary>The body is <c>text/event-stream</c>.</summary>
    public bool IsEventStream => IsType("text/event-stream");

    /// <summary>The body says that it is JSON.</summary>
    public bool IsJson => IsType("application/json") || (ContentType?.Contains("+json", StringComparison.OrdinalIgnoreCase) ?? false);

    /// <summary>How the body is cut into events, by its content type and by what was asked.</summary>
    public AnswerFraming Framing =>
        IsEventStream ? AnswerFraming.ServerSentEvents
        : IsType("application/vnd.amazon.eventstream") ? (WireFormats.Upstream(_call.Protocol).SendsBinaryEvents ? AnswerFraming.ConverseEvents : AnswerFraming.InvokeEvents)
        : IsJson ? AnswerFraming.Json
        : AnswerFraming.Other;

    /// <summary>The provider's own id of the call.</summary>
    public string? RequestId =>
        Find("request-id") ?? Find("x-request-id") ?? Find("x-amzn-requestid") ?? Find("apim-request-id") ?? Find("x-generation-id") ?? Find("cf-ray");

    /// <summary>Bytes of the body where they were announced and the body was not compressed.</summary>
    public long? ContentLength => FindContent("Content-Encoding") is null ? _response.Content.Headers.ContentLength : null;

    /// <inheritdoc/>
    public string? Find(string name)
    {
        if (!_response.Headers.NonValidated.TryGetValues(name, out var values))
        {
            return null;
        }

        foreach (var value in values)
        {
            return value;
        }

        return null;
    }

    /// <summary>Appends the headers that the client may see, one entry for each value (see <see cref="ResponseHeaders"/>).</summary>
    public void CollectHeaders(ICollection<KeyValuePair<string, string>> output) =>
        ResponseHeaders.Collect(_response.Headers, _response.Content.Headers, Used(), output);

    /// <summary>Reads the error body of an answer that is no success, bounded, takes secrets out and classifies it. What breaks on the way is a fault as well; only the caller's cancellation is thrown.</summary>
    /// <param name="format">The upstream's wire.</param>
    /// <param name="now">For hints that are dates.</param>
    /// <param name="cancellationToken">The request's, with the attempt's own limit joined in.</param>
    public async Task<UpstreamFault> ReadFaultAsync(IUpstreamFormat format, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (Status is >= 300 and < 400)
        {
            return FaultClassifier.BadResponse(FaultPhase.Status, $"{_call.Candidate.Provider.BaseUrl.Authority} answered {Status}, a redirect; Sluice follows none. Set base_url to the final address.");
        }

        byte[] body;
        try
        {
            body = await ReadStartAsync(LargestErrorBody, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is IOException or HttpRequestException or InvalidDataException)
        {
            body = []; // the status is known and says more than the cut that followed it
        }

        var error = SecretFilter.Scrub(format.ReadError(Status, body), Used());
        return FaultClassifier.FromStatus(_call.Protocol, Status, error, this, now);
    }

    /// <summary>Reads the little that may follow a stream's terminal event, so that the connection can be used again; gives up after a second or 64 KiB.</summary>
    public async Task DrainAsync(TimeProvider time)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        try
        {
            await ReadStartAsync(LargestErrorBody, limit.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException or OperationCanceledException)
        {
            // The answer was complete before: the connection is lost, nothing else.
        }
    }

    /// <summary>What an exception from reading <see cref="Body"/> means.</summary>
    public UpstreamFault FaultOf(Exception exception, FaultPhase phase) => TransportFaults.FromException(exception, phase, _call.Candidate.Provider);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Body.Dispose();
            _response.Dispose();
            _channel.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return _request.ReleaseAsync();
    }

    /// <summary>The body decoded; null where its encoding is not known.</summary>
    internal static Stream? Decode(HttpResponseMessage response, Stream raw)
    {
        if (!response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var values))
        {
            return raw;
        }

        Stream? body = raw;
        foreach (var value in values)
        {
            body = value.Trim().ToLowerInvariant() switch
            {
                "identity" or "" => body,
                "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
                "br" => new BrotliStream(body, CompressionMode.Decompress),
                "deflate" => new ZLibStream(body, CompressionMode.Decompress),
                _ => null,
            };
            if (body is null)
            {
                return null;
            }
        }

        return body;
    }

    // Without a configured key the call went with a token, or with AWS's session token, which a refused signature's error quotes.
    private Credential? Used()
    {
        if (_call.Candidate.Credential is not null || _response.RequestMessage is not { } sent)
        {
            return _call.Candidate.Credential;
        }

        var token = sent.Headers.NonValidated.TryGetValues("x-amz-security-token", out var session) ? session.ToString() : sent.Headers.Authorization?.Parameter;
        return token is null ? null : new Credential("token", token);
    }

    private async Task<byte[]> ReadStartAsync(int most, CancellationToken cancellationToken)
    {
        var start = new ArrayBufferWriter<byte>(4 * 1024);
        int read;
        while (start.WrittenCount < most && (read = await Body.ReadAsync(start.GetMemory(), cancellationToken)) > 0)
        {
            start.Advance(read);
        }

        return start.WrittenSpan[..Math.Min(most, start.WrittenCount)].ToArray();
    }

    private bool IsType(string type) =>
        ContentType is { } own && own.StartsWith(type, StringComparison.OrdinalIgnoreCase) && (own.Length == type.Length || own[type.Length] is ';' or ' ');

    private string? FindContent(string name)
    {
        if (!_response.Content.Headers.NonValidated.TryGetValues(name, out var values))
        {
            return null;
        }

        foreach (var value in values)
        {
            return value;
        }

        return null;
    }
}
