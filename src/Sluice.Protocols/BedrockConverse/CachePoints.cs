using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Cache marks as blocks of their own behind what they mark. The upstream refuses a request with more than four.</summary>
internal sealed class CachePoints(ConverseModel model, DegradationLog degradations)
{
    private const int Most = 4;

    private int _written;

    /// <summary>Writes the block for a mark in system or messages.</summary>
    public void Write(Utf8JsonWriter json, CacheMark? mark) => Write(json, mark, model.TakesCachePoints);

    /// <summary>Writes the block for a mark on a tool.</summary>
    public void WriteBehindTool(Utf8JsonWriter json, CacheMark? mark) => Write(json, mark, model.TakesToolCachePoints);

    private void Write(Utf8JsonWriter json, CacheMark? mark, bool taken)
    {
        if (mark is null)
        {
            return;
        }

        if (!taken || _written >= Most)
        {
            degradations.Add("cache_control", DegradationOutcome.Dropped, taken
                ? "Bedrock takes 4 cache points; further marks were left out."
                : "This model takes no cache point here.");
            return;
        }

        _written++;
        json.WriteStartObject();
        json.WriteStartObject("cachePoint"u8);
        json.WriteString("type"u8, "default"u8);
        if (mark.Ttl == "1h")
        {
            if (model.TakesHourLongCache)
            {
                json.WriteString("ttl"u8, "1h"u8);
            }
            else
            {
                degradations.Add("cache_control.ttl", DegradationOutcome.Weakened, "This model keeps its cache for 5 minutes.");
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
