using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Writes the request for a Chat upstream. Options come first and messages last, so that a turn's bytes extend the turn's before and prompt
/// caches that compare bytes keep hitting. Deterministic: the same request gives the same bytes.
/// </summary>
internal static class OpenAIChatRequestWriter
{
    /// <summary>Writes the body; returns what must be refused, or null.</summary>
    public static GatewayError? Write(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        var tools = new OpenAIChatToolsWriter(request, target, degradations);
        if (tools.Refusal is { } refusal)
        {
            return refusal;
        }

        using var json = new Utf8JsonWriter(output, OpenAIChatJson.Options);
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        WriteStream(json, request, target);
        WriteLimits(json, request, target, degradations);
        OpenAIChatReasoningWriter.WriteOptions(json, request, target, degradations);
        WriteFormat(json, request, target, degradations);
        WriteIdentity(json, request, target, degradations);
        WriteExtras(json, request, target, degradations);
        tools.Write(json);
        new OpenAIChatMessagesWriter(json, request, target, degradations).Write();
        json.WriteEndObject();
        return null;
    }

    /// <summary>The o-series and gpt-5 and later at OpenAI: they take other names and fewer parameters.</summary>
    public static bool IsNewOpenAIModel(string model)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        if (name.Contains("-chat", StringComparison.Ordinal))
        {
            return false;
        }

