using System.Net;
using System.Text;
using Sluice.Core.Configuration;
using Sluice.Upstreams.Credentials;
using Sluice.Upstreams.Kinds;

namespace Sluice.Upstreams;

/// <summary>
/// One provider's connections. Calls in flight are counted: a channel that a reload retired goes when the last of them has ended, since
/// disposing the handler earlier could cut streams that clients still read.
/// </summary>
internal sealed class ProviderChannel
{
    private readonly SocketsHttpHandler _handler;

    // Calls in flight plus one while in use; 0 is disposed, and then nobody gets in again.
    private int _users = 1;

    public ProviderChannel(ProviderSettings provider, UpstreamClientOptions options)
    {
        Address = new UpstreamAddress(provider, options.Simulator?.Invoke());
        Auth = ProviderKinds.Of(provider.Kind).CreateAuth(provider, new AuthContext(options.Time, options.CreateTokenHandler ?? (() => AuthContext.Handler(options.Proxy))));
        _handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // a redirect would carry the key to a host that nobody configured
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = provider.Timeouts.Connect,
            PooledConnectionLifetime = options.ConnectionLifetime,
            PooledConnectionIdleTimeout = options.ConnectionIdle,
            EnableMultipleHttp2Connections = true,
            MaxConnectionsPerServer = int.MaxValue,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,

            // Decided once: a channel has one destination, and without a proxy the handler's way to its pool is shorter.
            UseProxy = !options.Proxy.IsBypassed(Address.Any),
            Proxy = options.Proxy,

            // Clients send titles and names beyond ASCII; without this the handler refuses the whole request.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,

            // HTTP/2 puts its frames together itself.
            PlaintextStreamFilter = static (connection, _) =>
                new ValueTask<Stream>(connection.NegotiatedHttpVersion.Major < 2 ? new HeadJoiningStream(connection.PlaintextStream) : connection.PlaintextStream),

            // An abandoned stream is to be closed at once, not read to its end for the sake of its connection.
            MaxResponseDrainSize = 0,
            ResponseDrainTimeout = TimeSpan.Zero,
        };
        Invoker = new HttpMessageInvoker(_handler, disposeHandler: true);
    }

    public HttpMessageInvoker Invoker { get; }

    public UpstreamAddress Address { get; }

    /// <summary>Tokens are kept as long as the connections are.</summary>
    public IRequestAuth Auth { get; }

    /// <summary>True when the channel may be used; then <see cref="Release"/> must follow.</summary>
    public bool TryAcquire()
    {
        var users = Volatile.Read(ref _users);
        while (users > 0)
        {
            var was = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (was == users)
            {
                return true;
            }

            users = was;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Invoker.Dispose();
            Auth.Dispose();
        }
    }
}
