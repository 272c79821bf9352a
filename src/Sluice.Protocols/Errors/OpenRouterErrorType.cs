namespace Sluice.Protocols.Errors;

/// <summary>OpenRouter's word for an error (<c>error_type</c>), which its clients branch on whatever format they speak.</summary>
internal static class OpenRouterErrorType
{
    /// <summary><c>rate_limit_exceeded</c>, <c>provider_unavailable</c>, …</summary>
    public static string Of(GatewayError error) => error.Kind switch
    {
        ErrorKind.InvalidRequest => error.Status switch
        {
            404 => "not_found",
            413 => "payload_too_large",
            422 => "unprocessable",
            _ => "invalid_request",
        },
        ErrorKind.Authentication => "authentication",
        ErrorKind.Permission or ErrorKind.RegionRestricted => "permission_denied",
        ErrorKind.Credits when error.Status == 403 => "permission_denied",
        ErrorKind.Credits => "payment_required",
        ErrorKind.ModelNotFound => "not_found",
        ErrorKind.NoEndpoint => error.Status >= 500 ? "provider_overloaded" : "not_found",
        ErrorKind.ContextLength => "context_length_exceeded",
        ErrorKind.ContentPolicy => "content_policy_violation",
        ErrorKind.RateLimit or ErrorKind.QuotaExhausted => "rate_limit_exceeded",
        ErrorKind.Overloaded => "provider_overloaded",
        ErrorKind.Timeout => "timeout",
        ErrorKind.UpstreamError or ErrorKind.Connection or ErrorKind.BadResponse => "provider_unavailable",
        ErrorKind.Internal => "server",
        _ => "unmapped",
    };
}
