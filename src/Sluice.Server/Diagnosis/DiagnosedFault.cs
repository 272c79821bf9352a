using Sluice.Protocols.Errors;

namespace Sluice.Server.Diagnosis;

/// <summary>What a diagnosis looks at, in its order: what is quickest to rule out comes first.</summary>
internal enum DiagnosisStep
{
    /// <summary>The client's key, and the provider's.</summary>
    Key,

    /// <summary>Limits, quotas and money, of Sluice or of the provider's account.</summary>
    Quota,

    /// <summary>The provider and the way to it.</summary>
    Provider,

    /// <summary>What is left: the request itself.</summary>
    Request,
}

/// <summary>Where a fault belongs, and what it is called there.</summary>
/// <param name="Step">Which step finds it.</param>
/// <param name="Cause">One word or two: <c>provider_rate_limit</c>, <c>model_gone</c>, …</param>
internal readonly record struct DiagnosedFault(DiagnosisStep Step, string Cause)
{
    /// <summary>Of an attempt: what a provider, or the way to it, did. Null for what is nobody's fault.</summary>
    public static DiagnosedFault? OfAttempt(ErrorKind kind) => kind switch
    {
        ErrorKind.Authentication or ErrorKind.Permission => new(DiagnosisStep.Key, "provider_key_refused"),
        ErrorKind.Credits => new(DiagnosisStep.Quota, "provider_credit"),
        ErrorKind.RateLimit => new(DiagnosisStep.Quota, "provider_rate_limit"),

        // The account's quota is everybody's who uses this Sluice.
        ErrorKind.QuotaExhausted => new(DiagnosisStep.Quota, "shared_quota"),
        ErrorKind.Overloaded or ErrorKind.UpstreamError or ErrorKind.Internal => new(DiagnosisStep.Provider, "outage"),
        ErrorKind.Timeout => new(DiagnosisStep.Provider, "timeout"),
        ErrorKind.BadResponse => new(DiagnosisStep.Provider, "bad_response"),
        ErrorKind.Connection => new(DiagnosisStep.Provider, "network"),
        ErrorKind.ModelNotFound => new(DiagnosisStep.Provider, "model_gone"),
        ErrorKind.NoEndpoint => new(DiagnosisStep.Provider, "no_endpoint"),
        ErrorKind.RegionRestricted => new(DiagnosisStep.Provider, "region_restricted"),
        ErrorKind.ContextLength => new(DiagnosisStep.Request, "too_long"),
        ErrorKind.InvalidRequest => new(DiagnosisStep.Request, "invalid_parameter"),
        ErrorKind.ContentPolicy => new(DiagnosisStep.Request, "content_policy"),
        ErrorKind.Cancelled => null,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    /// <summary>Of a request that no attempt failed for: what Sluice itself said.</summary>
    public static DiagnosedFault? OfSluice(ErrorKind kind, ErrorSource? source) => kind switch
    {
        ErrorKind.Authentication => new(DiagnosisStep.Key, "key_refused"),
        ErrorKind.Permission when source == ErrorSource.Gateway => new(DiagnosisStep.Request, "guardrail"),
        ErrorKind.Permission => new(DiagnosisStep.Key, "key_may_not"),
        ErrorKind.Credits => new(DiagnosisStep.Quota, "budget"),
        ErrorKind.RateLimit or ErrorKind.QuotaExhausted when source == ErrorSource.Gateway => new(DiagnosisStep.Quota, "limit"),
        ErrorKind.Overloaded when source == ErrorSource.Gateway => new(DiagnosisStep.Quota, "sluice_busy"),
        ErrorKind.ModelNotFound => new(DiagnosisStep.Request, "unknown_model"),
        ErrorKind.Timeout when source == ErrorSource.Gateway => new(DiagnosisStep.Provider, "deadline"),
        ErrorKind.Internal => new(DiagnosisStep.Request, "internal"),
        ErrorKind.NoEndpoint when source == ErrorSource.Provider => new(DiagnosisStep.Provider, "outage"),

        // Nobody was asked, since all had failed shortly before: their words are told again.
        _ => OfAttempt(kind),
    };
}
