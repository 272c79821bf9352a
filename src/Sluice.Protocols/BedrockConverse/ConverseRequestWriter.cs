using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Writes a Converse request; the model and whether to stream are in the path. Deterministic byte for byte, since prompt caches hang on it.</summary>
internal sealed class ConverseRequestWriter
{
    private readonly ConversationRequest _request;
    private readonly UpstreamTarget _target;
    private readonly DegradationLog _degradations;
    private readonly ConverseModel _model;
    private readonly ConverseTurns _turns;
    private readonly CachePoints _cache;
    private readonly ConverseModelFields _fields;
    private readonly ConverseToolsWriter _tools;

    /// <summary>Prepares one request.</summary>
    public ConverseRequestWriter(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        _request = request;
        _target = target;
        _degradations = degradations;
        _model = new ConverseModel(target);
        _turns = new ConverseTurns(request, _model, degradations);
        _cache = new CachePoints(_model, degradations);
        _fields = new ConverseModelFields(request, target, _model, degradations);
        _tools = new ConverseToolsWriter(request, _model, _cache, degradations);
    }

    /// <summary>Writes the body; returns what cannot be carried and must be refused.</summary>
    public GatewayError? Write(IBufferWriter<byte> output)
    {
        var turns = _turns.Build();
        if (turns.Count == 0)
        {
            return Refuse("messages", "Bedrock needs at least one message that is not empty.");
        }

        if (turns.SelectMany(t => t.Parts).Select(ConverseMedia.Refusal).FirstOrDefault(r => r is not null) is { } medium)
        {
            return Refuse("messages", medium + ".");
        }

        if (_tools.Refuse() is { } refusal)
        {
            return refusal;
        }

        var maxTokens = _fields.Decide(MaxTokens());
        using var json = new Utf8JsonWriter(output, ConverseWords.Relaxed);
        json.WriteStartObject();

        // In the order in which the prompt is built, which is the order in which cache points count.
        _tools.Write(json, turns, _fields.Thinks);
        WriteSystem(json);
        new ConverseContentWriter(_turns, _cache).WriteMessages(json, turns, _request.AutomaticCache);
        WriteInference(json, maxTokens);
        _fields.Write(json);
        WriteOutputConfig(json);
        WriteTier(json);
        WriteMetadata(json);
        NoteExtras();
        json.WriteEndObject();
        return null;
    }

    private static GatewayError Refuse(string param, string why) =>
        new(ErrorKind.InvalidRequest, ErrorSource.Client, 400, param + ": " + why) { Param = param };

    private long? MaxTokens()
    {
        if (_request.MaxOutputTokens is not { } asked)
        {
            return null;
        }

        if (_target.Traits.MaxOutputTokens is { } most && most < asked)
        {
            _degradations.Add("max_tokens", DegradationOutcome.Weakened, $"{_target.Model} answers with {most} tokens at most.");
            asked = most;
        }

        return Math.Max(1, asked);
    }

    private void WriteSystem(Utf8JsonWriter json)
    {
        var texts = _request.System.OfType<TextPart>().Where(t => !string.IsNullOrWhiteSpace(t.Text)).ToList();
        if (texts.Count == 0)
        {
            return;
        }

        json.WriteStartArray("system"u8);
        foreach (var text in texts)
        {
            json.WriteStartObject();
            json.WriteString("text"u8, text.Text);
            json.WriteEndObject();
            _cache.Write(json, text.Cache);
        }

        json.WriteEndArray();
    }

