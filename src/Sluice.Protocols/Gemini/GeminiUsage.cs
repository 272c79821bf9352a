using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Gemini's counts: <c>promptTokenCount</c> includes what was cached, <c>candidatesTokenCount</c> excludes thoughts, and
/// <c>prompt + candidates + thoughts + toolUsePrompt = total</c>.
/// </summary>
internal static class GeminiUsage
{
    // More than any model can count in a lifetime; what is above it, or below nothing, is no count.
    private const long MostTokens = 1_000_000_000_000;

    /// <summary>
    /// Reads one <c>usageMetadata</c>. It replaces what was before as a whole: a stream with built-in tools starts its counts anew in each phase.
    /// An object without counts (Vertex sends the traffic type alone in the middle of a stream) changes nothing.
    /// </summary>
    public static TokenUsage Read(ReadOnlySpan<byte> usage, TokenUsage previous)
    {
        try
        {
            var reader = new Utf8JsonReader(usage, new JsonReaderOptions { MaxDepth = 512 });
            using var document = JsonDocument.ParseValue(ref reader);
            return Read(document.RootElement, previous);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return previous;
        }
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, TokenUsage)"/>
    public static TokenUsage Read(JsonElement usage, TokenUsage previous)
    {
        var prompt = Count(usage, "promptTokenCount");
        var candidates = Count(usage, "candidatesTokenCount") ?? Count(usage, "responseTokenCount");
        var thoughts = Count(usage, "thoughtsTokenCount");
        var total = Count(usage, "totalTokenCount");
        var anomalous = HasNoCounts(usage);
        if (prompt is null && candidates is null && thoughts is null && total is null)
        {
            return anomalous ? previous with { IsAnomalous = true } : previous;
        }

        var cached = Count(usage, "cachedContentTokenCount");
        var toolPrompt = Count(usage, "toolUsePromptTokenCount");
        var audioCached = Modality(usage, "cacheTokensDetails", "AUDIO");
        var audioIn = Modality(usage, "promptTokensDetails", "AUDIO") is { } all ? Math.Max(0, all - (audioCached ?? 0)) : (long?)null;
        var audioOut = Modality(usage, "candidatesTokensDetails", "AUDIO");
        long? input = prompt is null && toolPrompt is null ? null : (prompt ?? 0) - (cached ?? 0) - (audioIn ?? 0) + (toolPrompt ?? 0);
        long? output = candidates is not null || thoughts is not null ? (candidates ?? 0) + (thoughts ?? 0) - (audioOut ?? 0)
            : total is not null && prompt is not null ? total - prompt - (toolPrompt ?? 0)
            : null;
        if (input < 0)
        {
            anomalous = true;
            input = 0;
            cached = Math.Min(cached ?? 0, prompt ?? 0);
        }

        if (output < 0)
        {
            anomalous = true;
            output = 0;
        }

        return new TokenUsage
        {
            Input = input,
            CacheRead = cached,
            Output = output,
            Reasoning = thoughts,
            AudioInput = audioIn,
            AudioOutput = audioOut,
            ServiceTier = Tier(usage),
            IsAnomalous = anomalous,
        };
    }

    /// <summary>Writes the object's value as Gemini counts.</summary>
    public static void Write(Utf8JsonWriter json, TokenUsage usage, long estimatedInput)
    {
        var prompt = usage.Input is null && usage.CacheRead is null ? estimatedInput : usage.TotalInput;
        var thoughts = Math.Min(usage.Reasoning ?? 0, usage.TotalOutput);
        json.WriteStartObject();
        json.WriteNumber("promptTokenCount"u8, prompt);
        json.WriteNumber("candidatesTokenCount"u8, usage.TotalOutput - thoughts);
        if (thoughts > 0)
        {
            json.WriteNumber("thoughtsTokenCount"u8, thoughts);
        }

        if (usage.CacheRead is > 0 and var cached)
        {
            json.WriteNumber("cachedContentTokenCount"u8, cached);
        }

        json.WriteNumber("totalTokenCount"u8, prompt + usage.TotalOutput);
        json.WriteEndObject();
    }

    // "serviceTier" (Gemini API) or "trafficType": "ON_DEMAND", "PROVISIONED_THROUGHPUT", "ON_DEMAND_FLEX" (Vertex).
    private static string? Tier(JsonElement usage)
    {
        var word = GeminiJson.Text(usage, "serviceTier") ?? GeminiJson.Text(usage, "trafficType");
        return word?.ToLowerInvariant() switch
        {
            null => null,
            "on_demand" => "standard",
            "on_demand_flex" => "flex",
            "on_demand_priority" => "priority",
            var other => other,
        };
    }

    private static long? Count(JsonElement usage, string name) => GeminiJson.TryGet(usage, name, out var value) && GeminiJson.Integer(value) is >= 0 and <= MostTokens and var count ? count : null;

    private static bool HasNoCounts(JsonElement usage) => usage.ValueKind == JsonValueKind.Object
        && usage.EnumerateObject().Any(m => m.Value.ValueKind == JsonValueKind.Number && GeminiJson.Integer(m.Value) is not (>= 0 and <= MostTokens));

    private static long? Modality(JsonElement usage, string list, string modality)
    {
        if (!GeminiJson.TryGet(usage, list, out var details) || details.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (var detail in details.EnumerateArray())
        {
            if (GeminiJson.Text(detail, "modality") == modality)
            {
                return Count(detail, "tokenCount");
            }
        }

        return null;
    }
}
