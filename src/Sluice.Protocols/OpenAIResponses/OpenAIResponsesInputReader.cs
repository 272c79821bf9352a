using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Reads <c>input</c>: one text, or items without nesting. Items of the model's side that follow one another are one assistant message; results of
/// tools are the user's. An item that has no neutral meaning is carried verbatim; one that points at something stored is refused.
/// </summary>
internal sealed class OpenAIResponsesInputReader(RequestFaults faults, OpenAIResponsesToolsReader tools)
{
    private readonly List<ContentPart> _system = [];
    private readonly List<(Role Role, List<ContentPart> Parts)> _turns = [];

    /// <summary>Leading instructions.</summary>
    public IReadOnlyList<ContentPart> System => _system;

    /// <summary>The turns.</summary>
    public IReadOnlyList<Message> Messages => [.. _turns.Select(t => new Message(t.Role, t.Parts))];

    /// <summary>Reads the member's value.</summary>
    public void Read(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String)
        {
            _turns.Add((Role.User, [new TextPart(LenientText.Read(input))]));
            return;
        }

        if (!faults.Is(input, JsonValueKind.Array, "input"))
        {
            return;
        }

        var i = 0;
        foreach (var item in input.EnumerateArray())
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"input[{i++}]");
            if (faults.Is(item, JsonValueKind.Object, path))
            {
                Add(item, path);
            }
        }
    }

    private void Add(JsonElement item, string path)
    {
        var type = faults.MemberText(item, "type", path + ".type");
        switch (type)
        {
            case "message":
            case null when item.TryGetProperty("role", out _):
                AddMessage(item, path);
                break;
            case "item_reference":
            case null when item.TryGetProperty("id", out _):
                faults.Fail(path, "Sluice keeps no responses, so an item cannot be named by its id. Send the item itself, with 'store' set to false.");
                break;
            case null:
                faults.Fail(path + ".type", "Missing required parameter: '" + path + ".type'.");
                break;
            case "function_call":
                AddCall(item, path);
                break;
            case "custom_tool_call":
                Assistant(new ToolCallPart(faults.Required(item, "call_id", path), faults.Required(item, "name", path), RawJson.FromText(faults.Required(item, "input", path)))
                {
                    IsCustom = true,
                    ArgumentsAreJson = false,
                    Namespace = faults.MemberText(item, "namespace", path + ".namespace"),
                });
                break;
            case "function_call_output" or "custom_tool_call_output":
                AddResult(new ToolResultPart(faults.Required(item, "call_id", path), Output(item, path), IsError: false));
                break;
            case "reasoning":
                AddReasoning(item);
                break;
            case "additional_tools" when item.TryGetProperty("tools", out var declared):
                tools.Read(declared, path + ".tools");
                break;
            default:
                var opaque = new OpaquePart(type, ResponsesJson.Raw(item), WireProtocol.OpenAIResponses);
                if (type.EndsWith("_output", StringComparison.Ordinal) || type == "mcp_approval_response")
                {
                    AddResult(opaque);
                }
                else
                {
                    Assistant(opaque);
                }

                break;
        }
    }

    private void AddMessage(JsonElement item, string path)
    {
        switch (faults.Required(item, "role", path))
        {
            case "system" or "developer":
                var instructions = Content(item, path);
                if (_turns.Count == 0)
                {
                    _system.AddRange(instructions);
                }
                else
                {
                    _turns.Add((Role.System, instructions));
                }

                break;
            case "user":
                _turns.Add((Role.User, Content(item, path)));
                break;
            case "assistant":
                var parts = Content(item, path);

                // Two texts in a row were two messages; behind a call its result is awaited, so the turn stays whole.
                if (_turns.Count > 0 && _turns[^1] is { Role: Role.Assistant, Parts: var last } && last.Exists(p => p is TextPart) && !last.Exists(p => p is ToolCallPart))
                {
                    _turns.Add((Role.Assistant, []));
                }

                foreach (var part in parts)
                {
                    Assistant(part);
                }

                break;
            case { Length: > 0 } role:
                faults.Fail(path, "Invalid value: '" + role + "'. Supported values are: 'assistant', 'system', 'developer', and 'user'.");
                break;
        }
    }

    private void AddCall(JsonElement item, string path)
    {
        var arguments = item.TryGetProperty("arguments", out var value)
            ? value.ValueKind == JsonValueKind.Object ? value.GetRawText() : faults.Text(value, path + ".arguments") ?? string.Empty
            : faults.Required(item, "arguments", path);
        arguments = string.IsNullOrWhiteSpace(arguments) ? "{}" : arguments;
        Assistant(new ToolCallPart(faults.Required(item, "call_id", path), faults.Required(item, "name", path), RawJson.FromText(arguments))
        {
            ArgumentsAreJson = ResponsesJson.IsObject(arguments),
            Namespace = faults.MemberText(item, "namespace", path + ".namespace"),
        });
    }

    private void AddReasoning(JsonElement item)
    {
        var thinking = ResponsesItems.ReadThinking(item);
        Assistant(ResponsesJson.Text(item, "encrypted_content") is { Length: > 0 } carried ? ReasoningCarrier.Open(carried, thinking) : thinking);
    }

    private void Assistant(ContentPart part)
    {
        if (_turns.Count == 0 || _turns[^1].Role != Role.Assistant)
        {
            _turns.Add((Role.Assistant, []));
        }

        _turns[^1].Parts.Add(part);
    }

    private void AddResult(ContentPart result)
    {
        if (_turns.Count == 0 || _turns[^1].Role != Role.User || !_turns[^1].Parts.TrueForAll(p => p is ToolResultPart or OpaquePart))
        {
            _turns.Add((Role.User, []));
        }

        _turns[^1].Parts.Add(result);
    }

    private List<ContentPart> Output(JsonElement item, string path)
    {
        if (!item.TryGetProperty("output", out var output))
        {
            faults.Fail(path + ".output", "Missing required parameter: '" + path + ".output'.");
            return [];
        }

        // Some clients put an object there; its text is what the model is shown.
        return output.ValueKind switch
        {
            JsonValueKind.String => [new TextPart(LenientText.Read(output))],
            JsonValueKind.Null => [],
            JsonValueKind.Array => Parts(output, path + ".output"),
            _ => [new TextPart(output.GetRawText())],
        };
    }

    private List<ContentPart> Content(JsonElement item, string path)
    {
        if (!item.TryGetProperty("content", out var content))
        {
            faults.Fail(path + ".content", "Missing required parameter: '" + path + ".content'.");
            return [];
        }

        switch (content.ValueKind)
        {
            case JsonValueKind.String: return [new TextPart(LenientText.Read(content))];
            case JsonValueKind.Null: return [];
            case JsonValueKind.Array: return Parts(content, path + ".content");
            default:
                faults.Fail(path + ".content", "Invalid type for '" + path + ".content': expected a string or an array.");
                return [];
        }
    }

    private List<ContentPart> Parts(JsonElement list, string path)
    {
        var parts = new List<ContentPart>();
        var j = 0;
        foreach (var element in list.EnumerateArray())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{j++}]");
            if (element.ValueKind == JsonValueKind.String)
            {
                parts.Add(new TextPart(LenientText.Read(element)));
            }
            else if (faults.Is(element, JsonValueKind.Object, at) && Part(element, at) is { } part)
            {
                // The client's own breakpoint ({"mode":"explicit"}); OpenRouter's clients use Anthropic's name.
                parts.Add(element.TryGetProperty("prompt_cache_breakpoint", out _) || element.TryGetProperty("cache_control", out _)
                    ? part with { Cache = new CacheMark(element.TryGetProperty("cache_control", out var mark) ? ResponsesJson.Text(mark, "ttl") : null) }
                    : part);
            }
        }

        return parts;
    }

    private ContentPart? Part(JsonElement part, string path)
    {
        switch (faults.Required(part, "type", path))
        {
            case "input_text" or "output_text" or "text":
                return ResponsesItems.ReadText(part, faults.Required(part, "text", path));
            case "refusal":
                return new RefusalPart(faults.Required(part, "refusal", path));
            case "input_image":
                var source = faults.MemberText(part, "image_url", path + ".image_url") is { } url ? MediaSource.Of(url)
                    : faults.MemberText(part, "file_id", path + ".file_id") is { } id ? new MediaSource.FileId(id)
                    : null;
                if (source is null)
                {
                    faults.Fail(path + ".image_url", "An input_image must have image_url or file_id.");
                    return null;
                }

                return new ImagePart(source) { Detail = faults.MemberText(part, "detail", path + ".detail") };
            case "input_file":
                return File(part, path);
            case "input_audio" when ResponsesJson.Object(part, "input_audio", out var audio):
                return new AudioPart(ResponsesJson.Text(audio, "format") ?? "wav", faults.Required(audio, "data", path + ".input_audio"));
            case { Length: > 0 } type:
                return new OpaquePart(type, ResponsesJson.Raw(part), WireProtocol.OpenAIResponses);
            default:
                return null;
        }
    }

    private DocumentPart? File(JsonElement part, string path)
    {
        var name = faults.MemberText(part, "filename", path + ".filename");
        MediaSource? source =
            faults.MemberText(part, "file_data", path + ".file_data") is { } data
                ? data.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? MediaSource.Of(data) : new MediaSource.Base64(TypeOf(name), data)
            : faults.MemberText(part, "file_url", path + ".file_url") is { } url ? new MediaSource.Url(url)
            : faults.MemberText(part, "file_id", path + ".file_id") is { } id ? new MediaSource.FileId(id)
            : null;
        if (source is null)
        {
            faults.Fail(path, "An input_file must have file_data, file_url or file_id.");
            return null;
        }

        return new DocumentPart(source) { Title = name };
    }

    private static string TypeOf(string? name) =>
        name is null || name.EndsWith(".pdf", StringComparison.OrdinalIgnoreCase) ? "application/pdf" : "text/plain";
}
