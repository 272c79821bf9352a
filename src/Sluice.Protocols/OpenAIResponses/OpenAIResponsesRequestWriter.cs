using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Writes the request for a Responses upstream. Nothing is stored there (<c>store:false</c>), so reasoning comes back sealed and goes along with the
/// next turn. Options come first and the conversation last, so that a turn's bytes extend the turn's before. Deterministic.
/// </summary>
internal static class OpenAIResponsesRequestWriter
{
    // OpenAI answers smaller limits with a 400.
    private const long SmallestLimit = 16;
    /// <summary>Writes the body; returns what must be refused, or null.</summary>
    public static GatewayError? Write(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        var tools = new OpenAIResponsesToolsWriter(request, target, degradations);
        if (tools.Refusal is { } refusal)
        {
            return refusal;
        }

        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        if (request.Stream)
        {
            json.WriteBoolean("stream"u8, true);
        }

        json.WriteBoolean("store"u8, false);
        WriteInclude(json, request, target, tools.HasForeignSearch);
        WriteLimits(json, request, target, degradations);
        WriteReasoning(json, request, target, degradations);
        WriteText(json, request, target, degradations);
        WriteIdentity(json, request, target, degradations);
        WriteExtras(json, request, target, degradations);
        tools.Write(json);
        WriteInstructions(json, request, target, degradations);
        new OpenAIResponsesInputWriter(json, request, target, degradations).Write();
        json.WriteEndObject();
        return null;
    }

