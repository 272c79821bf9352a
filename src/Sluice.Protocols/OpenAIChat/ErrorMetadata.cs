using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>The member <c>metadata</c> of an error: what OpenAI's shape has no place for, under OpenRouter's names where it has some.</summary>
internal static class ErrorMetadata
{
    /// <summary>Writes the member.</summary>
    public static void Write(Utf8JsonWriter json, GatewayError error)
    {
        json.WriteStartObject("metadata"u8);
        json.WriteString("source"u8, ErrorWords.Of(error.Source));
        json.WriteString("kind"u8, ErrorWords.Of(error.Kind));
        json.WriteString("error_type"u8, OpenRouterErrorType.Of(error));
        Write(json, "reason"u8, error.Reason);
        if (error.Provider is { } provider)
        {
            json.WriteString("provider_name"u8, provider);
            if (error.Source == ErrorSource.Provider)
            {
                // Two readers look for the upstream's own words under two names.
                json.WriteString("raw"u8, error.ProviderMessage ?? error.Message);
                json.WriteString("provider_error"u8, error.ProviderMessage ?? error.Message);
            }
        }

        if (error.ShouldRetry is { } retry)
        {
            json.WriteBoolean("retryable"u8, retry);
        }

        if (error.RetryAfter is { } after)
        {
            json.WriteNumber("retry_after_seconds"u8, ErrorWords.RetryAfterSeconds(after));
        }

        ErrorWords.WriteHelp(json, error);
        Write(json, "limit"u8, error.Limit);
        if (error.AsOpenRouter)
        {
            WriteOpenRouters(json, error);
        }

        WriteModels(json, error.FallbackModels);
        WriteFunnel(json, error.Funnel);
        ErrorWords.WriteAttempts(json, error.Attempts);
        json.WriteEndObject();
    }

    private static void WriteModels(Utf8JsonWriter json, IReadOnlyList<string> models)
    {
        if (models.Count == 0)
        {
            return;
        }

        json.WriteStartArray("fallback_models"u8);
        foreach (var model in models)
        {
            json.WriteStringValue(model);
        }

        json.WriteEndArray();
    }

    private static void WriteOpenRouters(Utf8JsonWriter json, GatewayError error)
    {
        Write(json, "remedy_hint"u8, error.Remedy);
        Write(json, "provider_error_code"u8, error.Code);
        if (error.RateLimit is { } limit)
        {
            WriteLimit(json, limit, error.RetryAfter);
        }

        Write(json, "limit_source"u8, error.LimitSource);
        WriteGuardrails(json, error.Guardrails);

        if (error is { Source: ErrorSource.Provider, Kind: ErrorKind.RateLimit or ErrorKind.QuotaExhausted })
        {
            // The provider limits the key that all clients of this gateway share.
            json.WriteString("limit_source"u8, "upstream_provider_shared_pool"u8);
        }

        if (error.Attempts.Count < 2)
        {
            return;
        }

        json.WriteStartArray("previous_errors"u8);
        for (var i = 0; i < error.Attempts.Count - 1; i++)
        {
            var attempt = error.Attempts[i];
            json.WriteStartObject();
            json.WriteString("provider"u8, attempt.Provider);
            json.WriteString("code"u8, ErrorWords.Of(attempt.Kind));
            if (attempt.Status is { } status)
            {
                json.WriteNumber("status"u8, status);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // As OpenRouter tells its own limits: the headers once more, as text, the reset in milliseconds.
    private static void WriteLimit(Utf8JsonWriter json, ErrorRateLimit limit, TimeSpan? retryAfter)
    {
        json.WriteString("limit_source"u8, limit.Source);
        json.WriteStartObject("headers"u8);
        json.WriteString("X-RateLimit-Limit"u8, limit.Limit.ToString(CultureInfo.InvariantCulture));
        json.WriteString("X-RateLimit-Remaining"u8, "0"u8);
        if (limit.ResetAt is { } reset)
        {
            json.WriteString("X-RateLimit-Reset"u8, reset.ToString(CultureInfo.InvariantCulture));
        }

        if (retryAfter is { } after)
        {
            json.WriteString("Retry-After"u8, ErrorWords.RetryAfterSeconds(after).ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndObject();
    }

    private static void WriteGuardrails(Utf8JsonWriter json, IReadOnlyList<string> guardrails)
    {
        if (guardrails.Count == 0)
        {
            return;
        }

        json.WriteStartArray("patterns"u8);
        foreach (var guardrail in guardrails)
        {
            json.WriteStringValue(guardrail);
        }

        json.WriteEndArray();
    }

    private static void WriteFunnel(Utf8JsonWriter json, IReadOnlyList<ErrorFunnelStep> funnel)
    {
        if (funnel.Count == 0)
        {
            return;
        }

        json.WriteString("failed_routing_step"u8, funnel[^1].Step);
        json.WriteStartArray("routing_funnel"u8);
        foreach (var step in funnel)
        {
            json.WriteStartObject();
            json.WriteString("step"u8, step.Step);
            json.WriteNumber("endpoint_count"u8, step.Endpoints);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
