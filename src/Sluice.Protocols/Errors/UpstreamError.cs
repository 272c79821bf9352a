using Sluice.Protocols.Json;

namespace Sluice.Protocols.Errors;

/// <summary>What an upstream said when it failed, read from an error body or an in-stream error event.</summary>
/// <param name="Kind">Classified by status, type, code and, where vendors misuse those, wording.</param>
/// <param name="Message">The upstream's own text; bounded by the reader to 16 KiB.</param>
public sealed record UpstreamError(ErrorKind Kind, string Message)
{
    /// <summary>HTTP status of the answer, or the code inside the body when it came in a 200.</summary>
    public int? Status { get; init; }

    /// <summary>The vendor's <c>type</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The vendor's <c>code</c>.</summary>
    public string? Code { get; init; }

    /// <summary>The vendor's <c>param</c>.</summary>
    public string? Param { get; init; }

    /// <summary>A delay named inside the body (for example Google's <c>retryDelay</c>).</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>For <see cref="ErrorKind.ContextLength"/>: tokens sent and allowed, where the text names them.</summary>
    public (long Sent, long Allowed)? ContextTokens { get; init; }

    /// <summary>The body or event data as it came, bounded to 16 KiB; empty where it is not JSON.</summary>
    public RawJson Body { get; init; }
}
