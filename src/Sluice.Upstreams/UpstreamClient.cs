using System.Net;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Kinds;

namespace Sluice.Upstreams;

/// <summary>Settings of the way out.</summary>
public sealed record UpstreamClientOptions
{
    /// <summary>Where providers of kind <c>simulator</c> are now, asked when connections to one are set up; null takes their base URL.</summary>
    public Func<Uri?>? Simulator { get; init; }

    /// <summary>Decides which proxy a call takes; by default the environment's (<c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c>, <c>ALL_PROXY</c>, <c>NO_PROXY</c>).</summary>
    public IWebProxy Proxy { get; init; } = EnvironmentProxy.FromProcess();

    /// <summary>For tokens and signatures.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The way to token endpoints; null goes by <see cref="Proxy"/>.</summary>
    internal Func<HttpMessageHandler>? CreateTokenHandler { get; init; }

    /// <summary>How long a connection is used before DNS is asked again.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a connection is kept without use.</summary>
    public TimeSpan ConnectionIdle { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>
/// Calls upstreams. What a peer does wrong comes back as a fault; only the caller's own cancellation is thrown. Thread-safe; one for the process.
/// Connections of providers that a reload did not change are kept.
/// </summary>
public sealed class UpstreamClient(UpstreamClientOptions options) : IAsyncDisposable
{
    private readonly Lock _change = new();

    // Replaced as a whole under the lock; read without.
    private volatile Dictionary<ChannelKey, ProviderChannel> _channels = [];

    /// <summary>Sends a call and waits for the answer's headers, however long: the caller's token carries every limit but that of connecting.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> was cancelled; the body's memory is free then.</exception>
    public async Task<UpstreamReply> SendAsync(UpstreamCall call, CancellationToken cancellationToken)
    {
        // 1. The provider's connections.
        var provider = call.Candidate.Provider;
        var channel = Acquire(provider);
        var content = new PieceContent(call.Body).As(ForwardedHeaders.ContentType(call));
        var sendsBody = call.Method == HttpMethod.Post;
        UpstreamAnswer? answer = null;
        try
        {
            // 2. The request. HTTP/2 where TLS can agree on it; without TLS there is nobody to ask.
            var address = channel.Address.For(call);
            var request = new HttpRequestMessage(call.Method, address)
            {
                Content = sendsBody ? content : null,
                Version = address.Scheme == Uri.UriSchemeHttps ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            };
            ForwardedHeaders.Apply(request.Headers, call);
            if (await channel.Auth.ApplyAsync(request, call, cancellationToken) is { } unsigned)
            {
                return new UpstreamReply(null, unsigned);
            }

            // 3. Status and headers.
            var response = await channel.Invoker.SendAsync(request, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                channel.Auth.Refused();
            }

            // 4. The body, as far as it can be read.
            var raw = await response.Content.ReadAsStreamAsync(cancellationToken);
            var body = UpstreamAnswer.Decode(response, raw);
            if (body is null && response.IsSuccessStatusCode)
            {
                response.Dispose();
                return new UpstreamReply(null, FaultClassifier.BadResponse(FaultPhase.Status, $"{provider.BaseUrl.Authority} compressed its answer in an encoding that was not asked for and cannot be read."));
            }

            answer = new UpstreamAnswer(response, body ?? Stream.Null, call, content, channel);
            return new UpstreamReply(answer, null);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or TimeoutException)
        {
            return new UpstreamReply(null, TransportFaults.FromException(exception, content.IsWritten || !sendsBody ? FaultPhase.FirstToken : FaultPhase.Send, provider));
        }
        finally
        {
            if (answer is null)
            {
                await content.ReleaseAsync();
                channel.Release();
            }
        }
    }

    /// <summary>Finds out whether a provider can be reached, the way that its calls go, and takes a credential. Costs nothing; the caller's token carries the limit.</summary>
    /// <returns>Null where it answered as it should; a refusal of the address itself counts as an answer where the kind has none that proves more.</returns>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<UpstreamFault?> CheckAsync(ProviderSettings provider, Credential? credential, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(provider);

        // No model is asked; what a call has to name is named and not sent.
        var candidate = new Candidate(new ModelEndpoint(new Model("any"), provider.Name, "any", Price: null), provider, credential, "check");
        var call = new UpstreamCall { Candidate = candidate, Protocol = ProviderKinds.WireOf(candidate, default), Operation = UpstreamOperation.Check, Body = [] };
        var reply = await SendAsync(call, cancellationToken);
        if (reply.Answer is not { } answer)
        {
            return reply.Fault;
        }

        await using (answer)
        {
            return answer.IsSuccess ? null : await answer.ReadFaultAsync(WireFormats.Upstream(call.Protocol), options.Time.GetUtcNow(), cancellationToken);
        }
    }

    /// <summary>Takes a new configuration over: channels of providers that are gone or changed end with their last call.</summary>
    public void Reload(ConfigSnapshot snapshot)
    {
        lock (_change)
        {
            var kept = new Dictionary<ChannelKey, ProviderChannel>();
            foreach (var provider in snapshot.Providers)
            {
                var key = ChannelKey.Of(provider);
                if (_channels.TryGetValue(key, out var channel))
                {
                    kept[key] = channel;
                }
            }

            var before = _channels;
            _channels = kept;
            foreach (var (key, channel) in before)
            {
                if (!kept.ContainsKey(key))
                {
                    channel.Release();
                }
            }
        }
    }

    /// <summary>Gives all connections up; those of calls in flight when these end.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_change)
        {
            foreach (var (_, channel) in _channels)
            {
                channel.Release();
            }

            _channels = [];
        }

        return ValueTask.CompletedTask;
    }

    private ProviderChannel Acquire(ProviderSettings provider)
    {
        var key = ChannelKey.Of(provider);
        return _channels.TryGetValue(key, out var channel) && channel.TryAcquire() ? channel : Open(key, provider);
    }

    private ProviderChannel Open(ChannelKey key, ProviderSettings provider)
    {
        lock (_change)
        {
            if (_channels.TryGetValue(key, out var channel) && channel.TryAcquire())
            {
                return channel;
            }

            channel = new ProviderChannel(provider, options);
            channel.TryAcquire();
            _channels = new Dictionary<ChannelKey, ProviderChannel>(_channels) { [key] = channel };
            return channel;
        }
    }

    /// <summary>What a provider's connections and tokens depend on. Keys are not in it: they travel with each call.</summary>
    private readonly record struct ChannelKey(string Name, ProviderKind Kind, string BaseUrl, TimeSpan Connect, CloudSettings? Cloud, bool HasKeys)
    {
        public static ChannelKey Of(ProviderSettings provider) =>
            new(provider.Name, provider.Kind, provider.BaseUrl.OriginalString, provider.Timeouts.Connect, provider.Cloud, provider.Credentials.Count > 0);
    }
}