    /// <summary>Members that were read out of an object carry its name before a dot.</summary>
    public static IEnumerable<ExtraMember> Inside(ConversationRequest request, string prefix) =>
        request.From == WireProtocol.OpenAIResponses ? request.Extras.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal)) : [];

    // Models that do not reason answer the wish for sealed reasoning with a 400.
    private static void WriteInclude(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, bool searches)
    {
        if (request.From == WireProtocol.OpenAIResponses && request.Extras.FirstOrDefault(e => e.Name == "include") is { Name: not null } own)
        {
            json.WritePropertyName("include"u8);
            own.Value.WriteTo(json);
            return;
        }

        var reasons = target.Traits.Reasoning ?? (request.Reasoning is { Mode: not ReasoningMode.Off } || OpenAIChatRequestWriter.IsNewOpenAIModel(target.Model));
        if (!reasons && !searches)
        {
            return;
        }

        json.WriteStartArray("include"u8);
        if (reasons)
        {
            json.WriteStringValue("reasoning.encrypted_content"u8);
        }

        if (searches)
        {
            // Where the answer rests on, which clients of other formats expect to be shown.
            json.WriteStringValue("web_search_call.action.sources"u8);
        }

        json.WriteEndArray();
    }

    private static void WriteLimits(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        if (request.MaxOutputTokens is { } most)
        {
            if (most < SmallestLimit)
            {
                degradations.Add("max_tokens", DegradationOutcome.Weakened, "The Responses API answers with 16 tokens at least.");
            }

            json.WriteNumber("max_output_tokens"u8, Math.Max(SmallestLimit, most));
        }

        var sampling = request.Sampling;
        var refuses = target.Traits.Sampling == false
            || (target.Traits.Sampling is null && target.Dialect.ReasoningModelsRefuseSampling && OpenAIChatRequestWriter.IsNewOpenAIModel(target.Model));
        OpenAIChatRequestWriter.WriteNumber(json, "temperature", sampling.Temperature, refuses, degradations);
        OpenAIChatRequestWriter.WriteNumber(json, "top_p", sampling.TopP, refuses, degradations);
        var takesMore = target.Dialect.TakesGatewayMembers;
        DropUnless(takesMore, json, "top_k", sampling.TopK, degradations);
        DropUnless(takesMore, json, "frequency_penalty", sampling.FrequencyPenalty is 0 ? null : sampling.FrequencyPenalty, degradations);
        DropUnless(takesMore, json, "presence_penalty", sampling.PresencePenalty is 0 ? null : sampling.PresencePenalty, degradations);
        DropUnless(false, json, "seed", sampling.Seed, degradations);
        if (request.StopSequences.Count > 0)
        {
            degradations.Add("stop", DegradationOutcome.Dropped, "The Responses API knows no stop texts.");
        }
    }

    private static void DropUnless(bool taken, Utf8JsonWriter json, string name, double? value, DegradationLog degradations)
    {
        if (value is not { } number)
        {
            return;
        }

        if (taken)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            degradations.Add("sampling." + name, DegradationOutcome.Dropped, "The Responses API does not know " + name + ".");
        }
    }

    private static void WriteReasoning(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        var extras = Inside(request, "reasoning.").ToList();
        if (target.Traits.Reasoning == false)
        {
            if (request.Reasoning is { Mode: not ReasoningMode.Off })
            {
                degradations.Add("reasoning", DegradationOutcome.Dropped, "The model does not think.");
            }

            return;
        }

        var effort = request.Reasoning is { } reasoning ? OpenAIChatReasoningWriter.EffortFor(reasoning, request, target, degradations) : null;

        // A summary is asked for only where the client did: OpenAI refuses the wish of accounts that it has not verified.
        var summary = request.Reasoning?.Display == "summarized";
        if (effort is null && !summary && extras.Count == 0)
        {
            return;
        }

        json.WriteStartObject("reasoning"u8);
        if (effort is not null)
        {
            json.WriteString("effort"u8, effort);
        }

        if (summary)
        {
            json.WriteString("summary"u8, "auto"u8);
        }

        WriteInside(json, extras, "reasoning.");
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        var extras = Inside(request, "text.").ToList();
        ExtraMember? verbosity = request.From == WireProtocol.OpenAIChat && request.Extras.FirstOrDefault(e => e.Name == "verbosity") is { Name: not null } own ? own : null;
        if (request.ResponseFormat is null && extras.Count == 0 && verbosity is null)
        {
            return;
        }

        json.WriteStartObject("text"u8);
        if (request.ResponseFormat is { } format)
        {
            WriteFormat(json, request, format, target, degradations);
        }

        if (verbosity is { } word)
        {
            json.WritePropertyName("verbosity"u8);
            word.Value.WriteTo(json);
        }

        WriteInside(json, extras, "text.");
        json.WriteEndObject();
    }

    private static void WriteFormat(Utf8JsonWriter json, ConversationRequest request, ResponseFormat format, UpstreamTarget target, DegradationLog degradations)
    {
        json.WriteStartObject("format"u8);
        if (format.Kind == ResponseFormatKind.JsonObject || format.Schema.IsEmpty || target.Traits.StructuredOutput == false)
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
            json.WriteString("name"u8, format.Name ?? "response");
            if (format.Description is { } description)
            {
                json.WriteString("description"u8, description);
            }

            var (schema, strict) = format.Strict == true && request.From is not (WireProtocol.OpenAIResponses or WireProtocol.OpenAIChat)
                ? StrictSchemas.ToOpenAI(format.Schema, "response_format", degradations)
                : (format.Schema, format.Strict ?? false);
            json.WritePropertyName("schema"u8);
            schema.WriteTo(json);

            // Left out it would mean true, which many schemas do not fulfil.
            json.WriteBoolean("strict"u8, strict);
        }

        json.WriteEndObject();
    }

    private static void WriteInside(Utf8JsonWriter json, List<ExtraMember> extras, string prefix)
    {
        foreach (var extra in extras)
        {
            json.WritePropertyName(extra.Name[prefix.Length..]);
            extra.Value.WriteTo(json);
        }
    }

    private static void WriteIdentity(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        var kin = request.From is WireProtocol.OpenAIChat or WireProtocol.OpenAIResponses;
        if (request.EndUser is { } user)
        {
            json.WriteString("safety_identifier"u8, EndUserId.ForOpenAI(user, degradations));
        }

        if ((target.ServiceTier ?? request.ServiceTier) is { } tier)
        {
            if (kin || target.ServiceTier is not null)
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

        if (request.AutomaticCache is not null)
        {
            degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
        }
    }

    private static void WriteExtras(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        foreach (var extra in request.Extras)
        {
            if (request.From == WireProtocol.OpenAIResponses)
            {
                var forGateway = OpenAIResponsesFormat.Instance.GatewayMembers.Contains(extra.Name, StringComparer.Ordinal);
                if (extra.Name is "store" or "include" or "tool_choice" || extra.Name.Contains('.', StringComparison.Ordinal) || (forGateway && !target.Dialect.TakesGatewayMembers))
                {
                    continue;
                }
            }
            else if (request.From != WireProtocol.OpenAIChat || extra.Name is not ("metadata" or "safety_identifier" or "prompt_cache_retention"))
            {
                if (extra.Name != "verbosity" || request.From != WireProtocol.OpenAIChat)
                {
                    degradations.Add(FeatureWords.Of(extra.Name), DegradationOutcome.Dropped, "The member has no equivalent in the Responses API.");
                }

                continue;
            }
            else if (extra.Name == "safety_identifier" && request.EndUser is not null)
            {
                continue;
            }

            json.WritePropertyName(extra.Name);
            extra.Value.WriteTo(json);
        }
    }

    private static void WriteInstructions(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        var texts = new List<string>();
        foreach (var part in request.System)
        {
            if (part.Cache is not null)
            {
                degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
            }

            if (part is not TextPart text)
            {
                degradations.Add("content.opaque", DegradationOutcome.Dropped, "Instructions can only be text.");
            }
            else if (text.Text.Length > 0)
            {
                texts.Add(text.Text);
            }
        }

        if (texts.Count > 0)
        {
            json.WriteString("instructions"u8, string.Join("\n\n", texts));
        }
    }
}
