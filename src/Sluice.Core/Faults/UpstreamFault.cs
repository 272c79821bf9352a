using Sluice.Protocols.Errors;

namespace Sluice.Core.Faults;

/// <summary>Where in an attempt something failed.</summary>
public enum FaultPhase
{
    /// <summary>DNS, TCP, TLS, proxy.</summary>
    Connect,

    /// <summary>While the request was written.</summary>
    Send,

    /// <summary>The status line or headers said so.</summary>
    Status,

    /// <summary>Before the first content.</summary>
    FirstToken,

    /// <summary>After it.</summary>
    Stream,
}

/// <summary>An expected upstream failure, as data.</summary>
/// <param name="Phase">Where.</param>
/// <param name="Error">What the upstream said, or what Sluice saw instead.</param>
public sealed record UpstreamFault(FaultPhase Phase, UpstreamError Error)
{
    /// <summary>Provider or network; client where the request itself is at fault.</summary>
    public ErrorSource Source { get; init; } = ErrorSource.Provider;

    /// <summary>The upstream's own hint when to come back, from headers or body, unbounded.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Another candidate may be tried: true for all but what the request itself causes (400, 413, 422).</summary>
    public bool CanFailOver { get; init; } = true;

    /// <summary>The same candidate may be tried again later in this request (connection, 5xx, 529; never a timeout).</summary>
    public bool CanRepeat { get; init; }

    /// <summary>The provider refuses this credential (401, 402, 403 of the account): it is dead or out of credit, not cooling.</summary>
    public bool CredentialIsDead { get; init; }

    /// <summary>It concerns the credential alone, not the endpoint (rate limit, quota, refusal): another credential of the same endpoint is worth a try at once, which it is not after an overload.</summary>
    public bool ConcernsCredential => CredentialIsDead || Kind is ErrorKind.RateLimit or ErrorKind.QuotaExhausted;

    /// <summary>How a connection failed, one word (<c>dns</c>, <c>connect</c>, <c>tls</c>, <c>proxy</c>, <c>cut</c>); null for all else.</summary>
    public string? Reason { get; init; }

    /// <summary>The provider's own id of the call, where it gave one.</summary>
    public string? RequestId { get; init; }

    /// <summary>What to do, where the fault itself says it; its message ends with it. Null for all else.</summary>
    public string? Remedy { get; init; }

    /// <summary>What it is.</summary>
    public ErrorKind Kind => Error.Kind;

    /// <summary>HTTP status, where one came.</summary>
    public int? Status => Error.Status;
}
