using System.Net;

namespace Sluice.Upstreams.Credentials;

/// <summary>What signing in needs of the process.</summary>
/// <param name="Time">For expiry and signatures.</param>
/// <param name="CreateHandler">Makes the way to token endpoints, through the same proxy as everything else.</param>
internal sealed record AuthContext(TimeProvider Time, Func<HttpMessageHandler> CreateHandler)
{
    /// <summary>A handler with the process's rules for calling out: no redirects, no cookies, the given proxy.</summary>
    public static HttpMessageHandler Handler(IWebProxy proxy) => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        Proxy = proxy,
        UseProxy = true,
    };
}
