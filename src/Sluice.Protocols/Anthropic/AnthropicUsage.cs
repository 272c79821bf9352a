using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Usage blocks of Anthropic Messages. The wire's counts are disjoint already (<c>input_tokens</c> excludes the cache); in a stream each block
/// replaces, field by field, what an earlier one said: they are cumulative, never to be added.
/// </summary>
internal static class AnthropicUsage
{
    // No answer has more tokens than this; what claims so is garbage, and arithmetic on it would overflow.
    private const long MostTokens = 1_000_000_000_000;

    // Inner calls of one answer; the vendor's own loops stay far below.
    private const int MostIterations = 256;

    /// <summary>Reads one usage object on top of what is known.</summary>
    /// <param name="usageObject">The JSON object; anything else leaves <paramref name="previous"/> as it is.</param>
    /// <param name="previous">What earlier blocks of the same answer said.</param>
    public static TokenUsage Read(ReadOnlySpan<byte> usageObject, TokenUsage previous)
    {
        var reader = new Utf8JsonReader(usageObject);
        try
        {
            return reader.Read() ? Read(ref reader, previous) : previous;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a name with half a surrogate pair, on which the reader throws the other exception.
            return previous with { IsAnomalous = true };
        }
    }

    /// <summary>Reads the value that <paramref name="reader"/> stands on and moves to its end.</summary>
    public static TokenUsage Read(ref Utf8JsonReader reader, TokenUsage previous)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return previous;
        }

        var counts = default(Counts);
        counts.Read(ref reader);
        return counts.On(previous);
    }

    /// <summary>Writes the value of <c>usage</c>.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="usage">What is known.</param>
    /// <param name="estimatedInput">Stands for input that the upstream has not reported.</param>
    public static void Write(Utf8JsonWriter json, TokenUsage usage, long estimatedInput)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, usage.IsReported ? (usage.Input ?? 0) + (usage.AudioInput ?? 0) : estimatedInput);
        json.WriteNumber("cache_creation_input_tokens"u8, (usage.CacheWrite5m ?? 0) + (usage.CacheWrite1h ?? 0));
        json.WriteNumber("cache_read_input_tokens"u8, usage.CacheRead ?? 0);
        if (usage.CacheWrite1h is > 0)
        {
            json.WriteStartObject("cache_creation"u8);
            json.WriteNumber("ephemeral_5m_input_tokens"u8, usage.CacheWrite5m ?? 0);
            json.WriteNumber("ephemeral_1h_input_tokens"u8, usage.CacheWrite1h.Value);
            json.WriteEndObject();
        }

        json.WriteNumber("output_tokens"u8, usage.TotalOutput);
        if (usage.WebSearches is > 0 and var searches)
        {
            json.WriteStartObject("server_tool_use"u8);
            json.WriteNumber("web_search_requests"u8, searches);
            json.WriteEndObject();
        }

        if (usage.Reasoning is { } thinking)
        {
            json.WriteStartObject("output_tokens_details"u8);
            json.WriteNumber("thinking_tokens"u8, thinking);
            json.WriteEndObject();
        }

        if (usage.ServiceTier is { } tier)
        {
            json.WriteString("service_tier"u8, tier);
        }

        json.WriteEndObject();
    }

    private struct Counts
    {
        private long? _input;
        private long? _output;
        private long? _cacheRead;
        private long? _cacheWritten;
        private long? _written5m;
        private long? _written1h;
        private long? _thinking;
        private long? _searches;
        private string? _tier;
        private string? _type;
        private string? _model;
        private List<UsageIteration>? _iterations;
        private bool _anomalous;

        public void Read(ref Utf8JsonReader reader)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("input_tokens"u8))
                {
                    _input = Number(ref reader) ?? _input;
                }
                else if (reader.ValueTextEquals("output_tokens"u8))
                {
                    _output = Number(ref reader) ?? _output;
                }
                else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
                {
                    _cacheRead = Number(ref reader) ?? _cacheRead;
                }
                else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
                {
                    _cacheWritten = Number(ref reader) ?? _cacheWritten;
                }
                else if (reader.ValueTextEquals("ephemeral_5m_input_tokens"u8))
                {
                    _written5m = Number(ref reader) ?? _written5m;
                }
                else if (reader.ValueTextEquals("ephemeral_1h_input_tokens"u8))
                {
                    _written1h = Number(ref reader) ?? _written1h;
                }
                else if (reader.ValueTextEquals("thinking_tokens"u8))
                {
                    _thinking = Number(ref reader) ?? _thinking;
                }
                else if (reader.ValueTextEquals("web_search_requests"u8))
                {
                    _searches = Number(ref reader) ?? _searches;
                }
                else if (reader.ValueTextEquals("service_tier"u8))
                {
                    _tier = Text(ref reader) ?? _tier;
                }
                else if (reader.ValueTextEquals("type"u8))
                {
                    _type = Text(ref reader);
                }
                else if (reader.ValueTextEquals("model"u8))
                {
                    _model = Text(ref reader);
                }
                else if (reader.ValueTextEquals("iterations"u8))
                {
                    ReadIterations(ref reader);
                }
                else if (reader.ValueTextEquals("cache_creation"u8) || reader.ValueTextEquals("output_tokens_details"u8) || reader.ValueTextEquals("server_tool_use"u8))
                {
                    ReadInner(ref reader);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }

        public readonly TokenUsage On(TokenUsage previous)
        {
            var (write5m, write1h) = Written(previous);
            var output = _output ?? previous.Output;
            var thinking = _thinking ?? previous.Reasoning;
            return previous with
            {
                Input = _input ?? previous.Input,
                Output = output,
                CacheRead = _cacheRead ?? previous.CacheRead,
                CacheWrite5m = write5m,
                CacheWrite1h = write1h,
                Reasoning = thinking is { } t ? Math.Min(t, output ?? t) : null,
                WebSearches = _searches ?? previous.WebSearches,
                ServiceTier = _tier ?? previous.ServiceTier,
                Iterations = _iterations ?? previous.Iterations,
                IsAnomalous = _anomalous || previous.IsAnomalous || thinking > output || (_written5m ?? 0) + (_written1h ?? 0) > _cacheWritten,
            };
        }

        // The breakdown by lifetime may be missing, zero, or smaller than the sum: what it does not cover was written for 5 minutes.
        private readonly (long? Write5m, long? Write1h) Written(TokenUsage previous)
        {
            if (_cacheWritten is null && _written5m is null && _written1h is null)
            {
                return (previous.CacheWrite5m, previous.CacheWrite1h);
            }

            if (_written5m is null && _written1h is null && previous.CacheWrite5m + previous.CacheWrite1h == _cacheWritten)
            {
                return (previous.CacheWrite5m, previous.CacheWrite1h);
            }

            var uncovered = Math.Max(0, (_cacheWritten ?? 0) - (_written5m ?? 0) - (_written1h ?? 0));
            return ((_written5m ?? 0) + uncovered, _written1h ?? 0);
        }

        private void ReadInner(ref Utf8JsonReader reader)
        {
            // They hold some of the members above, whose names are unique.
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                Read(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        private void ReadIterations(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                return;
            }

            var iterations = new List<UsageIteration>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject || iterations.Count >= MostIterations)
                {
                    reader.Skip();
                    continue;
                }

                var inner = default(Counts);
                inner.Read(ref reader);
                iterations.Add(new UsageIteration(inner._type ?? "message", inner._model, inner.On(TokenUsage.Unknown)));
            }

            _iterations = iterations;
        }

        private long? Number(ref Utf8JsonReader reader)
        {
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.Null:
                    return null;
                case JsonTokenType.Number when reader.TryGetInt64(out var value) && value is >= 0 and <= MostTokens:
                    return value;
                case JsonTokenType.Number when reader.TryGetDouble(out var value) && value is >= 0 and <= MostTokens && value == Math.Floor(value):
                    return (long)value;
                default:
                    _anomalous = true;
                    var isNegative = reader.TokenType == JsonTokenType.Number && reader.ValueSpan[0] == '-';
                    reader.Skip();
                    return isNegative ? 0 : null;
            }
        }

        private static string? Text(ref Utf8JsonReader reader)
        {
            reader.Read();
            var text = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 256 && !reader.ValueIsEscaped && System.Text.Unicode.Utf8.IsValid(reader.ValueSpan) ? reader.GetString() : null;
            reader.Skip();
            return text;
        }
    }
}
