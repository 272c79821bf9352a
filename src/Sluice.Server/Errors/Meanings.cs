using Sluice.Protocols.Errors;

namespace Sluice.Server.Errors;

/// <summary>What a kind of error means, in a sentence.</summary>
internal static class Meanings
{
    /// <summary>One sentence.</summary>
    public static string Of(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidRequest => "The request is malformed, or asks for what does not exist.",
        ErrorKind.Authentication => "No key was sent, or one that is not known; of a provider: it refuses the key that Sluice calls it with.",
        ErrorKind.Permission => "The key is known and may not do this.",
        ErrorKind.Credits => "No credit is left to pay for the request.",
        ErrorKind.ModelNotFound => "The model's name means nothing here, or the provider does not have that model any more.",
        ErrorKind.NoEndpoint => "The model is known, and nothing can serve it now, or under what the request demands.",
        ErrorKind.ContextLength => "The prompt is longer than the model's window.",
        ErrorKind.ContentPolicy => "What was asked, or answered, was filtered.",
        ErrorKind.RateLimit => "Too many requests or tokens in too short a time.",
        ErrorKind.QuotaExhausted => "A quota is used up until it is raised or begins anew.",
        ErrorKind.Overloaded => "The provider, or Sluice itself, has no capacity for the request at this moment.",
        ErrorKind.Timeout => "The answer did not come in time.",
        ErrorKind.UpstreamError => "The provider failed, or refuses the account that Sluice calls it with.",
        ErrorKind.Connection => "The provider could not be reached (DNS, TCP, TLS, a proxy), or the connection was cut.",
        ErrorKind.BadResponse => "The provider answered with something that its own protocol does not allow.",
        ErrorKind.Cancelled => "The client went away before the answer was complete.",
        ErrorKind.Internal => "A fault in Sluice itself.",
        ErrorKind.RegionRestricted => "The provider serves nobody in the place that Sluice calls from.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };
}
