using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.Gemini;

/// <summary>Reads <c>generationConfig</c>. Members without neutral meaning become extras named <c>generationConfig.…</c>.</summary>
internal sealed class GeminiGenerationConfigReader(List<ExtraMember> extras, Action<string, string> invalid)
{
    private const string Prefix = "generationConfig.";

    /// <summary>The request with what the object says.</summary>
    public ConversationRequest Read(ConversationRequest request, JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            invalid("generationConfig", "must be an object");
            return request;
        }

        var sampling = request.Sampling;
        string? mime = null;
        RawJson schema = default;
        foreach (var member in config.EnumerateObject())
        {
            var value = member.Value;
            if (value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            var name = GeminiJson.Camel(member.Name);
            switch (name)
            {
                case "maxOutputTokens":
                    request = request with { MaxOutputTokens = Integer(value, name) };
                    break;
                case "temperature":
                    sampling = sampling with { Temperature = Number(value, name) };
                    break;
                case "topP":
                    sampling = sampling with { TopP = Number(value, name) };
                    break;
                case "topK":
                    sampling = sampling with { TopK = Integer(value, name) };
                    break;
                case "seed":
                    sampling = sampling with { Seed = Integer(value, name) };
                    break;
                case "frequencyPenalty":
                    sampling = sampling with { FrequencyPenalty = Number(value, name) };
                    break;
                case "presencePenalty":
                    sampling = sampling with { PresencePenalty = Number(value, name) };
                    break;
                case "stopSequences":
                    request = request with { StopSequences = Strings(value, name) };
                    break;
                case "thinkingConfig":
                    request = request with { Reasoning = ReadThinking(value) };
                    break;
                case "responseMimeType":
                    mime = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
                    break;
                case "responseSchema" when value.ValueKind == JsonValueKind.Object && schema.IsEmpty:
                    schema = OpenApiSchema.ToJsonSchema(value);
                    break;
                case "responseJsonSchema" when value.ValueKind == JsonValueKind.Object:
                    schema = GeminiJson.Raw(value);
                    break;
                case "candidateCount" when GeminiJson.Integer(value) == 1:
                    break;
                default:
                    extras.Add(new ExtraMember(Prefix + name, GeminiJson.Raw(value)));
                    break;
            }
        }

        return request with { Sampling = sampling, ResponseFormat = Format(mime, schema) };
    }

    private ResponseFormat? Format(string? mime, RawJson schema)
    {
        if (!schema.IsEmpty && mime is null or "application/json")
        {
            return new ResponseFormat(ResponseFormatKind.JsonSchema) { Schema = schema, Strict = true };
        }

        if (mime == "application/json")
        {
            return new ResponseFormat(ResponseFormatKind.JsonObject);
        }

        if (mime is not (null or "text/plain"))
        {
            extras.Add(new ExtraMember(Prefix + "responseMimeType", RawJson.FromText(JsonEncodedText.Encode(mime) is var text ? "\"" + text + "\"" : "")));
            if (!schema.IsEmpty)
            {
                extras.Add(new ExtraMember(Prefix + "responseJsonSchema", schema));
            }
        }

        return null;
    }

    private static ReasoningOptions? ReadThinking(JsonElement config)
    {
        var shown = GeminiJson.IsTrue(config, "includeThoughts");
        var display = shown ? "summarized" : null;
        if (GeminiJson.Text(config, "thinkingLevel") is { } level && level.ToLowerInvariant() is var effort && effort != "thinking_level_unspecified")
        {
            return new ReasoningOptions(ReasoningMode.Adaptive) { Effort = effort, Display = display };
        }

        var budget = GeminiJson.TryGet(config, "thinkingBudget", out var value) ? GeminiJson.Integer(value) : null;
        return budget switch
        {
            0 => new ReasoningOptions(ReasoningMode.Off),
            > 0 => new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = budget, Display = display },
            < 0 => new ReasoningOptions(ReasoningMode.Adaptive) { Display = display },
            _ => shown ? new ReasoningOptions(ReasoningMode.Adaptive) { Display = display } : null,
        };
    }

    private List<string> Strings(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String))
        {
            return [.. value.EnumerateArray().Select(LenientText.Read)];
        }

        invalid(Prefix + name, "must be a list of strings");
        return [];
    }

    private double? Number(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number))
        {
            return number;
        }

        invalid(Prefix + name, "must be a number");
        return null;
    }

    private long? Integer(JsonElement value, string name)
    {
        var number = GeminiJson.Integer(value);
        if (number is null)
        {
            invalid(Prefix + name, "must be a whole number");
        }

        return number;
    }
}
