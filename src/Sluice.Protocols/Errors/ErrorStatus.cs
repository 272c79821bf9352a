namespace Sluice.Protocols.Errors;

/// <summary>The HTTP status of each kind of error, where nothing more particular is known.</summary>
public static class ErrorStatus
{
    /// <summary>Status by kind. <see cref="ErrorKind.Overloaded"/> is Anthropic's 529 here; other clients are told 503.</summary>
    public static int Of(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidRequest or ErrorKind.ContextLength or ErrorKind.ContentPolicy => 400,
        ErrorKind.Authentication => 401,
        ErrorKind.Credits => 402,
        ErrorKind.Permission or ErrorKind.RegionRestricted => 403,
        ErrorKind.ModelNotFound or ErrorKind.NoEndpoint => 404,
        ErrorKind.RateLimit or ErrorKind.QuotaExhausted => 429,
        ErrorKind.Cancelled => 499, // nginx's number; nobody is there to receive it
        ErrorKind.Internal => 500,
        ErrorKind.UpstreamError or ErrorKind.Connection or ErrorKind.BadResponse => 502,
        ErrorKind.Timeout => 504,
        ErrorKind.Overloaded => 529,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };
}