    private void WriteInference(Utf8JsonWriter json, long? maxTokens)
    {
        var stops = _request.StopSequences.Where(s => !string.IsNullOrWhiteSpace(s)).ToList();
        DropIf(stops.Count < _request.StopSequences.Count, "stop_sequences", "Bedrock takes no stop sequence that is only white space.");
        var (temperature, topP) = Sampling();
        if (maxTokens is null && stops.Count == 0 && temperature is null && topP is null)
        {
            return;
        }

        json.WriteStartObject("inferenceConfig"u8);
        if (maxTokens is { } limit)
        {
            json.WriteNumber("maxTokens"u8, limit);
        }

        if (temperature is { } heat)
        {
            json.WriteNumber("temperature"u8, heat);
        }

        if (topP is { } share)
        {
            json.WriteNumber("topP"u8, share);
        }

        if (stops.Count > 0)
        {
            json.WriteStartArray("stopSequences"u8);
            foreach (var stop in stops)
            {
                json.WriteStringValue(stop);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private (double? Temperature, double? TopP) Sampling()
    {
        var sampling = _request.Sampling;
        var refused = _fields.Thinks || _target.Traits.Sampling == false;
        DropIf(sampling.Seed is not null, "sampling.seed", "Bedrock's Converse takes no seed.");
        DropIf(sampling.FrequencyPenalty is not (null or 0), "sampling.frequency_penalty", "Bedrock's Converse takes no penalties.");
        DropIf(sampling.PresencePenalty is not (null or 0), "sampling.presence_penalty", "Bedrock's Converse takes no penalties.");
        DropIf(refused && sampling.Temperature is not null, "sampling.temperature", "This model takes no temperature, or not while it thinks.");
        var temperature = refused ? null : sampling.Temperature;
        if (temperature > 1)
        {
            _degradations.Add("sampling.temperature", DegradationOutcome.Weakened, "Bedrock's temperature ends at 1.");
        }

        // Newer Claude models take one of the two.
        var bothForClaude = _model.IsClaude && temperature is not null && _request.From != WireProtocol.AnthropicMessages;
        var topP = refused || bothForClaude ? null : sampling.TopP;
        DropIf(topP is null && sampling.TopP is not null, "sampling.top_p", "This model takes no top_p beside a temperature, nor while it thinks.");
        return (temperature is { } heat ? Math.Clamp(heat, 0, 1) : null, topP is { } share ? Math.Clamp(share, 0, 1) : null);
    }

    private void WriteOutputConfig(Utf8JsonWriter json)
    {
        if (_request.ResponseFormat is not { } format)
        {
            return;
        }

        if (format.Kind == ResponseFormatKind.JsonObject || format.Schema.IsEmpty)
        {
            Drop("response_format", "Bedrock has no free JSON mode: ask for JSON in the prompt, or give a schema.");
            return;
        }

        if (_target.Traits.StructuredOutput == false)
        {
            Drop("response_format", $"{_target.Model} does not follow a schema: say in the prompt what shape the answer must have.");
            return;
        }

        json.WriteStartObject("outputConfig"u8);
        json.WriteStartObject("textFormat"u8);
        json.WriteString("type"u8, "json_schema"u8);
        json.WriteStartObject("structure"u8);
        json.WriteStartObject("jsonSchema"u8);

        // As a text: the one place of the API where JSON stands inside a string.
        json.WriteString("schema"u8, format.Schema.Utf8.Span);
        if (!string.IsNullOrEmpty(format.Name))
        {
            json.WriteString("name"u8, format.Name);
        }

        if (!string.IsNullOrEmpty(format.Description))
        {
            json.WriteString("description"u8, format.Description);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteTier(Utf8JsonWriter json)
    {
        var tier = _target.ServiceTier ?? _request.ServiceTier;
        switch (tier)
        {
            case null or "auto":
                return;
            case "default" or "standard_only":
                Tier("default");
                return;
            case "priority" or "flex" or "reserved":
                Tier(tier);
                return;
            default:
                Drop("service_tier", $"Bedrock has no tier '{FeatureWords.Clean(tier, 40)}'.");
                return;
        }

        void Tier(string word)
        {
            json.WriteStartObject("serviceTier"u8);
            json.WriteString("type"u8, word);
            json.WriteEndObject();
        }
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        if (string.IsNullOrEmpty(_request.EndUser))
        {
            return;
        }

        json.WriteStartObject("requestMetadata"u8);
        json.WriteString("user_id"u8, EndUserId.ForBedrock(_request.EndUser, _degradations));
        json.WriteEndObject();
    }

    private void NoteExtras()
    {
        DropIf(_request.PromptCacheKey is not null, "prompt_cache_key", "Bedrock's caches take marks and no key.");
        foreach (var (name, value) in _request.Extras)
        {
            var saysNothing = name switch
            {
                "n" => value.Utf8.Span.SequenceEqual("1"u8),
                "logprobs" or "store" => value.Utf8.Span.SequenceEqual("false"u8) || value.Utf8.Span.SequenceEqual("null"u8),
                "anthropic_beta" => _model.IsClaude,
                "anthropic_version" => true,
                _ => false,
            };
            if (!saysNothing)
            {
                Drop(Clean(name), $"Bedrock's Converse does not know '{Clean(name)}'.");
            }
        }
    }

    private static string Clean(string name) => string.Join('.', name.Split('.').Select(n => FeatureWords.Clean(n, 40)));

    private void Drop(string feature, string why) => _degradations.Add(feature, DegradationOutcome.Dropped, why);

    private void DropIf(bool condition, string feature, string why)
    {
        if (condition)
        {
            Drop(feature, why);
        }
    }
}
