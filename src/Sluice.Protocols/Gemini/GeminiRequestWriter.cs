using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Writes a generateContent request, for the Gemini API and for Vertex. Model and streaming stand in the path. Deterministic byte for byte: what
/// stays the same from turn to turn comes first, and implicit caches hang on it.
/// </summary>
internal sealed class GeminiRequestWriter(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    private const int MostStops = 5;
    private const string ConfigPrefix = "generationConfig.";

    // parametersJsonSchema and responseJsonSchema came with 2.0; tuned endpoints and Gemma have the old subset alone.
    private readonly bool _takesJsonSchema = GeminiVersions.IsAtLeast(target.CanonicalModel, 2m) || GeminiVersions.IsAtLeast(target.Model, 2m);
    private readonly bool _isThree = GeminiVersions.IsAtLeast(target.CanonicalModel, 3m) || GeminiVersions.IsAtLeast(target.Model, 3m);

    /// <summary>Writes the body; returns what cannot be carried and must be refused.</summary>
    public GatewayError? Write(IBufferWriter<byte> output)
    {
        var tools = new GeminiToolsWriter(request, target, degradations, _takesJsonSchema);
        if (tools.Refusal is { } refusal)
        {
            return refusal;
        }

        var turns = new GeminiTurns(request, target, degradations).Build();
        if (turns.Count == 0)
        {
            return new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, "messages: Gemini needs at least one message that is not empty.") { Param = "messages" };
        }

        using var json = new Utf8JsonWriter(output, GeminiJson.Relaxed);
        json.WriteStartObject();
        WriteSystem(json);
        tools.Write(json);
        WriteConfig(json, tools.HasFunctions);
        WriteRest(json);
        new GeminiContentsWriter(json, request, target, degradations).Write(turns);
        json.WriteEndObject();
        return null;
    }

    private void WriteSystem(Utf8JsonWriter json)
    {
        DropIf(request.AutomaticCache is not null || request.System.Any(p => p.Cache is not null), "cache_control", "The upstream caches by itself and takes no marks.");
        if (!request.System.Any(p => p is TextPart { Text.Length: > 0 }))
        {
            return;
        }

        json.WriteStartObject("systemInstruction"u8);
        json.WriteStartArray("parts"u8);
        foreach (var text in request.System.OfType<TextPart>().Where(t => t.Text.Length > 0))
        {
            GeminiAnswerParts.WriteText(json, text.Text, signature: null);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteConfig(Utf8JsonWriter json, bool hasFunctions)
    {
        json.WriteStartObject("generationConfig"u8);
        if (request.MaxOutputTokens is { } limit)
        {
            var most = target.Traits.MaxOutputTokens;
            if (most < limit && request.From != WireProtocol.Gemini)
            {
                degradations.Add("max_tokens", DegradationOutcome.Weakened, $"{target.Model} answers with {most} tokens at most.");
                limit = most.Value;
            }

            json.WriteNumber("maxOutputTokens"u8, Math.Max(1, limit));
        }

        WriteSampling(json);
        WriteStops(json);
        WriteFormat(json, hasFunctions);
        new GeminiThinkingWriter(json, request, target, degradations).Write();
        if (request.From == WireProtocol.Gemini)
        {
            foreach (var (name, value) in request.Extras.Where(e => e.Name.StartsWith(ConfigPrefix, StringComparison.Ordinal)))
            {
                json.WritePropertyName(name[ConfigPrefix.Length..]);
                value.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    private void WriteSampling(Utf8JsonWriter json)
    {
        var sampling = request.Sampling;
        if (target.Traits.Sampling == false)
        {
            DropIf(sampling != SamplingOptions.None, "sampling", $"{target.Model} takes no sampling parameters.");
            return;
        }

        if (sampling.Temperature is { } temperature)
        {
            // Google answers 400 above 2.
            json.WriteNumber("temperature"u8, Math.Clamp(temperature, 0, 2));
            if (temperature > 2)
            {
                degradations.Add("sampling.temperature", DegradationOutcome.Weakened, "Gemini's temperature ends at 2.");
            }
        }

        if (sampling.TopP is { } topP)
        {
            json.WriteNumber("topP"u8, topP);
        }

        if (sampling.TopK is > 0 and var topK)
        {
            json.WriteNumber("topK"u8, topK);
        }

        if (sampling.Seed is >= int.MinValue and <= int.MaxValue and var seed)
        {
            json.WriteNumber("seed"u8, seed);
        }
        else
        {
            DropIf(sampling.Seed is not null, "sampling.seed", "Gemini's seed has 32 bits.");
        }

        if (sampling.PresencePenalty is { } presence)
        {
            json.WriteNumber("presencePenalty"u8, presence);
        }

        if (sampling.FrequencyPenalty is { } frequency)
        {
            json.WriteNumber("frequencyPenalty"u8, frequency);
        }
    }

    private void WriteStops(Utf8JsonWriter json)
    {
        var stops = request.StopSequences.Where(s => s.Length > 0).ToList();
        if (stops.Count == 0)
        {
            return;
        }

        if (stops.Count > MostStops)
        {
            degradations.Add("stop_sequences", DegradationOutcome.Weakened, $"Gemini takes {MostStops} stop texts; the first ones are kept.");
        }

        json.WriteStartArray("stopSequences"u8);
        foreach (var stop in stops.Take(MostStops))
        {
            json.WriteStringValue(stop);
        }

        json.WriteEndArray();
    }

    private void WriteFormat(Utf8JsonWriter json, bool hasFunctions)
    {
        if (request.ResponseFormat is not { } format)
        {
            return;
        }

        if (hasFunctions && !_isThree && request.From != WireProtocol.Gemini)
        {
            // 400 "Function calling with a response mime type: 'application/json' is unsupported".
            degradations.Add("response_format", DegradationOutcome.Dropped, $"{target.Model} takes no answer format beside tools.");
            return;
        }

        json.WriteString("responseMimeType"u8, "application/json"u8);
        if (format.Kind != ResponseFormatKind.JsonSchema || format.Schema.IsEmpty)
        {
            return;
        }

        if (target.Traits.StructuredOutput == false)
        {
            degradations.Add("response_format", DegradationOutcome.Weakened, $"{target.Model} follows no schema; it is asked for JSON.");
        }
        else if (_takesJsonSchema)
        {
            json.WritePropertyName("responseJsonSchema"u8);
            format.Schema.WriteTo(json);
        }
        else
        {
            var (schema, weakened) = SchemaDownConverter.ToOpenApi(format.Schema);
            foreach (var keyword in weakened)
            {
                degradations.Add("schema." + keyword, DegradationOutcome.Weakened, $"Gemini's schemas have no '{keyword}'.");
            }

            json.WritePropertyName("responseSchema"u8);
            schema.WriteTo(json);
        }
    }

    private void WriteRest(Utf8JsonWriter json)
    {
        foreach (var (name, value) in request.Extras)
        {
            if (request.From != WireProtocol.Gemini)
            {
                Drop(FeatureWords.Clean(name, 60), $"Gemini does not know '{FeatureWords.Clean(name, 60)}'.");
            }
            else if (name != "toolConfig" && !name.StartsWith(ConfigPrefix, StringComparison.Ordinal) && !GeminiFormat.Instance.GatewayMembers.Contains(name))
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }

        DropIf(request.EndUser is not null, "metadata.user_id", "Gemini has no place for the end user's id.");
        DropIf(request.PromptCacheKey is not null, "prompt_cache_key", "The upstream caches by itself and takes no key.");
        if (target.ServiceTier is { } asked)
        {
            json.WriteString("serviceTier"u8, asked);
        }
        else if (request.ServiceTier is { } tier && request.From == WireProtocol.Gemini)
        {
            json.WriteString("serviceTier"u8, tier);
        }
        else
        {
            DropIf(request.ServiceTier is not (null or "auto" or "default"), "service_tier", "The tier is another vendor's.");
        }
    }

    private void Drop(string feature, string why) => degradations.Add(feature, DegradationOutcome.Dropped, why);

    private void DropIf(bool condition, string feature, string why)
    {
        if (condition)
        {
            Drop(feature, why);
        }
    }
}
