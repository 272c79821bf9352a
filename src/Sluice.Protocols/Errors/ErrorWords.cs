using System.Text.Json;

namespace Sluice.Protocols.Errors;

/// <summary>The words that errors have in bodies, headers and reports; the same everywhere.</summary>
public static class ErrorWords
{
    /// <summary><c>rate_limit</c>, <c>model_not_found</c>, …</summary>
    public static string Of(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidRequest => "invalid_request",
        ErrorKind.Authentication => "authentication",
        ErrorKind.Permission => "permission",
        ErrorKind.Credits => "credits",
        ErrorKind.ModelNotFound => "model_not_found",
        ErrorKind.NoEndpoint => "no_endpoint",
        ErrorKind.ContextLength => "context_length",
        ErrorKind.ContentPolicy => "content_policy",
        ErrorKind.RateLimit => "rate_limit",
        ErrorKind.QuotaExhausted => "quota_exhausted",
        ErrorKind.Overloaded => "overloaded",
        ErrorKind.Timeout => "timeout",
        ErrorKind.UpstreamError => "upstream_error",
        ErrorKind.Connection => "connection",
        ErrorKind.BadResponse => "bad_response",
        ErrorKind.Cancelled => "cancelled",
        ErrorKind.Internal => "internal",
        ErrorKind.RegionRestricted => "region_restricted",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    /// <summary><c>client</c>, <c>gateway</c>, <c>provider</c>, <c>network</c>.</summary>
    public static string Of(ErrorSource source) => source switch
    {
        ErrorSource.Client => "client",
        ErrorSource.Gateway => "gateway",
        ErrorSource.Provider => "provider",
        ErrorSource.Network => "network",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, message: null),
    };

    /// <summary>A wait as clients are told it, in headers and bodies: whole seconds, 1 to 55. Claude Code gives up on more than 60; 0 would have it back at once.</summary>
    public static int RetryAfterSeconds(TimeSpan wait) => (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, 55);

    /// <summary>Writes what helps: <c>remedy</c>, the same as <c>hint</c>, the name that other gateways' clients look for, and <c>docs_url</c>; each unless there is none.</summary>
    public static void WriteHelp(Utf8JsonWriter json, GatewayError error)
    {
        if (error.Remedy is { } remedy)
        {
            json.WriteString("remedy"u8, remedy);
            json.WriteString("hint"u8, remedy);
        }

        if (error.DocsUrl is { } address)
        {
            json.WriteString("docs_url"u8, address);
        }
    }

    /// <summary>Writes the member <c>attempts</c>, unless there were none.</summary>
    public static void WriteAttempts(Utf8JsonWriter json, IReadOnlyList<AttemptSummary> attempts)
    {
        if (attempts.Count == 0)
        {
            return;
        }

        json.WriteStartArray("attempts"u8);
        foreach (var attempt in attempts)
        {
            json.WriteStartObject();
            json.WriteString("provider"u8, attempt.Provider);
            json.WriteString("model"u8, attempt.Model);
            if (attempt.Status is { } status)
            {
                json.WriteNumber("status"u8, status);
            }

            json.WriteString("kind"u8, Of(attempt.Kind));
            json.WriteNumber("milliseconds"u8, attempt.Milliseconds);
            if (attempt.UpstreamRequestId is not null)
            {
                json.WriteString("upstream_request_id"u8, attempt.UpstreamRequestId);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
