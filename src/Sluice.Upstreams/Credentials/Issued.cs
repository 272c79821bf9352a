using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Upstreams.Credentials;

/// <summary>What a token endpoint gave, or why it gave nothing; exactly one of value and fault is set.</summary>
/// <param name="Value">The secret.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="Fault">What went wrong.</param>
internal readonly record struct Issued<T>(T? Value, DateTimeOffset ExpiresAt, UpstreamFault? Fault)
    where T : class
{
    /// <summary>Refused, or nothing to ask with: a sentence that names what to fix.</summary>
    public static Issued<T> Refused(string sentence) => Failed(ErrorKind.Authentication, ErrorSource.Provider, sentence);

    /// <summary>The endpoint could not be reached or was out of order.</summary>
    public static Issued<T> Unreachable(string sentence) => Failed(ErrorKind.Connection, ErrorSource.Network, sentence);

    // Not "dead": what is mended at the cloud's side is mended without a change of the configuration here.
    private static Issued<T> Failed(ErrorKind kind, ErrorSource source, string sentence) =>
        new(null, default, new UpstreamFault(FaultPhase.Connect, new UpstreamError(kind, sentence)) { Source = source });
}

/// <summary>Asks for a secret that expires. What a peer does wrong comes back as a fault; only cancellation is thrown.</summary>
internal interface ISecretSource<T>
    where T : class
{
    /// <summary>Asks now; keeping it is for <see cref="LeaseCache{T}"/>.</summary>
    Task<Issued<T>> IssueAsync(CancellationToken cancellationToken);
}
