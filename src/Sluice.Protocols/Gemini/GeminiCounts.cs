using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>The members of one <c>usageMetadata</c>, read token by token: every chunk of a stream brings one, and a tree of each cost more than the rest of the chunk.</summary>
internal struct GeminiCounts
{
    // More than any model can count in a lifetime; what is above it, or below nothing, is no count.
    private const long MostTokens = 1_000_000_000_000;

    private long? _prompt;
    private long? _candidates;
    private long? _response;
    private long? _thoughts;
    private long? _total;
    private long? _cached;
    private long? _toolPrompt;
    private long? _audioPrompt;
    private long? _audioCached;
    private long? _audioOut;
    private string? _tier;
    private string? _traffic;
    private bool _anomalous;

    /// <summary>Reads the object that <paramref name="reader"/> stands on and moves to its end.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Is(ref reader, "promptTokenCount"u8, "prompt_token_count"u8))
            {
                _prompt = Count(ref reader);
            }
            else if (Is(ref reader, "candidatesTokenCount"u8, "candidates_token_count"u8))
            {
                _candidates = Count(ref reader);
            }
            else if (Is(ref reader, "totalTokenCount"u8, "total_token_count"u8))
            {
                _total = Count(ref reader);
            }
            else if (Is(ref reader, "thoughtsTokenCount"u8, "thoughts_token_count"u8))
            {
                _thoughts = Count(ref reader);
            }
            else if (Is(ref reader, "cachedContentTokenCount"u8, "cached_content_token_count"u8))
            {
                _cached = Count(ref reader);
            }
            else if (Is(ref reader, "toolUsePromptTokenCount"u8, "tool_use_prompt_token_count"u8))
            {
                _toolPrompt = Count(ref reader);
            }
            else if (Is(ref reader, "responseTokenCount"u8, "response_token_count"u8))
            {
                _response = Count(ref reader);
            }
            else if (Is(ref reader, "promptTokensDetails"u8, "prompt_tokens_details"u8))
            {
                _audioPrompt = Audio(ref reader);
            }
            else if (Is(ref reader, "cacheTokensDetails"u8, "cache_tokens_details"u8))
            {
                _audioCached = Audio(ref reader);
            }
            else if (Is(ref reader, "candidatesTokensDetails"u8, "candidates_tokens_details"u8))
            {
                _audioOut = Audio(ref reader);
            }
            else if (Is(ref reader, "serviceTier"u8, "service_tier"u8))
            {
                _tier = Tier(ref reader);
            }
            else if (Is(ref reader, "trafficType"u8, "traffic_type"u8))
            {
                _traffic = Tier(ref reader);
            }
            else
            {
                Count(ref reader);
            }
        }
    }

    /// <summary>The counts in disjoint buckets; <paramref name="previous"/> where there are none.</summary>
    public readonly TokenUsage On(TokenUsage previous)
    {
        var anomalous = _anomalous;
        var candidates = _candidates ?? _response;
        if (_prompt is null && candidates is null && _thoughts is null && _total is null)
        {
            return anomalous ? previous with { IsAnomalous = true } : previous;
        }

        var cached = _cached;
        var audioIn = _audioPrompt is { } all ? Math.Max(0, all - (_audioCached ?? 0)) : (long?)null;
        long? input = _prompt is null && _toolPrompt is null ? null : (_prompt ?? 0) - (cached ?? 0) - (audioIn ?? 0) + (_toolPrompt ?? 0);
        long? output = candidates is not null || _thoughts is not null ? (candidates ?? 0) + (_thoughts ?? 0) - (_audioOut ?? 0)
            : _total is not null && _prompt is not null ? _total - _prompt - (_toolPrompt ?? 0)
            : null;
        if (input < 0)
        {
            anomalous = true;
            input = 0;
            cached = Math.Min(cached ?? 0, _prompt ?? 0);
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
            Reasoning = _thoughts,
            AudioInput = audioIn,
            AudioOutput = _audioOut,
            ServiceTier = _tier ?? _traffic,
            IsAnomalous = anomalous,
        };
    }

    private static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) => reader.ValueTextEquals(camel) || reader.ValueTextEquals(snake);

    // The member's value. A number that no count can be makes the whole suspect, whatever its member means.
    private long? Count(ref Utf8JsonReader reader)
    {
        reader.Read();
        var count = GeminiJson.Integer(ref reader) is >= 0 and <= MostTokens and var whole ? whole : (long?)null;
        _anomalous |= count is null && reader.TokenType == JsonTokenType.Number;
        reader.Skip();
        return count;
    }

    // [{"modality":"TEXT","tokenCount":7},{"modality":"AUDIO","tokenCount":3}]
    private static long? Audio(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        long? found = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                var count = AudioOf(ref reader);
                found ??= count;
            }
            else
            {
                reader.Skip();
            }
        }

        return found;
    }

    private static long? AudioOf(ref Utf8JsonReader reader)
    {
        var isAudio = false;
        var detail = default(GeminiCounts);
        long? count = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("modality"u8))
            {
                reader.Read();
                isAudio = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("AUDIO"u8);
                reader.Skip();
            }
            else if (Is(ref reader, "tokenCount"u8, "token_count"u8))
            {
                count = detail.Count(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return isAudio ? count : null;
    }

    // "serviceTier" (Gemini API) or "trafficType": "ON_DEMAND", "PROVISIONED_THROUGHPUT", "ON_DEMAND_FLEX" (Vertex).
    private static string? Tier(ref Utf8JsonReader reader)
    {
        reader.Read();
        var tier = reader.TokenType != JsonTokenType.String ? null
            : reader.ValueTextEquals("ON_DEMAND"u8) ? "standard"
            : LenientText.Read(ref reader).ToLowerInvariant() switch
            {
                "on_demand" => "standard",
                "on_demand_flex" => "flex",
                "on_demand_priority" => "priority",
                var other => other,
            };
        reader.Skip();
        return tier;
    }
}
