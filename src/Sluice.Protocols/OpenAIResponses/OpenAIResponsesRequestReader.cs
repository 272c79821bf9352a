using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Reads a client's Responses request. What it does not know goes into <see cref="ConversationRequest.Extras"/>; what has a wrong type is an error
/// that names the member. What only a server with a memory can do (<c>previous_response_id</c>, <c>conversation</c>, <c>background</c>,
/// stored prompts) is refused, with what to do instead.
/// </summary>
internal sealed class OpenAIResponsesRequestReader
{
    private readonly RequestFaults _faults = new();
    private readonly List<ExtraMember> _extras = [];
    private readonly OpenAIResponsesToolsReader _tools;
    private readonly OpenAIResponsesInputReader _input;

    private ConversationRequest _request = new() { From = WireProtocol.OpenAIResponses, Model = string.Empty };
    private string? _instructions;
    private string? _user;
    private string? _safetyIdentifier;

    private OpenAIResponsesRequestReader()
    {
        _tools = new OpenAIResponsesToolsReader(_faults);
        _input = new OpenAIResponsesInputReader(_faults, _tools);
    }

    /// <summary>Reads <paramref name="body"/>.</summary>
    public static Parsed<ConversationRequest> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body is not valid UTF-8.");
        }

        try
        {
            using var document = JsonDocument.Parse(body, ResponsesJson.Deep);
            return new OpenAIResponsesRequestReader().Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a member name with half a surrogate pair, found only when it is looked at.
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body is not valid JSON: " + e.Message);
        }
    }

    private Parsed<ConversationRequest> Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body must be a JSON object.");
        }

        var named = false;
        var hasInput = false;
        foreach (var member in root.EnumerateObject())
        {
            named |= member.Name is "model" or "models";
            hasInput |= member.Name == "input" && member.Value.ValueKind != JsonValueKind.Null;
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                Member(member.Name, member.Value);
            }
        }

        if (!named)
        {
            _faults.Fail("model", "Missing required parameter: 'model'.");
        }

        if (!hasInput)
        {
            _faults.Fail("input", "Missing required parameter: 'input'.");
        }

        if (_faults.First is { } error)
        {
            return error;
        }

        List<ContentPart> system = _instructions is { } text ? [new TextPart(text)] : [];
        return _request with
        {
            System = [.. system, .. _input.System],
            Messages = _input.Messages,
            Tools = _tools.Tools,
            Extras = _extras,
            EndUser = _user ?? _safetyIdentifier,
        };
    }

    private void Member(string name, JsonElement value)
    {
        switch (name)
        {
            case "model": _request = _request with { Model = _faults.Text(value, name) ?? string.Empty }; break;
            case "input": _input.Read(value); break;
            case "instructions": _instructions = _faults.Text(value, name); break;
            case "tools": _tools.Read(value, name); break;
            case "tool_choice": Choice(value); break;
            case "parallel_tool_calls": _request = _request with { ParallelToolCalls = _faults.Flag(value, name) }; break;
            case "max_output_tokens": _request = _request with { MaxOutputTokens = _faults.Whole(value, name) }; break;
            case "temperature": Sampling(s => s with { Temperature = _faults.Number(value, name) }); break;
            case "top_p": Sampling(s => s with { TopP = _faults.Number(value, name) }); break;
            case "top_k": Sampling(s => s with { TopK = _faults.Whole(value, name) }); break;
            case "frequency_penalty": Sampling(s => s with { FrequencyPenalty = _faults.Number(value, name) }); break;
            case "presence_penalty": Sampling(s => s with { PresencePenalty = _faults.Number(value, name) }); break;
            case "stream": _request = _request with { Stream = _faults.Flag(value, name) ?? false }; break;
            case "reasoning": Reasoning(value); break;
            case "text": Shape(value); break;
            case "include": Include(value); break;
            case "store": Store(value); break;
            case "user": _user = _faults.Text(value, name); break;
            case "safety_identifier": _safetyIdentifier = _faults.Text(value, name); break;
            case "service_tier": _request = _request with { ServiceTier = _faults.Text(value, name) }; break;
            case "prompt_cache_key": _request = _request with { PromptCacheKey = _faults.Text(value, name) }; break;
            case "cache_control": _request = _request with { AutomaticCache = new CacheMark(ResponsesJson.Text(value, "ttl")) }; break;
            case "previous_response_id" or "conversation":
                _faults.Fail(name, $"Sluice keeps no responses, so '{name}' names nothing that it can find. Send the whole conversation in 'input', with 'store' set to false.");
                break;
            case "prompt":
                _faults.Fail(name, "A prompt that is stored at OpenAI can be used with OpenAI's own models only. Send its text in 'instructions' and 'input'.");
                break;
            case "background":
                if (_faults.Flag(value, name) == true)
                {
                    _faults.Fail(name, "Sluice keeps no responses, so none can be made in the background and fetched later. Leave 'background' out and use 'stream'.");
                }

                break;
            case "truncation" when value.ValueKind == JsonValueKind.String && value.ValueEquals("disabled"u8):
            case "stream_options":
                // What every answer has anyway, and padding of deltas, which Sluice never adds.
                break;
            default: _extras.Add(new ExtraMember(name, ResponsesJson.Raw(value))); break;
        }
    }

    private void Sampling(Func<SamplingOptions, SamplingOptions> change) => _request = _request with { Sampling = change(_request.Sampling) };

    private void Store(JsonElement value)
    {
        // "false" is what Sluice does anyway.
        if (_faults.Flag(value, "store") == true)
        {
            _extras.Add(new ExtraMember("store", ResponsesJson.Raw(value)));
        }
    }

    private void Include(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Array, "include"))
        {
            return;
        }

        // Sealed reasoning comes along in every answer.
        foreach (var wish in value.EnumerateArray())
        {
            if (wish.ValueKind != JsonValueKind.String || !wish.ValueEquals("reasoning.encrypted_content"u8))
            {
                _extras.Add(new ExtraMember("include", ResponsesJson.Raw(value)));
                return;
            }
        }
    }

    private void Reasoning(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Object, "reasoning"))
        {
            return;
        }

        string? effort = null;
        long? budget = null;
        bool? enabled = null;
        foreach (var member in value.EnumerateObject())
        {
            var path = "reasoning." + member.Name;
            switch (member.Name)
            {
                case var _ when member.Value.ValueKind == JsonValueKind.Null: break;
                case "effort": effort = _faults.Text(member.Value, path); break;
                case "max_tokens": budget = _faults.Whole(member.Value, path); break;
                case "enabled": enabled = _faults.Flag(member.Value, path); break;
                case "summary" or "generate_summary":
                    // "auto" and its like ask for what other vendors show anyway: it is a wish to an OpenAI model only.
                    _extras.Add(new ExtraMember("reasoning.summary", ResponsesJson.Raw(member.Value)));
                    break;
                default: _extras.Add(new ExtraMember(path, ResponsesJson.Raw(member.Value))); break;
            }
        }

        _request = _request with
        {
            Reasoning = enabled == false ? new ReasoningOptions(ReasoningMode.Off)
                : budget is not null ? new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = budget, Effort = effort }
                : effort == "none" ? new ReasoningOptions(ReasoningMode.Off) { Effort = effort }
                : effort is not null || enabled == true ? new ReasoningOptions(ReasoningMode.Adaptive) { Effort = effort }
                : null,
        };
    }

    private void Shape(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Object, "text"))
        {
            return;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (member.Name == "format")
            {
                Format(member.Value);
            }
            else
            {
                _extras.Add(new ExtraMember("text." + member.Name, ResponsesJson.Raw(member.Value)));
            }
        }
    }

    private void Format(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Object, "text.format"))
        {
            return;
        }

        switch (_faults.MemberText(value, "type", "text.format.type"))
        {
            case "text" or null:
                break;
            case "json_object":
                _request = _request with { ResponseFormat = new ResponseFormat(ResponseFormatKind.JsonObject) };
                break;
            case "json_schema":
                _request = _request with
                {
                    ResponseFormat = new ResponseFormat(ResponseFormatKind.JsonSchema)
                    {
                        Name = _faults.MemberText(value, "name", "text.format.name"),
                        Description = _faults.MemberText(value, "description", "text.format.description"),
                        Strict = value.TryGetProperty("strict", out var strict) ? _faults.Flag(strict, "text.format.strict") : null,
                        Schema = value.TryGetProperty("schema", out var schema) && schema.ValueKind != JsonValueKind.Null ? ResponsesJson.Raw(schema) : default,
                    },
                };
                break;
            default:
                _extras.Add(new ExtraMember("text.format", ResponsesJson.Raw(value)));
                break;
        }
    }

    private void Choice(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            _request = _request with { ToolChoice = _faults.ChoiceWord(value) ?? _request.ToolChoice };
            return;
        }

        if (!_faults.Is(value, JsonValueKind.Object, "tool_choice"))
        {
            return;
        }

        var type = _faults.MemberText(value, "type", "tool_choice.type");
        if (type == "allowed_tools" || (type is null && value.TryGetProperty("tools", out _)))
        {
            // The mode carries over; the narrowing itself only to servers of the same format, so it also stays verbatim.
            var required = _faults.MemberText(value, "mode", "tool_choice.mode") == "required";
            _request = _request with { ToolChoice = new ToolChoice(required ? ToolChoiceMode.Any : ToolChoiceMode.Auto) };
            _extras.Add(new ExtraMember("tool_choice", ResponsesJson.Raw(value)));
            return;
        }

        // {"type":"function","name":…}, {"type":"custom","name":…}, {"type":"web_search"}, {"type":"mcp","server_label":…}.
        var name = _faults.MemberText(value, "name", "tool_choice.name");
        if (name is null && ResponsesJson.Object(value, "function", out var nested))
        {
            name = _faults.MemberText(nested, "name", "tool_choice.function.name");
        }

        name ??= type is "function" or "custom" ? null : type;
        if (string.IsNullOrEmpty(name))
        {
            _faults.Fail("tool_choice.name", "A tool_choice object must name a tool.");
            return;
        }

        _request = _request with { ToolChoice = new ToolChoice(ToolChoiceMode.Named, name) };
        if (type is not ("function" or "custom"))
        {
            _extras.Add(new ExtraMember("tool_choice", ResponsesJson.Raw(value)));
        }
    }
}
