using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>
/// Converse's counts: input leaves the cache out, and what was read and written stands beside it. Written tokens are split by time to live in
/// <c>cacheDetails</c>, where that is sent.
/// </summary>
internal static class ConverseUsage
{
    // More than any model can count in a lifetime: what is above it is no count.
    private const long MostTokens = 1_000_000_000_000;

    /// <summary>Reads the <c>usage</c> object on top of what was said before.</summary>
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

    /// <summary>Reads the <c>usage</c> object on top of what was said before.</summary>
    public static TokenUsage Read(JsonElement usage, TokenUsage previous)
    {
        if (usage.ValueKind != JsonValueKind.Object)
        {
            return previous;
        }

        var anomalous = previous.IsAnomalous;
        var written = Count(usage, "cacheWriteInputTokens"u8, ref anomalous) ?? Count(usage, "cacheWriteInputTokenCount"u8, ref anomalous);
        var hour = HourLong(usage, ref anomalous);
        if (hour > (written ?? 0))
        {
            anomalous = true;
            hour = written ?? 0;
        }

        return previous with
        {
            Input = Count(usage, "inputTokens"u8, ref anomalous) ?? previous.Input,
            Output = Count(usage, "outputTokens"u8, ref anomalous) ?? previous.Output,
            CacheRead = Count(usage, "cacheReadInputTokens"u8, ref anomalous) ?? Count(usage, "cacheReadInputTokenCount"u8, ref anomalous) ?? previous.CacheRead,
            CacheWrite5m = written is null ? previous.CacheWrite5m : written - (hour ?? 0),
            CacheWrite1h = written is null ? previous.CacheWrite1h : hour ?? previous.CacheWrite1h,
            IsAnomalous = anomalous,
        };
    }

    private static long? HourLong(JsonElement usage, ref bool anomalous)
    {
        if (!usage.TryGetProperty("cacheDetails"u8, out var details) || details.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        long? hour = null;
        foreach (var detail in details.EnumerateArray())
        {
            if (ConverseWords.Text(detail, "ttl"u8) == "1h" && Count(detail, "inputTokens"u8, ref anomalous) is { } tokens)
            {
                hour = (hour ?? 0) + tokens;
            }
        }

        return hour;
    }

    private static long? Count(JsonElement holder, ReadOnlySpan<byte> name, ref bool anomalous)
    {
        if (!holder.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var count))
        {
            return null;
        }

        anomalous |= count is < 0 or > MostTokens;
        return count > MostTokens ? null : Math.Max(count, 0);
    }
}
