// Long since every member of the request is checked against one first error and written into one request; halves would share all of that state.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Reads a client's Chat request. What it does not know goes into <see cref="ConversationRequest.Extras"/>; what has a wrong type is an error that
/// names the member. The first error wins; reading goes on with defaults, so that no step needs to unwind.
/// </summary>
internal sealed class OpenAIChatRequestReader
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private readonly List<ContentPart> _system = [];
    private readonly List<Message> _messages = [];
    private readonly List<Tool> _tools = [];
    private readonly List<ExtraMember> _extras = [];
    private readonly List<string> _stops = [];

    private readonly RequestFaults _faults = new();
    private List<ToolCallPart> _openCalls = [];
    private ConversationRequest _request = new() { From = WireProtocol.OpenAIChat, Model = string.Empty };
    private long? _maxTokens;
    private long? _maxCompletionTokens;
    private string? _effort;

    private OpenAIChatRequestReader()
    {
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
            using var document = JsonDocument.Parse(body, Deep);
            return new OpenAIChatRequestReader().Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a member name with half a surrogate pair, found only when it is looked at.
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body is not valid JSON: " + e.Message);
        }
    }

    /// <summary>Reads what Chat shares with legacy completions: every member for which <paramref name="isShared"/> holds, the model required.</summary>
    public static Parsed<ConversationRequest> ReadShared(JsonElement root, Func<string, bool> isShared)
    {
        var reader = new OpenAIChatRequestReader();
        return reader.Members(root, isShared) ? reader.Finish() : reader._faults.First!;
    }

    /// <summary>The <c>cache_control</c> of a part, a tool or a request; null without one.</summary>
    public static CacheMark? CacheOf(JsonElement holder) =>
        holder.TryGetProperty("cache_control", out var mark) && mark.ValueKind == JsonValueKind.Object
            ? new CacheMark(mark.TryGetProperty("ttl", out var ttl) && ttl.ValueKind == JsonValueKind.String ? LenientText.Read(ttl) : null)
            : null;

    private Parsed<ConversationRequest> Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body must be a JSON object.");
        }

        var hasMessages = false;
        Members(root, name =>
        {
            hasMessages |= name == "messages";
            return true;
        });
        if (!hasMessages)
        {
            _faults.Fail("messages", "Missing required parameter: 'messages'.");
        }

        return _faults.First is { } fault ? fault : Finish();
    }

    private bool Members(JsonElement root, Func<string, bool> isRead)
    {
        var named = false;
        foreach (var member in root.EnumerateObject())
        {
            named |= member.Name is "model" or "models";
            if (isRead(member.Name) && member.Value.ValueKind != JsonValueKind.Null)
            {
                Member(member.Name, member.Value);
            }
        }

        if (!named)
        {
            _faults.Fail("model", "you must provide a model parameter");
        }

        return _faults.First is null;
    }

    private ConversationRequest Finish()
    {
        if (_effort is not null && _request.Reasoning is null)
        {
            _request = _request with { Reasoning = Effort(_effort) };
        }

        return _request with
        {
            System = _system,
            Messages = _messages,
            Tools = _tools,
            StopSequences = _stops,
            Extras = _extras,
            MaxOutputTokens = _maxCompletionTokens ?? _maxTokens,
        };
    }

    private void Member(string name, JsonElement value)
    {
        switch (name)
        {
            case "model": _request = _request with { Model = _faults.Text(value, name) ?? string.Empty }; break;
            case "messages": Messages(value); break;
            case "tools": Tools(value); break;
            case "functions": Functions(value); break;
            case "tool_choice": Choice(value); break;
            case "function_call": Choice(value); break;
            case "parallel_tool_calls": _request = _request with { ParallelToolCalls = _faults.Flag(value, name) }; break;
            case "max_tokens": _maxTokens = _faults.Whole(value, name); break;
            case "max_completion_tokens": _maxCompletionTokens = _faults.Whole(value, name); break;
            case "temperature": Sampling(s => s with { Temperature = _faults.Number(value, name) }); break;
            case "top_p": Sampling(s => s with { TopP = _faults.Number(value, name) }); break;
            case "top_k": Sampling(s => s with { TopK = _faults.Whole(value, name) }); break;
            case "seed": Sampling(s => s with { Seed = _faults.Whole(value, name) }); break;
            case "frequency_penalty": Sampling(s => s with { FrequencyPenalty = _faults.Number(value, name) }); break;
            case "presence_penalty": Sampling(s => s with { PresencePenalty = _faults.Number(value, name) }); break;
            case "stop": Stops(value); break;
            case "stream": _request = _request with { Stream = _faults.Flag(value, name) ?? false }; break;
            case "stream_options": StreamOptions(value); break;
            case "reasoning_effort": _effort = _faults.Text(value, name); break;
            case "reasoning": Reasoning(value); break;
            case "response_format": Format(value); break;
            case "cache_control": _request = _request with { AutomaticCache = CacheMarkOf(value) }; break;
            case "user": _request = _request with { EndUser = _faults.Text(value, name) }; break;
            case "service_tier": _request = _request with { ServiceTier = _faults.Text(value, name) }; break;
            case "prompt_cache_key": _request = _request with { PromptCacheKey = _faults.Text(value, name) }; break;
            default: _extras.Add(new ExtraMember(name, Raw(value))); break;
        }
    }

    private void Sampling(Func<SamplingOptions, SamplingOptions> change) => _request = _request with { Sampling = change(_request.Sampling) };

    private static CacheMark? CacheMarkOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
            ? new CacheMark(value.TryGetProperty("ttl", out var ttl) && ttl.ValueKind == JsonValueKind.String ? LenientText.Read(ttl) : null)
            : null;

    private void Stops(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var stop in value.EnumerateArray())
            {
                if (_faults.Text(stop, "stop") is { } text)
                {
                    _stops.Add(text);
                }
            }
        }
        else if (_faults.Text(value, "stop") is { } text)
        {
            _stops.Add(text);
        }
    }

    private void StreamOptions(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Object, "stream_options"))
        {
            return;
        }

        if (value.TryGetProperty("include_usage", out var usage) && usage.ValueKind != JsonValueKind.Null)
        {
            _request = _request with { IncludeStreamUsage = _faults.Flag(usage, "stream_options.include_usage") ?? false };
        }
    }

    private static ReasoningOptions Effort(string effort) =>
        effort == "none" ? new ReasoningOptions(ReasoningMode.Off) { Effort = effort } : new ReasoningOptions(ReasoningMode.Adaptive) { Effort = effort };

    private void Reasoning(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Object, "reasoning"))
        {
            return;
        }

        string? effort = null;
        long? budget = null;
        bool? enabled = null;
        var exclude = false;
        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (member.Name)
            {
                case "effort": effort = _faults.Text(member.Value, "reasoning.effort"); break;
                case "max_tokens": budget = _faults.Whole(member.Value, "reasoning.max_tokens"); break;
                case "enabled": enabled = _faults.Flag(member.Value, "reasoning.enabled"); break;
                case "exclude": exclude = _faults.Flag(member.Value, "reasoning.exclude") ?? false; break;
                default: break;
            }
        }

        var options = enabled == false ? new ReasoningOptions(ReasoningMode.Off)
            : budget is not null ? new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = budget, Effort = effort }
            : effort is not null ? Effort(effort)
            : new ReasoningOptions(ReasoningMode.Adaptive);
        _request = _request with { Reasoning = exclude ? options with { Display = "omitted" } : options };
    }

    private void Format(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Object, "response_format"))
        {
            return;
        }

        switch (_faults.MemberText(value, "type", "response_format.type"))
        {
            case "json_object":
                _request = _request with { ResponseFormat = new ResponseFormat(ResponseFormatKind.JsonObject) };
                break;
            case "json_schema":
                if (!value.TryGetProperty("json_schema", out var holder) || !_faults.Is(holder, JsonValueKind.Object, "response_format.json_schema"))
                {
                    _faults.Fail("response_format.json_schema", "Missing required parameter: 'response_format.json_schema'.");
                    return;
                }

                _request = _request with
                {
                    ResponseFormat = new ResponseFormat(ResponseFormatKind.JsonSchema)
                    {
                        Name = _faults.MemberText(holder, "name", "response_format.json_schema.name"),
                        Description = _faults.MemberText(holder, "description", "response_format.json_schema.description"),
                        Strict = holder.TryGetProperty("strict", out var strict) ? _faults.Flag(strict, "response_format.json_schema.strict") : null,
                        Schema = holder.TryGetProperty("schema", out var schema) && schema.ValueKind != JsonValueKind.Null ? Raw(schema) : default,
                    },
                };
                break;
            case "text" or null:
                break;
            default:
                _extras.Add(new ExtraMember("response_format", Raw(value)));
                break;
        }
    }

    private void Tools(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Array, "tools"))
        {
            return;
        }

        var i = 0;
        foreach (var tool in value.EnumerateArray())
        {
            if (_faults.Is(tool, JsonValueKind.Object, At("tools", i)))
            {
                AddTool(tool, i);
            }

            i++;
        }
    }

    private void AddTool(JsonElement tool, int i)
    {
        var type = _faults.MemberText(tool, "type", At("tools", i, "type"));
        if (type is "function" or null && tool.TryGetProperty("function", out var function))
        {
            if (_faults.Is(function, JsonValueKind.Object, At("tools", i, "function")))
            {
                AddFunction(function, At("tools", i, "function"), CacheOf(tool));
            }
        }
        else if (type == "custom" && tool.TryGetProperty("custom", out var custom) && custom.ValueKind == JsonValueKind.Object)
        {
            _tools.Add(new VendorTool(type, _faults.MemberText(custom, "name", At("tools", i, "custom.name")) ?? type, Raw(tool), WireProtocol.OpenAIChat));
        }
        else if (type is null or "function")
        {
            _faults.Fail(At("tools", i, "function"), "A tool must have a type and, for functions, a function object.");
        }
        else
        {
            _tools.Add(new VendorTool(type, _faults.MemberText(tool, "name", At("tools", i, "name")) ?? type, Raw(tool), WireProtocol.OpenAIChat));
        }
    }

    private void AddFunction(JsonElement function, string path, CacheMark? cache)
    {
        if (_faults.MemberText(function, "name", path + ".name") is not { Length: > 0 } name)
        {
            _faults.Fail(path + ".name", "A function must have a name.");
            return;
        }

        _tools.Add(new FunctionTool(
            name,
            _faults.MemberText(function, "description", path + ".description"),
            function.TryGetProperty("parameters", out var schema) && schema.ValueKind != JsonValueKind.Null ? Raw(schema) : default)
        {
            Strict = function.TryGetProperty("strict", out var strict) ? _faults.Flag(strict, path + ".strict") : null,
            Cache = cache,
        });
    }

    private void Functions(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Array, "functions"))
        {
            return;
        }

        var i = 0;
        foreach (var function in value.EnumerateArray())
        {
            if (_faults.Is(function, JsonValueKind.Object, At("functions", i)))
            {
                AddFunction(function, At("functions", i), null);
            }

            i++;
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
        if (type == "allowed_tools" && value.TryGetProperty("allowed_tools", out var allowed) && allowed.ValueKind == JsonValueKind.Object)
        {
            // The mode carries over; the narrowing itself only to servers of the same protocol, so it also stays verbatim.
            var required = _faults.MemberText(allowed, "mode", "tool_choice.allowed_tools.mode") == "required";
            _request = _request with { ToolChoice = new ToolChoice(required ? ToolChoiceMode.Any : ToolChoiceMode.Auto) };
            _extras.Add(new ExtraMember("tool_choice", Raw(value)));
            return;
        }

        var holder = value.TryGetProperty("function", out var function) || value.TryGetProperty("custom", out function) ? function : value;
        if (holder.ValueKind == JsonValueKind.Object && _faults.MemberText(holder, "name", "tool_choice.function.name") is { Length: > 0 } name)
        {
            _request = _request with { ToolChoice = new ToolChoice(ToolChoiceMode.Named, name) };
        }
        else
        {
            _faults.Fail("tool_choice", "A tool_choice object must name a function.");
        }
    }

    private void Messages(JsonElement value)
    {
        if (!_faults.Is(value, JsonValueKind.Array, "messages"))
        {
            return;
        }

        var i = 0;
        foreach (var message in value.EnumerateArray())
        {
            if (_faults.Is(message, JsonValueKind.Object, At("messages", i)))
            {
                AddMessage(message, i);
            }

            i++;
        }
    }

    private void AddMessage(JsonElement message, int i)
    {
        switch (_faults.MemberText(message, "role", At("messages", i, "role")))
        {
            case "system" or "developer":
                var instructions = Content(message, i);
                if (_messages.Count == 0)
                {
                    _system.AddRange(instructions);
                }
                else
                {
                    _messages.Add(new Message(Role.System, instructions));
                }

                break;
            case "user":
                _messages.Add(new Message(Role.User, Content(message, i)));
                break;
            case "assistant":
                AddAssistant(message, i);
                break;
            case "tool" or "function":
                AddResult(message, i);
                break;
            case { } role:
                _faults.Fail(At("messages", i, "role"), "Invalid value: '" + role + "'. Supported values are: 'system', 'developer', 'user', 'assistant', and 'tool'.");
                break;
            default:
                _faults.Fail(At("messages", i, "role"), "Missing required parameter: '" + At("messages", i, "role") + "'.");
                break;
        }
    }

    private void AddAssistant(JsonElement message, int i)
    {
        if (message.TryGetProperty("content", out var content)
            && content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array or JsonValueKind.Null or JsonValueKind.Object))
        {
            _faults.Fail(At("messages", i, "content"), "Invalid type for '" + At("messages", i, "content") + "': expected a string or an array.");
        }

        if (message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
        {
            _faults.Fail(At("messages", i, "tool_calls"), "Invalid type for '" + At("messages", i, "tool_calls") + "': expected an array.");
        }

        var parts = new List<ContentPart>();
        OpenAIChatMessageParts.ReadAssistant(message, parts, i.ToString(CultureInfo.InvariantCulture), thinkTags: false);
        _openCalls = [.. parts.OfType<ToolCallPart>()];
        _messages.Add(new Message(Role.Assistant, parts));
    }

    private void AddResult(JsonElement message, int i)
    {
        var id = _faults.MemberText(message, "tool_call_id", At("messages", i, "tool_call_id"));
        var name = _faults.MemberText(message, "name", At("messages", i, "name"));

        // By id; where there is none (the legacy role, servers without ids) by name, else by order.
        var call = _openCalls.Find(c => !string.IsNullOrEmpty(id) ? c.Id == id : name is null || c.Name == name);
        if (call is not null)
        {
            _openCalls.Remove(call);
        }

        var result = new ToolResultPart(string.IsNullOrEmpty(id) ? call?.Id ?? string.Empty : id, Content(message, i), IsError: false);
        if (_messages.Count > 0 && _messages[^1] is { Role: Role.User, Parts: List<ContentPart> { Count: > 0 } last } && last.TrueForAll(p => p is ToolResultPart))
        {
            last.Add(result);
        }
        else
        {
            _messages.Add(new Message(Role.User, new List<ContentPart> { result }));
        }
    }

    private List<ContentPart> Content(JsonElement message, int i)
    {
        var parts = new List<ContentPart>();
        if (!message.TryGetProperty("content", out var content))
        {
            _faults.Fail(At("messages", i, "content"), "Missing required parameter: '" + At("messages", i, "content") + "'.");
            return parts;
        }

        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                parts.Add(new TextPart(LenientText.Read(content)) { Cache = CacheOf(message) });
                break;
            case JsonValueKind.Array:
                var j = 0;
                foreach (var part in content.EnumerateArray())
                {
                    AddPart(part, parts, i, j++);
                }

                break;
            case JsonValueKind.Null:
                break;
            default:
                _faults.Fail(At("messages", i, "content"), "Invalid type for '" + At("messages", i, "content") + "': expected a string or an array.");
                break;
        }

        return parts;
    }

    private void AddPart(JsonElement part, List<ContentPart> parts, int i, int j)
    {
        if (part.ValueKind == JsonValueKind.String)
        {
            parts.Add(new TextPart(LenientText.Read(part)));
            return;
        }

        if (part.ValueKind != JsonValueKind.Object)
        {
            _faults.Fail(PartAt(i, j), "Invalid type for '" + PartAt(i, j) + "': expected an object.");
            return;
        }

        var cache = CacheOf(part);
        switch (_faults.MemberText(part, "type", PartAt(i, j) + ".type"))
        {
            case "text" or "input_text":
                if (!part.TryGetProperty("text", out var text) || _faults.Text(text, PartAt(i, j) + ".text") is not { } shown)
                {
                    _faults.Fail(PartAt(i, j) + ".text", "Missing required parameter: '" + PartAt(i, j) + ".text'.");
                    return;
                }

                parts.Add(new TextPart(shown) { Cache = cache });
                break;
            case "image_url":
                AddImage(part, parts, i, j, cache);
                break;
            case "input_audio" when part.TryGetProperty("input_audio", out var audio) && audio.ValueKind == JsonValueKind.Object:
                parts.Add(new AudioPart(
                    _faults.MemberText(audio, "format", PartAt(i, j) + ".input_audio.format") ?? "wav",
                    _faults.MemberText(audio, "data", PartAt(i, j) + ".input_audio.data") ?? string.Empty) { Cache = cache });
                break;
            case "file" when part.TryGetProperty("file", out var file) && file.ValueKind == JsonValueKind.Object:
                AddFile(file, parts, i, j, cache);
                break;
            case { Length: > 0 } type:
                parts.Add(new OpaquePart(type, Raw(part), WireProtocol.OpenAIChat) { Cache = cache });
                break;
            default:
                _faults.Fail(PartAt(i, j) + ".type", "Missing required parameter: '" + PartAt(i, j) + ".type'.");
                break;
        }
    }

    private void AddImage(JsonElement part, List<ContentPart> parts, int i, int j, CacheMark? cache)
    {
        part.TryGetProperty("image_url", out var image);
        var path = PartAt(i, j) + ".image_url";
        var url = image.ValueKind == JsonValueKind.Object ? _faults.MemberText(image, "url", path + ".url") : image.ValueKind == JsonValueKind.String ? LenientText.Read(image) : null;
        if (url is null)
        {
            _faults.Fail(path + ".url", "Missing required parameter: '" + path + ".url'.");
            return;
        }

        parts.Add(new ImagePart(MediaSource.Of(url))
        {
            Cache = cache,
            Detail = image.ValueKind == JsonValueKind.Object ? _faults.MemberText(image, "detail", path + ".detail") : null,
        });
    }

    private void AddFile(JsonElement file, List<ContentPart> parts, int i, int j, CacheMark? cache)
    {
        var path = PartAt(i, j) + ".file";
        var data = _faults.MemberText(file, "file_data", path + ".file_data");
        var id = _faults.MemberText(file, "file_id", path + ".file_id");
        if (data is null && id is null)
        {
            _faults.Fail(path, "A file part must have file_data or file_id.");
            return;
        }

        parts.Add(new DocumentPart(data is not null ? MediaSource.Of(data) : new MediaSource.FileId(id!))
        {
            Title = _faults.MemberText(file, "filename", path + ".filename"),
            Cache = cache,
        });
    }

    private static string At(string list, int i) => string.Create(CultureInfo.InvariantCulture, $"{list}[{i}]");

    private static string At(string list, int i, string member) => string.Create(CultureInfo.InvariantCulture, $"{list}[{i}].{member}");

    private static string PartAt(int i, int j) => string.Create(CultureInfo.InvariantCulture, $"messages[{i}].content[{j}]");

    private static RawJson Raw(JsonElement value) => RawJson.Copy(JsonMarshal.GetRawUtf8Value(value));
}
