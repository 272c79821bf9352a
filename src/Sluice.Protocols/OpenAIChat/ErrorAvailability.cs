using System.Text.Json;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// OpenRouter's member <c>availability</c> of an error: why a model could not be had, for programs. Its <c>docs_url</c> is left out: the pages
/// of this gateway stand nowhere that a client could reach.
/// </summary>
internal static class ErrorAvailability
{
    private const int LongestName = 200;

    /// <summary>Writes the member; nothing for errors that are about something else.</summary>
    public static void Write(Utf8JsonWriter json, GatewayError error)
    {
        if (CodeOf(error) is not { } code)
        {
            return;
        }

        json.WriteStartObject("availability"u8);
        json.WriteString("code"u8, code);
        json.WriteBoolean("retryable"u8, code is "capacity_exhausted" or "temporarily_unavailable" && error.ShouldRetry != false);
        if (error.RetryAfter is { } after)
        {
            json.WriteNumber("retry_after"u8, ErrorWords.RetryAfterSeconds(after));
        }

        WriteList(json, "requested_models"u8, error.RequestedModels);
        if (error.Attempts.Count > 0)
        {
            WriteList(json, "affected_providers"u8, [.. error.Attempts.Select(attempt => attempt.Provider).Distinct(StringComparer.Ordinal)]);
        }

        if (ExcludedBy(error) is { Count: > 0 } excluded)
        {
            WriteList(json, "excluded_by"u8, excluded);
        }

        if (error.FallbackModels.Count > 0)
        {
            WriteList(json, "fallback_models"u8, error.FallbackModels);
        }

        if (error is { Funnel.Count: > 0, Param: { } field })
        {
            json.WriteStartObject("constraint"u8);
            json.WriteString("field"u8, field);
            json.WriteString("detail"u8, error.Message);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static string? CodeOf(GatewayError error) => error.Kind switch
    {
        // A provider that does not know a name which is configured for it has dropped the model, or never had it.
        ErrorKind.ModelNotFound => error.Source == ErrorSource.Provider ? "model_unavailable_upstream" : "model_not_found",
        ErrorKind.RegionRestricted => "region_restricted",
        ErrorKind.RateLimit or ErrorKind.QuotaExhausted => "capacity_exhausted",
        ErrorKind.Overloaded => "temporarily_unavailable",
        ErrorKind.NoEndpoint when error.Status >= 500 => "temporarily_unavailable",
        ErrorKind.NoEndpoint => error.Funnel is [.., { ExcludedBy: { } last }]
            ? last.StartsWith("data_policy", StringComparison.Ordinal) ? "privacy_restricted" : last == "allowed_providers" ? "no_endpoints" : "constraint_filtered"
            : "no_endpoints",
        _ => null,
    };

    private static List<string> ExcludedBy(GatewayError error)
    {
        var words = new List<string>();
        for (var i = 1; i < error.Funnel.Count; i++)
        {
            if (error.Funnel[i].Endpoints < error.Funnel[i - 1].Endpoints && error.Funnel[i].ExcludedBy is { } word && !words.Contains(word))
            {
                words.Add(word);
            }
        }

        return words;
    }

    private static void WriteList(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value.Length <= LongestName ? value : value[..LongestName] + "…");
        }

        json.WriteEndArray();
    }
}
