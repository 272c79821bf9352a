// More than 500 lines: it reads in the order of the body, member by member, and every member is small.
using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Writes a Messages request for Claude. Deterministic byte for byte: the same conversation makes the same prefix, and prompt caches hang on it.
/// </summary>
/// <remarks>
/// The order that Anthropic demands: consecutive turns of one side are one message; the results of a turn's tool calls stand first in the next
/// user message; no text block is empty; thinking stands before the tool call that it led to, with its signature, or not at all.
/// </remarks>
internal sealed class AnthropicRequestWriter(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    // Where neither client nor catalogue says how long an answer may be. Every current Claude model takes this much.
    private const long DefaultMaxTokens = 8192;
    private const int MaxCacheMarks = 4;

    private readonly AnthropicTurns _turns = new(request, target, degradations);
    private readonly ToolIds.Distinct _ids = new();
    private readonly Dictionary<string, Queue<string>> _openIds = new(StringComparer.Ordinal);
    private int _cacheMarks;

    /// <summary>Writes the body; returns what cannot be carried and must be refused.</summary>
    public GatewayError? Write(IBufferWriter<byte> output)
    {
        if (RefuseForcedVendorTool() is { } refusal)
        {
            return refusal;
        }

        var turns = _turns.Build();
        if (turns.Count == 0)
        {
            return new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, "messages: Claude needs at least one message that is not empty.") { Param = "messages" };
        }

        using var json = new Utf8JsonWriter(output, AnthropicWords.Relaxed);
        json.WriteStartObject();
        json.WriteString("model"u8, target.Model);
        var maxTokens = MaxTokens();
        json.WriteNumber("max_tokens"u8, maxTokens);
        WriteSystem(json);
        WriteMessages(json, turns);
        WriteTools(json);
        var thinking = new ClaudeThinking(request, target, maxTokens, degradations);
        thinking.Write(json);
        WriteToolChoice(json, thinking.Thinks);
        WriteSampling(json, thinking.Thinks);
        WriteOutputConfig(json, thinking.Effort());
        WriteStops(json);

        if (request.AutomaticCache is not null)
        {
            AnthropicWords.WriteCache(json, request.AutomaticCache);
        }

        WriteMetadata(json);

        if (request.ServiceTier is "auto" or "standard_only")
        {
            json.WriteString("service_tier"u8, request.ServiceTier);
        }
        else if (request.ServiceTier is not null)
        {
            Drop("service_tier", $"Anthropic has no tier '{request.ServiceTier}'.");
        }

        DropIf(request.PromptCacheKey is not null, "prompt_cache_key", "Claude's prompt caches have no key.");

        if (request.Stream)
        {
            json.WriteBoolean("stream"u8, value: true);
        }

        WriteExtras(json);
        json.WriteEndObject();
        return null;
    }

    // The budget of thinking counts as output: where the client named no limit, its text must not be squeezed out by it.
    private long MaxTokens()
    {
        var most = target.Traits.MaxOutputTokens;
        if (request.MaxOutputTokens is not { } asked)
        {
            var thinking = request.Reasoning is { Mode: not ReasoningMode.Off } reasoning ? reasoning.BudgetTokens ?? ThinkingBudgets.BudgetOf(reasoning.Effort) : 0;
            return most ?? Math.Max(DefaultMaxTokens, DefaultMaxTokens + Math.Min(thinking, 1_000_000));
        }

        if (most < asked && request.From != WireProtocol.AnthropicMessages)
        {
            degradations.Add("max_tokens", DegradationOutcome.Weakened, $"{target.Model} answers with {most} tokens at most.");
            asked = most.Value;
        }

        return Math.Max(1, asked);
    }

    private void WriteStops(Utf8JsonWriter json)
    {
        // A stop that is only white space is a 400 at Anthropic.
        var stops = request.StopSequences.Where(s => !string.IsNullOrWhiteSpace(s)).ToList();
        DropIf(stops.Count < request.StopSequences.Count, "stop_sequences", "Claude takes no stop sequence that is only white space.");
        if (stops.Count == 0)
        {
            return;
        }

        json.WriteStartArray("stop_sequences"u8);
        foreach (var stop in stops)
        {
            json.WriteStringValue(stop);
        }

        json.WriteEndArray();
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        if (request.EndUser is null && !HasExtras("metadata."))
        {
            return;
        }

        json.WriteStartObject("metadata"u8);
        if (request.EndUser is not null)
        {
            json.WriteString("user_id"u8, request.From == WireProtocol.AnthropicMessages ? request.EndUser : EndUserId.ForAnthropic(request.EndUser, degradations));
        }

        WriteExtrasOf(json, "metadata.");
        json.WriteEndObject();
    }

    private GatewayError? RefuseForcedVendorTool()
    {
        foreach (var tool in request.Tools)
        {
            if (tool is VendorTool { From: not WireProtocol.AnthropicMessages } vendor && SearchOf(vendor) is null
                && (request.ToolChoice is { Mode: ToolChoiceMode.Named, Name: var name } && name == vendor.Name
                    || request.ToolChoice?.Mode == ToolChoiceMode.Any && request.Tools.Count == 1))
            {
                return new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400,
                    $"tools: '{vendor.Name}' (type '{vendor.Type}') must be called, but {target.Model} at Anthropic has no such tool. Use a function tool, or a model whose provider runs it.")
                {
                    Param = "tools",
                };
            }
        }

        return null;
    }

    private void WriteSystem(Utf8JsonWriter json)
    {
        if (!request.System.Any(p => p is TextPart { Text.Length: > 0 }))
        {
            return;
        }

        json.WriteStartArray("system"u8);
        foreach (var part in request.System)
        {
            if (part is TextPart { Text.Length: > 0 } text)
            {
                AnthropicBlocks.WriteText(json, text.Text, default, Mark(text.Cache));
            }
        }

        json.WriteEndArray();
    }

    private void WriteMessages(Utf8JsonWriter json, List<(Role Role, List<ContentPart> Parts)> turns)
    {
        json.WriteStartArray("messages"u8);
        for (var i = 0; i < turns.Count; i++)
        {
            var (role, parts) = turns[i];
            json.WriteStartObject();
            json.WriteString("role"u8, role switch { Role.Assistant => "assistant"u8, Role.System => "system"u8, _ => "user"u8 });
            json.WriteStartArray("content"u8);
            var last = i == turns.Count - 1;
            foreach (var part in parts)
            {
                WritePart(json, part, trimEnd: last && role == Role.Assistant && ReferenceEquals(part, parts[^1]));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WritePart(Utf8JsonWriter json, ContentPart part, bool trimEnd)
    {
        switch (part)
        {
            case TextPart text:
                // Trailing white space in a prefill is a 400.
                AnthropicBlocks.WriteText(json, trimEnd ? text.Text.TrimEnd() : text.Text,
                    text.CitationsFrom == WireProtocol.AnthropicMessages ? text.Citations : default, Mark(text.Cache));
                break;
            case ImagePart image:
                WriteMedia(json, "image", image.Source, image);
                break;
            case DocumentPart document:
                WriteMedia(json, "document", document.Source, document);
                break;
            case ThinkingPart thinking:
                AnthropicBlocks.WriteThinking(json, thinking);
                break;
            case ToolCallPart call:
                var id = _ids.Map(call.Id);
                if (!_openIds.TryGetValue(call.Id, out var open))
                {
                    _openIds.Add(call.Id, open = new Queue<string>(1));
                }

                open.Enqueue(id);
                AnthropicBlocks.WriteToolUse(json, call, id, Mark(call.Cache));
                break;
            case ToolResultPart result:
                WriteResult(json, result);
                break;
            case OpaquePart opaque:
                // Its mark stands in its own bytes.
                _cacheMarks += opaque.Cache is null ? 0 : 1;
                opaque.Json.WriteTo(json);
                break;
        }
    }

    private void WriteResult(Utf8JsonWriter json, ToolResultPart result)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_result"u8);
        json.WriteString("tool_use_id"u8, _openIds.TryGetValue(result.CallId, out var open) && open.TryDequeue(out var id) ? id : ToolIds.Map(result.CallId));
        json.WriteStartArray("content"u8);
        foreach (var part in result.Parts)
        {
            if (_turns.Carry(part, Role.User) is { } carried and not ToolResultPart)
            {
                WritePart(json, carried, trimEnd: false);
            }
        }

        json.WriteEndArray();
        if (result.IsError)
        {
            json.WriteBoolean("is_error"u8, value: true);
        }

        AnthropicWords.WriteCache(json, Mark(result.Cache));
        json.WriteEndObject();
    }

    private void WriteMedia(Utf8JsonWriter json, string type, MediaSource source, ContentPart part)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteStartObject("source"u8);
        switch (source)
        {
            case MediaSource.Base64 inline when part is DocumentPart && PlainText(inline) is { } plain:
                json.WriteString("type"u8, "text"u8);
                json.WriteString("media_type"u8, "text/plain"u8);
                json.WriteString("data"u8, plain);
                break;
            case MediaSource.Base64 inline:
                json.WriteString("type"u8, "base64"u8);
                json.WriteString("media_type"u8, inline.MediaType == "image/jpg" ? "image/jpeg" : inline.MediaType);
                json.WriteString("data"u8, inline.Data);
                break;
            case MediaSource.Url url:
                json.WriteString("type"u8, "url"u8);
                json.WriteString("url"u8, url.Address);
                break;
            case MediaSource.FileId file:
                json.WriteString("type"u8, "file"u8);
                json.WriteString("file_id"u8, file.Id);
                break;
            case MediaSource.PlainText text:
                json.WriteString("type"u8, "text"u8);
                json.WriteString("media_type"u8, text.MediaType);
                json.WriteString("data"u8, text.Text);
                break;
        }

        json.WriteEndObject();
        DropIf(part is ImagePart { Detail: not (null or "auto") }, "image.detail", "Claude takes no image detail.");
        if (part is DocumentPart document)
        {
            if (document.Title is not null)
            {
                json.WriteString("title"u8, document.Title);
            }

            if (document.Context is not null)
            {
                json.WriteString("context"u8, document.Context);
            }

            if (document.WantsCitations)
            {
                json.WriteStartObject("citations"u8);
                json.WriteBoolean("enabled"u8, value: true);
                json.WriteEndObject();
            }
        }

        AnthropicWords.WriteCache(json, Mark(part.Cache));
        json.WriteEndObject();
    }

    // Claude takes text documents as text; only PDFs as base64.
    private static string? PlainText(MediaSource.Base64 inline)
    {
        if (!inline.MediaType.StartsWith("text/", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(inline.Data));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private void WriteTools(Utf8JsonWriter json)
    {
        if (!HasTools())
        {
            foreach (var tool in request.Tools)
            {
                Drop("tools." + FeatureWords.Clean(tool.Name, 40), $"Anthropic has no tool '{FeatureWords.Clean(tool.Name, 40)}'.");
            }

            return;
        }

        json.WriteStartArray("tools"u8);
        foreach (var tool in request.Tools)
        {
            if (tool is VendorTool { From: WireProtocol.AnthropicMessages } own)
            {
                // Its mark stands in its own bytes.
                _cacheMarks += own.Cache is null ? 0 : 1;
                own.Json.WriteTo(json);
            }
            else if (tool is FunctionTool function)
            {
                WriteFunction(json, function);
            }
            else if (SearchOf(tool) is { } search)
            {
                search.WriteAnthropic(json, degradations);
            }
            else if (tool is VendorTool foreign)
            {
                Drop("tools." + FeatureWords.Clean(foreign.Type, 40), $"Anthropic has no tool of type '{foreign.Type}'.");
            }
        }

        json.WriteEndArray();
    }

    private bool HasTools() => request.Tools.Any(t => t is FunctionTool or VendorTool { From: WireProtocol.AnthropicMessages } || SearchOf(t) is not null);

    // Two tools of one name are refused.
    private WebSearchTool? SearchOf(Tool tool) =>
        tool is VendorTool { From: not WireProtocol.AnthropicMessages } && !request.Tools.Any(t => t is FunctionTool { Name: WebSearchTool.AnthropicName }) ? WebSearchTool.Of(tool) : null;

    // Anthropic's own clients keep to its strict mode themselves.
    private RawJson Strict(RawJson schema) => request.From == WireProtocol.AnthropicMessages || schema.IsEmpty ? schema : StrictSchemas.ToAnthropic(schema, degradations);

    private void WriteFunction(Utf8JsonWriter json, FunctionTool function)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, function.Name);
        if (function.Description is not null)
        {
            json.WriteString("description"u8, function.Description);
        }

        json.WritePropertyName("input_schema"u8);
        AnthropicBlocks.WriteSchema(json, function.Strict == true ? Strict(function.Schema) : function.Schema);

        if (function.Strict == true)
        {
            json.WriteBoolean("strict"u8, value: true);
        }

        if (function.DeferLoading)
        {
            json.WriteBoolean("defer_loading"u8, value: true);
        }

        if (request.From == WireProtocol.AnthropicMessages && !function.Extra.IsEmpty)
        {
            function.Extra.WriteMembersTo(json);
        }

        AnthropicWords.WriteCache(json, Mark(function.Cache));
        json.WriteEndObject();
    }

    private void WriteToolChoice(Utf8JsonWriter json, bool thinks)
    {
        var choice = request.ToolChoice;
        if (thinks && choice?.Mode is ToolChoiceMode.Any or ToolChoiceMode.Named)
        {
            degradations.Add("tool_choice", DegradationOutcome.Weakened, "Claude cannot be forced to a tool while it thinks: the choice became 'auto'.");
            choice = new ToolChoice(ToolChoiceMode.Auto);
        }

        if (!HasTools() || (choice is null && request.ParallelToolCalls is null))
        {
            return;
        }

        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, choice?.Mode switch
        {
            ToolChoiceMode.Any => "any"u8,
            ToolChoiceMode.None => "none"u8,
            ToolChoiceMode.Named => "tool"u8,
            _ => "auto"u8,
        });
        if (choice?.Mode == ToolChoiceMode.Named)
        {
            json.WriteString("name"u8, request.Tools.Any(t => t.Name == choice.Name && SearchOf(t) is not null) ? WebSearchTool.AnthropicName : choice.Name);
        }

        if (request.ParallelToolCalls == false && choice?.Mode != ToolChoiceMode.None)
        {
            json.WriteBoolean("disable_parallel_tool_use"u8, value: true);
        }

        json.WriteEndObject();
    }

    private void WriteSampling(Utf8JsonWriter json, bool thinks)
    {
        var sampling = request.Sampling;
        var refused = thinks || target.Traits.Sampling == false;
        if (sampling.Temperature is { } temperature)
        {
            if (refused)
            {
                Drop("sampling.temperature", "This model takes no temperature, or not while it thinks.");
            }
            else
            {
                json.WriteNumber("temperature"u8, Math.Clamp(temperature, 0, 1));
                if (temperature > 1)
                {
                    degradations.Add("sampling.temperature", DegradationOutcome.Weakened, "Claude's temperature ends at 1.");
                }
            }
        }

        // Claude takes one of temperature and top_p, and top_p while thinking only close to 1.
        if (sampling.TopP is { } topP)
        {
            if (refused || (sampling.Temperature is not null && request.From != WireProtocol.AnthropicMessages))
            {
                Drop("sampling.top_p", "Claude takes no top_p beside a temperature, nor while it thinks.");
            }
            else
            {
                json.WriteNumber("top_p"u8, topP);
            }
        }

        if (sampling.TopK is { } topK)
        {
            if (refused)
            {
                Drop("sampling.top_k", "This model takes no top_k, or not while it thinks.");
            }
            else
            {
                json.WriteNumber("top_k"u8, topK);
            }
        }

        DropIf(sampling.Seed is not null, "sampling.seed", "Claude takes no seed.");
        DropIf(sampling.FrequencyPenalty is not (null or 0), "sampling.frequency_penalty", "Claude takes no penalties.");
        DropIf(sampling.PresencePenalty is not (null or 0), "sampling.presence_penalty", "Claude takes no penalties.");
    }

    private void WriteOutputConfig(Utf8JsonWriter json, string? effort)
    {
        var format = request.ResponseFormat;
        if (format is { Kind: ResponseFormatKind.JsonObject })
        {
            degradations.Add("response_format", DegradationOutcome.Dropped, "Claude has no free JSON mode: ask for JSON in the prompt, or give a schema.");
            format = null;
        }
        else if (format is not null && (format.Schema.IsEmpty || target.Traits.StructuredOutput == false))
        {
            Drop("response_format", $"{target.Model} does not follow a schema: say in the prompt what shape the answer must have.");
            format = null;
        }

        if (effort is null && format is null && !HasExtras("output_config."))
        {
            return;
        }

        json.WriteStartObject("output_config"u8);
        if (effort is not null)
        {
            json.WriteString("effort"u8, effort);
        }

        if (format is not null)
        {
            json.WriteStartObject("format"u8);
            json.WriteString("type"u8, "json_schema"u8);
            json.WritePropertyName("schema"u8);
            Strict(format.Schema).WriteTo(json);
            json.WriteEndObject();
        }

        WriteExtrasOf(json, "output_config.");
        json.WriteEndObject();
    }

    private void WriteExtras(Utf8JsonWriter json)
    {
        foreach (var (name, value) in request.Extras)
        {
            if (request.From == WireProtocol.AnthropicMessages && IsInner(name))
            {
                // Stands inside metadata or output_config.
                continue;
            }

            if (request.From == WireProtocol.AnthropicMessages)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
            else if (IsMeaningful(name, value))
            {
                Drop(FeatureWords.Clean(name, 60), $"Anthropic does not know '{FeatureWords.Clean(name, 60)}'.");
            }
        }
    }

    private static bool IsInner(string name) => name.StartsWith("metadata.", StringComparison.Ordinal) || name.StartsWith("output_config.", StringComparison.Ordinal);

    private bool HasExtras(string prefix) =>
        request.From == WireProtocol.AnthropicMessages && request.Extras.Any(e => e.Name.StartsWith(prefix, StringComparison.Ordinal));

    private void WriteExtrasOf(Utf8JsonWriter json, string prefix)
    {
        foreach (var (name, value) in request.Extras)
        {
            if (request.From == WireProtocol.AnthropicMessages && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                json.WritePropertyName(name[prefix.Length..]);
                value.WriteTo(json);
            }
        }
    }

    // n: 1 and logprobs: false say nothing that Claude does not do anyway.
    private static bool IsMeaningful(string name, RawJson value) => name switch
    {
        "n" => !value.Utf8.Span.SequenceEqual("1"u8),
        "logprobs" => !value.Utf8.Span.SequenceEqual("false"u8), // A number in legacy completions.
        "store" => value.Utf8.Span.SequenceEqual("true"u8),
        _ => true,
    };

    private CacheMark? Mark(CacheMark? mark)
    {
        if (mark is null || _cacheMarks >= MaxCacheMarks)
        {
            DropIf(mark is not null, "cache_control", $"Claude takes {MaxCacheMarks} cache marks; further ones were left out.");
            return null;
        }

        _cacheMarks++;
        return mark;
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
