using Sluice.Core.Faults;

namespace Sluice.Upstreams.Credentials;

/// <summary>Signs requests in. One for a provider's connections; thread-safe.</summary>
internal interface IRequestAuth : IDisposable
{
    /// <summary>Adds what proves who calls. All other headers are set and the body is known. Null when done; a fault where there is nothing to sign in with.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<UpstreamFault?> ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken cancellationToken);

    /// <summary>The upstream refused what <see cref="ApplyAsync"/> added: a token that was kept is asked for anew next time.</summary>
    void Refused();
}
