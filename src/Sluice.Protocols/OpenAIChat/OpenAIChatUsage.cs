using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Usage of Chat answers. On the wire the counts overlap (<c>prompt_tokens</c> contains cached, written and audio tokens,
/// <c>completion_tokens</c> usually contains reasoning); inside they are disjoint.
/// </summary>
internal static class OpenAIChatUsage
{
    // No answer has more tokens than this; what claims so is garbage, and arithmetic on it would overflow.
    private const long MostTokens = 1_000_000_000_000;

    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>Reads a usage object; the last one of a stream wins, and what is none changes nothing.</summary>
    public static TokenUsage Read(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect)
    {
        var reader = new Utf8JsonReader(usageObject);
        try
        {
            return reader.Read() ? Read(ref reader, dialect) ?? previous : previous;
        }
        catch (JsonException)
        {
            return previous with { IsAnomalous = true };
        }
    }

    /// <summary>Reads the object (or null) that <paramref name="reader"/> stands on and moves to its end; null when it is not an object.</summary>
    public static TokenUsage? Read(ref Utf8JsonReader reader, ChatDialect dialect)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        var counts = default(Counts);
        ReadObject(ref reader, ref counts, Section.Top);
        return counts.Any ? Disjoint(counts, dialect) : null;
    }

    /// <summary>Writes the value of <c>usage</c>; counts that nobody reported are 0, as every Chat client expects numbers.</summary>
    /// <param name="writer">Stands where a value may.</param>
    /// <param name="usage">Disjoint counts.</param>
    /// <param name="estimatedInput">Stands for input that the upstream did not report.</param>
    public static void Write(Utf8JsonWriter writer, TokenUsage usage, long estimatedInput)
    {
        var input = usage.IsReported ? usage.TotalInput : estimatedInput;
        writer.WriteStartObject();
        writer.WriteNumber("prompt_tokens"u8, input);
        writer.WriteNumber("completion_tokens"u8, usage.TotalOutput);
        writer.WriteNumber("total_tokens"u8, input + usage.TotalOutput);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, usage.CacheRead ?? 0);
        if (usage.CacheWrite5m is not null || usage.CacheWrite1h is not null)
        {
            writer.WriteNumber("cache_write_tokens"u8, (usage.CacheWrite5m ?? 0) + (usage.CacheWrite1h ?? 0));
        }

        writer.WriteNumber("audio_tokens"u8, usage.AudioInput ?? 0);
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details"u8);
        writer.WriteNumber("reasoning_tokens"u8, usage.Reasoning ?? 0);
        writer.WriteNumber("audio_tokens"u8, usage.AudioOutput ?? 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static TokenUsage Disjoint(in Counts c, ChatDialect dialect)
    {
        var anomalous = c.Anomalous;
        var prompt = c.Prompt;
        var read = c.CachedDetail ?? c.CacheHit ?? c.CachedTop ?? c.CacheReadTop;
        var written = c.WrittenDetail ?? c.WrittenTop;
        var audioIn = c.AudioIn is > 0 ? c.AudioIn : null;
        if (prompt is null && c.CacheHit is not null && c.CacheMiss is not null)
        {
            prompt = c.CacheHit + c.CacheMiss;
        }

        long? input = null;
        if (prompt is { } whole)
        {
            var parts = (read ?? 0) + (written ?? 0) + (audioIn ?? 0);
            if (parts > whole)
            {
                // A part larger than its whole: the whole is the count that money hangs on, so the parts give way.
                anomalous = true;
                read = Math.Min(read ?? 0, whole);
                written = written is null ? null : Math.Min(written.Value, whole - read.Value);
                audioIn = audioIn is null ? null : Math.Min(audioIn.Value, whole - read.Value - (written ?? 0));
                parts = read.Value + (written ?? 0) + (audioIn ?? 0);
            }

            input = whole - parts;
        }

        var (output, reasoning) = Output(c, dialect, prompt, ref anomalous);
        var audioOut = c.AudioOut is > 0 ? c.AudioOut : null;
        if (audioOut is { } sound && output is { } all)
        {
            anomalous |= sound > all;
            audioOut = Math.Min(sound, all);
            output = all - audioOut;
        }

        return new TokenUsage
        {
            Input = input,
            CacheRead = read,
            CacheWrite5m = written,
            Output = output,
            Reasoning = reasoning,
            AudioInput = audioIn,
            AudioOutput = audioOut,
            WebSearches = c.Searches,
            ServiceTier = c.ServiceTier,
            ReportedCostNanoUsd = ReportedCost(c),
            IsAnomalous = anomalous,
        };
    }

    private static (long? Output, long? Reasoning) Output(in Counts c, ChatDialect dialect, long? prompt, ref bool anomalous)
    {
        var completion = c.Completion;
        var reasoning = c.ReasoningDetail ?? c.ReasoningTop;
        if (completion is not { } told)
        {
            return (null, reasoning);
        }

        var claimed = prompt is { } p && c.Total is { } total ? total - p : (long?)null;
        if (reasoning is > 0)
        {
            // xAI: total = prompt + completion + reasoning. The total tells which way a server counts, better than its name.
            var outside = claimed is { } sum ? sum == told + reasoning && sum != told : dialect.ReasoningOutsideCompletion;
            if (outside)
            {
                return (told + reasoning, reasoning);
            }
        }
        else if (reasoning is null && claimed is { } more && more > told && more - told < 10_000_000)
        {
            // Google's compatible endpoint leaves thoughts out of completion_tokens and does not name them, but bills and totals them.
            return (more, more - told);
        }

        if (reasoning > told)
        {
            anomalous = true;
            reasoning = told;
        }

        return (told, reasoning);
    }

    private static long? ReportedCost(in Counts c)
    {
        if (c.Ticks is { } ticks)
        {
            // 1 tick is 1e-10 USD.
            return Nano(ticks / 10m);
        }

        var cost = c.Cost;
        if (cost is not null && c.IsByok && c.UpstreamCost is { } own)
        {
            // With the caller's own key the fee and the upstream's bill are separate.
            cost += own;
        }

        return cost is { } usd and >= 0 and < 1_000_000m ? Nano(usd * NanoPerUsd) : null;
    }

    private static long? Nano(decimal nano) => nano is >= 0 and < 1e15m ? (long)Math.Round(nano, MidpointRounding.ToEven) : null;

    private static void ReadObject(ref Utf8JsonReader reader, ref Counts c, Section section)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Name(ref reader, section);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                var inner = field switch
                {
                    Field.PromptDetails => Section.Prompt,
                    Field.CompletionDetails => Section.Completion,
                    Field.Cost => Section.Cost,
                    Field.CostDetails => Section.CostDetails,
                    Field.ServerTools => Section.ServerTools,
                    _ => Section.None,
                };
                if (inner == Section.None)
                {
                    reader.Skip();
                }
                else
                {
                    ReadObject(ref reader, ref c, inner);
                }

                continue;
            }

            Set(ref reader, ref c, field);
            reader.Skip();
        }
    }

    private static void Set(ref Utf8JsonReader reader, ref Counts c, Field field)
    {
        switch (field)
        {
            case Field.Prompt: c.Prompt = Count(ref reader, ref c); break;
            case Field.Completion: c.Completion = Count(ref reader, ref c); break;
            case Field.Total: c.Total = Count(ref reader, ref c); break;
            case Field.CachedDetail: c.CachedDetail = Count(ref reader, ref c); break;
            case Field.CachedTop: c.CachedTop = Count(ref reader, ref c); break;
            case Field.CacheHit: c.CacheHit = Count(ref reader, ref c); break;
            case Field.CacheMiss: c.CacheMiss = Count(ref reader, ref c); break;
            case Field.CacheReadTop: c.CacheReadTop = Count(ref reader, ref c); break;
            case Field.WrittenDetail: c.WrittenDetail = Count(ref reader, ref c); break;
            case Field.WrittenTop: c.WrittenTop = Count(ref reader, ref c); break;
            case Field.AudioIn: c.AudioIn = Count(ref reader, ref c); break;
            case Field.AudioOut: c.AudioOut = Count(ref reader, ref c); break;
            case Field.ReasoningDetail: c.ReasoningDetail = Count(ref reader, ref c); break;
            case Field.ReasoningTop: c.ReasoningTop = Count(ref reader, ref c); break;
            case Field.Searches: c.Searches = Count(ref reader, ref c); break;
            case Field.Ticks: c.Ticks = Count(ref reader, ref c, long.MaxValue / 2); break;
            case Field.Cost: c.Cost = Money(ref reader, ref c); break;
            case Field.UpstreamCost: c.UpstreamCost = Money(ref reader, ref c); break;
            case Field.IsByok: c.IsByok = reader.TokenType == JsonTokenType.True; break;
            case Field.ServiceTier when reader.TokenType == JsonTokenType.String: c.ServiceTier = LenientText.Read(ref reader); break;
            default: break;
        }
    }

    private static long? Count(ref Utf8JsonReader reader, ref Counts c, long most = MostTokens)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.Number when reader.TryGetInt64(out var whole) && whole >= 0 && whole <= most:
                c.Any = true;
                return whole;
            case JsonTokenType.Number when reader.TryGetDouble(out var number) && number >= 0 && number <= MostTokens:
                c.Any = true;
                c.Anomalous |= number != Math.Truncate(number);
                return (long)number;
            default:
                // Negative, huge, or a string: whatever it says is not a count.
                c.Any = true;
                c.Anomalous = true;
                return null;
        }
    }

    private static decimal? Money(ref Utf8JsonReader reader, ref Counts c)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType == JsonTokenType.Number && !reader.HasValueSequence
            && decimal.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var usd) && usd >= 0)
        {
            return usd;
        }

        c.Anomalous = true;
        return null;
    }

    private static Field Name(ref Utf8JsonReader reader, Section section) => section switch
    {
        Section.Top => TopName(ref reader),
        Section.Prompt =>
            reader.ValueTextEquals("cached_tokens"u8) ? Field.CachedDetail
            : reader.ValueTextEquals("cache_write_tokens"u8) || reader.ValueTextEquals("cache_creation_tokens"u8) ? Field.WrittenDetail
            : reader.ValueTextEquals("audio_tokens"u8) ? Field.AudioIn : Field.Other,
        Section.Completion =>
            reader.ValueTextEquals("reasoning_tokens"u8) ? Field.ReasoningDetail
            : reader.ValueTextEquals("audio_tokens"u8) ? Field.AudioOut : Field.Other,
        Section.Cost => reader.ValueTextEquals("total_cost"u8) ? Field.Cost : Field.Other,
        Section.CostDetails => reader.ValueTextEquals("upstream_inference_cost"u8) ? Field.UpstreamCost : Field.Other,
        Section.ServerTools => reader.ValueTextEquals("web_search_requests"u8) ? Field.Searches : Field.Other,
        _ => Field.Other,
    };

    private static Field TopName(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("prompt_tokens"u8) ? Field.Prompt
        : reader.ValueTextEquals("completion_tokens"u8) ? Field.Completion
        : reader.ValueTextEquals("total_tokens"u8) ? Field.Total
        : reader.ValueTextEquals("prompt_tokens_details"u8) ? Field.PromptDetails
        : reader.ValueTextEquals("completion_tokens_details"u8) ? Field.CompletionDetails
        : reader.ValueTextEquals("prompt_cache_hit_tokens"u8) ? Field.CacheHit
        : reader.ValueTextEquals("prompt_cache_miss_tokens"u8) ? Field.CacheMiss
        : reader.ValueTextEquals("cached_tokens"u8) || reader.ValueTextEquals("num_cached_tokens"u8) ? Field.CachedTop
        : reader.ValueTextEquals("cache_read_input_tokens"u8) ? Field.CacheReadTop
        : reader.ValueTextEquals("cache_creation_input_tokens"u8) ? Field.WrittenTop
        : reader.ValueTextEquals("reasoning_tokens"u8) ? Field.ReasoningTop
        : reader.ValueTextEquals("num_search_queries"u8) ? Field.Searches
        : reader.ValueTextEquals("server_tool_use_details"u8) || reader.ValueTextEquals("server_tool_use"u8) ? Field.ServerTools
        : reader.ValueTextEquals("cost_in_usd_ticks"u8) ? Field.Ticks
        : reader.ValueTextEquals("cost_details"u8) ? Field.CostDetails
        : reader.ValueTextEquals("cost"u8) ? Field.Cost
        : reader.ValueTextEquals("is_byok"u8) ? Field.IsByok
        : reader.ValueTextEquals("service_tier"u8) ? Field.ServiceTier
        : Field.Other;

    private enum Section
    {
        None,
        Top,
        Prompt,
        Completion,
        Cost,
        CostDetails,
        ServerTools,
    }

    private enum Field
    {
        Other,
        Prompt,
        Completion,
        Total,
        PromptDetails,
        CompletionDetails,
        CachedDetail,
        CachedTop,
        CacheHit,
        CacheMiss,
        CacheReadTop,
        WrittenDetail,
        WrittenTop,
        AudioIn,
        AudioOut,
        ReasoningDetail,
        ReasoningTop,
        Searches,
        ServerTools,
        Cost,
        CostDetails,
        UpstreamCost,
        Ticks,
        IsByok,
        ServiceTier,
    }

    private struct Counts
    {
        public long? Prompt;
        public long? Completion;
        public long? Total;
        public long? CachedDetail;
        public long? CachedTop;
        public long? CacheHit;
        public long? CacheMiss;
        public long? CacheReadTop;
        public long? WrittenDetail;
        public long? WrittenTop;
        public long? AudioIn;
        public long? AudioOut;
        public long? ReasoningDetail;
        public long? ReasoningTop;
        public long? Searches;
        public long? Ticks;
        public decimal? Cost;
        public decimal? UpstreamCost;
        public bool IsByok;
        public string? ServiceTier;
        public bool Any;
        public bool Anomalous;
    }
}
