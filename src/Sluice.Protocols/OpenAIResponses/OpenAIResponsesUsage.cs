using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Usage of Responses answers. On the wire <c>input_tokens</c> contains cached and written tokens and <c>output_tokens</c> contains reasoning, at
/// every vendor seen; inside they are disjoint.
/// </summary>
internal static class OpenAIResponsesUsage
{
    // No answer has more tokens than this; what claims so is garbage, and arithmetic on it would overflow.
    private const long MostTokens = 1_000_000_000_000;

    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>Reads a usage object; the last one of an answer wins, and what is none changes nothing.</summary>
    public static TokenUsage Read(ReadOnlySpan<byte> usageObject, TokenUsage previous)
    {
        try
        {
            var reader = new Utf8JsonReader(usageObject, new JsonReaderOptions { MaxDepth = 512 });
            if (!JsonDocument.TryParseValue(ref reader, out var document))
            {
                return previous;
            }

            using (document)
            {
                return Read(document.RootElement) ?? previous;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return previous with { IsAnomalous = true };
        }
    }

    /// <summary>Reads a usage value; null when it reports nothing.</summary>
    public static TokenUsage? Read(JsonElement usage)
    {
        if (usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var anomalous = false;
        var input = Count(usage, "input_tokens", ref anomalous);
        var output = Count(usage, "output_tokens", ref anomalous);
        var inputDetails = ResponsesJson.Object(usage, "input_tokens_details", out var inner) ? inner : default;
        var outputDetails = ResponsesJson.Object(usage, "output_tokens_details", out inner) ? inner : default;
        var read = Count(inputDetails, "cached_tokens", ref anomalous);
        var written = Count(inputDetails, "cache_write_tokens", ref anomalous) ?? Count(inputDetails, "cache_creation_tokens", ref anomalous);
        var audioIn = Count(inputDetails, "audio_tokens", ref anomalous);
        var reasoning = Count(outputDetails, "reasoning_tokens", ref anomalous);
        var audioOut = Count(outputDetails, "audio_tokens", ref anomalous);
        var cost = Cost(usage, ref anomalous);
        if (input is null && output is null && read is null && cost is null)
        {
            return anomalous ? TokenUsage.Unknown with { IsAnomalous = true } : null;
        }

        if (input is { } whole)
        {
            // A part larger than its whole: the whole is the count that money hangs on, so the parts give way.
            read = Within(read, whole, ref anomalous);
            written = Within(written, whole - (read ?? 0), ref anomalous);
            audioIn = Within(audioIn, whole - (read ?? 0) - (written ?? 0), ref anomalous);
            input = whole - (read ?? 0) - (written ?? 0) - (audioIn ?? 0);
        }

        if (output is { } all)
        {
            reasoning = Within(reasoning, all, ref anomalous);
            audioOut = Within(audioOut, all, ref anomalous);
            output = all - (audioOut ?? 0);
        }

        return new TokenUsage
        {
            Input = input,
            CacheRead = read,
            CacheWrite5m = written,
            Output = output,
            Reasoning = reasoning,
            AudioInput = audioIn is > 0 ? audioIn : null,
            AudioOutput = audioOut is > 0 ? audioOut : null,
            WebSearches = Searches(usage, ref anomalous),
            ServiceTier = ResponsesJson.Text(usage, "service_tier"),
            ReportedCostNanoUsd = cost,
            IsAnomalous = anomalous,
        };
    }

    /// <summary>The tier that an answer says it was served in, put beside its counts; "auto" is what was asked, not what was served.</summary>
    public static TokenUsage WithTier(TokenUsage usage, string? tier) =>
        usage.ServiceTier is null && tier is not (null or "" or "auto") ? usage with { ServiceTier = tier } : usage;

    /// <summary>Writes the value of <c>usage</c>; counts that nobody reported are 0, as clients expect numbers.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="usage">Disjoint counts.</param>
    /// <param name="estimatedInput">Stands for input that the upstream did not report.</param>
    public static void Write(Utf8JsonWriter json, TokenUsage usage, long estimatedInput)
    {
        var input = usage.IsReported ? usage.TotalInput : estimatedInput;
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, input);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CacheRead ?? 0);
        if (usage.CacheWrite5m is not null || usage.CacheWrite1h is not null)
        {
            json.WriteNumber("cache_write_tokens"u8, (usage.CacheWrite5m ?? 0) + (usage.CacheWrite1h ?? 0));
        }

        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.TotalOutput);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.Reasoning ?? 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, input + usage.TotalOutput);
        json.WriteEndObject();
    }

    private static long? Within(long? part, long whole, ref bool anomalous)
    {
        anomalous |= part > whole;
        return part is null ? null : Math.Min(part.Value, Math.Max(0, whole));
    }

    // OpenRouter and xAI name the searches that their servers made; each is charged.
    private static long? Searches(JsonElement usage, ref bool anomalous) =>
        ResponsesJson.Object(usage, "server_tool_use_details", out var details) || ResponsesJson.Object(usage, "server_tool_use", out details)
            ? Count(details, "web_search_requests", ref anomalous)
            : ResponsesJson.Object(usage, "server_side_tool_usage_details", out details)
                ? Count(details, "web_search_calls", ref anomalous)
                : null;

    // OpenRouter: "cost" in dollars; with the caller's own key the vendor's price is beside it. xAI: ticks of 10^-10 dollars.
    private static long? Cost(JsonElement usage, ref bool anomalous)
    {
        if (Count(usage, "cost_in_usd_ticks", ref anomalous) is { } ticks)
        {
            return (ticks + 5) / 10;
        }

        if (Money(usage, "cost", ref anomalous) is not { } cost)
        {
            return null;
        }

        if (usage.TryGetProperty("is_byok", out var own) && own.ValueKind == JsonValueKind.True && ResponsesJson.Object(usage, "cost_details", out var details))
        {
            cost += Money(details, "upstream_inference_cost", ref anomalous) ?? 0;
        }

        return cost < 1_000_000 ? (long)decimal.Round(cost * NanoPerUsd, MidpointRounding.AwayFromZero) : null;
    }

    private static decimal? Money(JsonElement holder, string name, ref bool anomalous)
    {
        if (!holder.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var usd) && usd >= 0)
        {
            return usd;
        }

        anomalous = true;
        return null;
    }

    private static long? Count(JsonElement holder, string name, ref bool anomalous)
    {
        if (holder.ValueKind != JsonValueKind.Object || !holder.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            if (value.TryGetInt64(out var whole) && whole is >= 0 and <= MostTokens)
            {
                return whole;
            }

            if (value.TryGetDouble(out var number) && number is >= 0 and <= MostTokens)
            {
                anomalous |= number != Math.Truncate(number);
                return (long)number;
            }
        }

        // Negative, huge, or a string: whatever it says is not a count.
        anomalous = true;
        return null;
    }
}
