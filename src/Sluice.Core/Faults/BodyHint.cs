using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Faults;

/// <summary>
/// Reads from an error's body and words when an upstream wants to be asked again, whatever the wire: hosts speak one vendor's format and pass
/// another's error through. Only of errors that a wait can mend. Values are kept as they came; who acts on them bounds them.
/// </summary>
public static partial class BodyHint
{
    // A body is at most 16 KiB; nothing in it that is nested deeper is a hint.
    private const int Deepest = 32;

    /// <summary>The hint; null where there is none.</summary>
    /// <param name="error">As its wire's reader understood it.</param>
    /// <param name="now">Against which dates are taken.</param>
    public static TimeSpan? Of(UpstreamError error, DateTimeOffset now) =>
        error.Kind is ErrorKind.RateLimit or ErrorKind.QuotaExhausted or ErrorKind.Overloaded
            ? InJson(error.Body.Utf8.Span, now) ?? InWords(error.Message)
            : null;

    // Google's RetryInfo.retryDelay "37s" and quotaResetDelay; OpenRouter's retry_after_seconds and metadata.headers; ChatGPT's
    // resets_in_seconds and resets_at. The first one counts: bodies name the wait before what it is made of.
    private static TimeSpan? InJson(ReadOnlySpan<byte> json, DateTimeOffset now)
    {
        if (json.IsEmpty)
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Deepest });
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                var name = reader.ValueSpan.Length <= 32 ? reader.GetString()! : "";
                reader.Read();
                if (Text(ref reader) is { } value && Read(name, value, now) is { } wait)
                {
                    return wait;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a body is no hint, and neither is one that is not Unicode.
        }

        return null;
    }

    private static TimeSpan? Read(string name, string value, DateTimeOffset now) => name.ToLowerInvariant() switch
    {
        "retrydelay" or "retry_delay" or "quotaresetdelay" or "retry_after" or "retryafter" or "retry-after" or "retry_after_seconds"
            or "resets_in_seconds" or "reset_after" or "x-ratelimit-reset-after" => RetryHint.ParseDuration(value) ?? RetryHint.ParseRetryAfter(value, now),
        "retry_after_ms" or "retry-after-ms" or "retryafterms" => RetryHint.ParseDuration(value + "ms"),
        "resets_at" or "reset_at" or "x-ratelimit-reset" or "quotaresettimestamp" => RetryHint.ParseMoment(value, now),
        _ => null,
    };

    private static string? Text(ref Utf8JsonReader reader) => reader switch
    {
        { TokenType: JsonTokenType.String, ValueSpan.Length: <= 64 } => reader.GetString(),
        { TokenType: JsonTokenType.Number, ValueSpan.Length: <= 32 } => System.Text.Encoding.ASCII.GetString(reader.ValueSpan),
        _ => null,
    };

    // "Please try again in 6m0s", "in 494ms", "in 1.5s", "in 20 seconds", "Please retry in 37.2s", "retry after 5 minutes".
    private static TimeSpan? InWords(string message)
    {
        if (Duration().Match(message) is { Success: true } compact)
        {
            return RetryHint.ParseDuration(compact.Groups["wait"].ValueSpan);
        }

        if (Spoken().Match(message) is { Success: true } spoken
            && double.TryParse(spoken.Groups["amount"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
        {
            var unit = spoken.Groups["unit"].ValueSpan;
            var suffix = unit.StartsWith("milli", StringComparison.OrdinalIgnoreCase) ? "ms" : unit[..1].ToString().ToLowerInvariant();
            return RetryHint.ParseDuration(amount.ToString("0.######", CultureInfo.InvariantCulture) + suffix);
        }

        return null;
    }

    [GeneratedRegex(@"\b(try again|retry|available again|resets?) (in|after) (?<wait>(\d{1,12}(\.\d{1,9})?(d|h|ms|m|s))+)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Duration();

    [GeneratedRegex(@"\b(try again|retry|available again|resets?) (in|after) (about |approximately )?(?<amount>\d{1,12}(\.\d{1,9})?) (?<unit>milliseconds?|seconds?|secs?|minutes?|mins?|hours?|days?)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Spoken();
}