        return (name.Length >= 2 && name[0] == 'o' && name[1] is >= '1' and <= '9' && (name.Length == 2 || name[2] == '-'))
            || (name.StartsWith("gpt-", StringComparison.Ordinal) && name.Length > 4 && name[4] is >= '5' and <= '9');
    }

    private static void WriteStream(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target)
    {
        if (!request.Stream)
        {
            return;
        }

        json.WriteBoolean("stream"u8, true);
        if (target.Dialect.TakesStreamOptions)
        {
            // Always asked for: what an answer cost hangs on it.
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }
    }

    /// <summary>The member that limits the output of a model there.</summary>
    public static string OutputLimitFor(string model, ChatDialect dialect) =>
        dialect.NewModelsTakeMaxCompletionTokens && IsNewOpenAIModel(model) ? "max_completion_tokens" : "max_tokens";

    private static void WriteLimits(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        var isNew = IsNewOpenAIModel(target.Model);
        if (request.MaxOutputTokens is { } most)
        {
            json.WriteNumber(OutputLimitFor(target.Model, target.Dialect), most);
        }

        var sampling = request.Sampling;
        var refuses = target.Traits.Sampling == false || (target.Traits.Sampling is null && isNew && target.Dialect.ReasoningModelsRefuseSampling);
        WriteNumber(json, "temperature", sampling.Temperature, refuses, degradations);
        WriteNumber(json, "top_p", sampling.TopP, refuses, degradations);
        WriteNumber(json, "frequency_penalty", sampling.FrequencyPenalty, refuses, degradations);
        WriteNumber(json, "presence_penalty", sampling.PresencePenalty, refuses, degradations);
        if (sampling.TopK is { } topK)
        {
            if (target.Dialect.TakesTopK || request.From == WireProtocol.OpenAIChat)
            {
                json.WriteNumber("top_k"u8, topK);
            }
            else
            {
                degradations.Add("sampling.top_k", DegradationOutcome.Dropped, "The upstream does not know top_k.");
            }
        }

        if (sampling.Seed is { } seed)
        {
            json.WriteNumber("seed"u8, seed);
        }

        WriteStops(json, request.StopSequences, target, refuses, degradations);
    }

    /// <summary>Writes a sampling setting, or says that the model refuses it.</summary>
    public static void WriteNumber(Utf8JsonWriter json, string name, double? value, bool refuses, DegradationLog degradations)
    {
        if (value is not { } number)
        {
            return;
        }

        if (refuses)
        {
            degradations.Add("sampling." + name, DegradationOutcome.Dropped, "The model refuses " + name + ".");
        }
        else
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteStops(Utf8JsonWriter json, IReadOnlyList<string> stops, UpstreamTarget target, bool refuses, DegradationLog degradations)
    {
        if (stops.Count == 0)
        {
            return;
        }

        if (refuses && target.Dialect.ReasoningModelsRefuseSampling)
        {
            degradations.Add("stop", DegradationOutcome.Dropped, "The model refuses stop texts.");
            return;
        }

        var count = stops.Count;
        if (target.Dialect.MaxStops > 0 && count > target.Dialect.MaxStops)
        {
            count = target.Dialect.MaxStops;
            degradations.Add("stop", DegradationOutcome.Weakened, "The upstream takes at most " + count + " stop texts; the first ones are kept.");
        }

        json.WriteStartArray("stop"u8);
        for (var i = 0; i < count; i++)
        {
            json.WriteStringValue(stops[i]);
        }

        json.WriteEndArray();
    }

    private static void WriteFormat(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        if (request.ResponseFormat is not { } format)
        {
            return;
        }

        json.WriteStartObject("response_format"u8);
        if (format.Kind == ResponseFormatKind.JsonObject || !target.Dialect.TakesJsonSchema || target.Traits.StructuredOutput == false)
        {
            if (format.Kind == ResponseFormatKind.JsonSchema)
            {
                degradations.Add("response_format", DegradationOutcome.Weakened, "The upstream follows no schema; it is asked for a JSON object.");
            }

            json.WriteString("type"u8, "json_object"u8);
        }
        else
        {
            json.WriteString("type"u8, "json_schema"u8);
            json.WriteStartObject("json_schema"u8);
            json.WriteString("name"u8, format.Name ?? "response");
            if (format.Description is { } description)
            {
                json.WriteString("description"u8, description);
            }

            var (schema, strict) = format.Strict == true && !format.Schema.IsEmpty && request.From is not (WireProtocol.OpenAIResponses or WireProtocol.OpenAIChat)
                ? StrictSchemas.ToOpenAI(format.Schema, "response_format", degradations)
                : (format.Schema, format.Strict);
            if (!schema.IsEmpty)
            {
                json.WritePropertyName("schema"u8);
                schema.WriteTo(json);
            }

            if (strict is { } said)
            {
                json.WriteBoolean("strict"u8, said);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteIdentity(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        if (request.EndUser is { } user)
        {
            // A Chat client's own words are between it and the upstream.
            json.WriteString("user"u8, request.From == WireProtocol.OpenAIChat ? user : EndUserId.ForChat(user, degradations));
        }

        if ((target.ServiceTier ?? request.ServiceTier) is { } tier)
        {
            if (target.ServiceTier is not null || request.From == WireProtocol.OpenAIChat)
            {
                json.WriteString("service_tier"u8, tier);
            }
            else if (tier != "auto")
            {
                degradations.Add("service_tier", DegradationOutcome.Dropped, "The tier is another vendor's.");
            }
        }

        if (request.PromptCacheKey is { } key)
        {
            json.WriteString("prompt_cache_key"u8, key);
        }

        if (request.AutomaticCache is { } cache)
        {
            if (OpenAIChatCacheMarks.AreKept(target))
            {
                OpenAIChatCacheMarks.Write(json, cache);
            }
            else
            {
                degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
            }
        }
    }

    private static void WriteExtras(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        foreach (var extra in request.Extras)
        {
            if (request.From != WireProtocol.OpenAIChat)
            {
                degradations.Add(FeatureWords.Of(extra.Name), DegradationOutcome.Dropped, "The member has no equivalent in Chat Completions.");
                continue;
            }

            // Members for a gateway are Sluice's own business, unless the upstream is a gateway too.
            var forGateway = extra.Name is "models" or "fallbacks" or "provider" or "route" or "transforms" or "plugins" or "session_id" or "usage" or "preset" or "include_reasoning" or "speed";
            if (extra.Name == "tool_choice" || (forGateway && !target.Dialect.TakesGatewayMembers))
            {
                continue;
            }

            json.WritePropertyName(extra.Name);
            extra.Value.WriteTo(json);
        }
    }
}
