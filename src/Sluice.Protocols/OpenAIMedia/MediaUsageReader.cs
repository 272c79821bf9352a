using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>
/// Reads the usage object of an answer with images, sound or a transcript. By tokens:
/// <c>{"input_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40},"output_tokens":4160}</c> (of transcriptions
/// <c>input_token_details</c> with <c>audio_tokens</c>); by time: <c>{"type":"duration","seconds":3}</c>. OpenRouter adds <c>cost</c>.
/// </summary>
internal static class MediaUsageReader
{
    private const long MostTokens = 1_000_000_000_000;
    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>Reads the object that <paramref name="reader"/> stands on and moves to its end.</summary>
    /// <param name="reader">On the value of <c>usage</c>.</param>
    /// <param name="made">What the output tokens are of.</param>
    /// <returns>Null where there is no object.</returns>
    public static TokenUsage? Read(ref Utf8JsonReader reader, Output made)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        var counts = default(Counts);
        var inInput = false;
        var inOutput = false;
        var depth = reader.CurrentDepth;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == depth + 1)
            {
                inInput = reader.ValueTextEquals("input_tokens_details"u8) || reader.ValueTextEquals("input_token_details"u8) || reader.ValueTextEquals("prompt_tokens_details"u8);
                inOutput = reader.ValueTextEquals("output_tokens_details"u8) || reader.ValueTextEquals("output_token_details"u8) || reader.ValueTextEquals("completion_tokens_details"u8);
                Top(ref reader, ref counts);
            }
            else if (reader.CurrentDepth == depth + 2 && (inInput || inOutput))
            {
                Detail(ref reader, ref counts, inInput);
            }
        }

        return counts.Any ? Disjoint(counts, made) : null;
    }

    private static void Top(ref Utf8JsonReader reader, ref Counts counts)
    {
        if (reader.ValueTextEquals("input_tokens"u8) || reader.ValueTextEquals("prompt_tokens"u8))
        {
            counts.Input = Count(ref reader, ref counts);
        }
        else if (reader.ValueTextEquals("output_tokens"u8) || reader.ValueTextEquals("completion_tokens"u8))
        {
            counts.Output = Count(ref reader, ref counts);
        }
        else if (reader.ValueTextEquals("seconds"u8) || reader.ValueTextEquals("duration"u8))
        {
            counts.Seconds = Decimal(ref reader, ref counts);
        }
        else if (reader.ValueTextEquals("cost"u8))
        {
            counts.Cost = Decimal(ref reader, ref counts);
        }
    }

    private static void Detail(ref Utf8JsonReader reader, ref Counts counts, bool ofInput)
    {
        if (reader.ValueTextEquals("image_tokens"u8))
        {
            var images = Count(ref reader, ref counts);
            counts.ImageInput = ofInput ? images : counts.ImageInput;
            counts.ImageOutput = ofInput ? counts.ImageOutput : images;
        }
        else if (reader.ValueTextEquals("audio_tokens"u8) && ofInput)
        {
            counts.AudioInput = Count(ref reader, ref counts);
        }
        else if (reader.ValueTextEquals("text_tokens"u8) && !ofInput)
        {
            counts.TextOutput = Count(ref reader, ref counts);
        }
        else if (reader.ValueTextEquals("cached_tokens"u8) && ofInput)
        {
            counts.Cached = Count(ref reader, ref counts);
        }
    }

    // On the wire parts are contained in their whole; inside they are disjoint. A part larger than its whole gives way.
    private static TokenUsage Disjoint(in Counts c, Output made)
    {
        var (images, sound, cached) = (c.ImageInput ?? 0, c.AudioInput ?? 0, c.Cached ?? 0);
        var input = c.Input is { } whole ? Math.Max(0, whole - images - sound - cached) : (long?)null;
        var text = made == Output.Text ? c.Output : Math.Min(c.TextOutput ?? 0, c.Output ?? 0);
        var rest = (c.Output ?? 0) - (text ?? 0);
        return new TokenUsage
        {
            Input = input,
            CacheRead = c.Cached > 0 ? c.Cached : null,
            AudioInput = c.AudioInput > 0 ? c.AudioInput : null,
            Output = c.Output is null ? null : text,
            AudioOutput = made == Output.Sound && c.Output is not null ? rest : null,
            ReportedCostNanoUsd = c.Cost is { } usd and < 1_000_000m ? (long)Math.Round(usd * NanoPerUsd, MidpointRounding.ToEven) : null,
            IsAnomalous = c.Anomalous || images + sound + cached > (c.Input ?? long.MaxValue),
            Media = new MediaUsage
            {
                ImageInput = images > 0 ? images : null,
                ImageOutput = made == Output.Images && c.Output is not null ? c.ImageOutput is { } told ? Math.Min(told, rest) : rest : null,
                AudioMilliseconds = c.Seconds is { } seconds ? (long)(seconds * 1000) : null,
            },
        };
    }

    private static long? Count(ref Utf8JsonReader reader, ref Counts counts)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number is >= 0 and <= MostTokens)
        {
            counts.Any = true;
            return number;
        }

        counts.Anomalous |= reader.TokenType != JsonTokenType.Null;
        reader.Skip();
        return null;
    }

    private static decimal? Decimal(ref Utf8JsonReader reader, ref Counts counts)
    {
        reader.Read();
        if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String && reader.ValueSpan.Length <= 32
            && decimal.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1_000_000_000m)
        {
            counts.Any = true;
            return number;
        }

        counts.Anomalous |= reader.TokenType != JsonTokenType.Null;
        reader.Skip();
        return null;
    }

    /// <summary>What output tokens are of, where no detail says it.</summary>
    internal enum Output
    {
        Text,
        Images,
        Sound,
    }

    private struct Counts
    {
        public long? Input;
        public long? Output;
        public long? ImageInput;
        public long? ImageOutput;
        public long? TextOutput;
        public long? AudioInput;
        public long? Cached;
        public decimal? Seconds;
        public decimal? Cost;
        public bool Any;
        public bool Anomalous;
    }
}
