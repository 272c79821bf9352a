// More than 500 lines: one small method per member and block of the body, in the order of the reference.
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Reads a Messages request. What is not of the expected type is an error that names its path, as Anthropic itself does
/// (<c>messages.3.content.0.type: …</c>); what is not known is carried along.
/// </summary>
internal sealed class AnthropicRequestReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    private UpstreamError? _error;

    private AnthropicRequestReader()
    {
    }

    /// <summary>Reads a body; never throws on its content.</summary>
    public static Parsed<ConversationRequest> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            // Schemas and arguments travel on as they are: an upstream must not get bytes that are no text.
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body is not valid UTF-8.");
        }

        try
        {
            using var document = JsonDocument.Parse(body, Options);
            var reader = new AnthropicRequestReader();
            var request = reader.ReadRequest(document.RootElement);
            return reader._error is { } error ? error : request;
        }
        catch (JsonException e)
        {
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body is not valid JSON: " + e.Message);
        }
        catch (InvalidOperationException)
        {
            // The one thing that the document reader still throws on: a string or name that is not text (half a surrogate pair).
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body holds a string that is not valid Unicode.");
        }
    }

    private ConversationRequest ReadRequest(JsonElement root)
    {
        var request = new ConversationRequest { From = WireProtocol.AnthropicMessages, Model = "" };
        if (root.ValueKind != JsonValueKind.Object)
        {
            Fail("", "a JSON object", root);
            return request;
        }

        var sampling = SamplingOptions.None;
        ReasoningOptions? reasoning = null;
        string? effort = null;
        var extras = new List<ExtraMember>();
        foreach (var member in root.EnumerateObject())
        {
            var value = member.Value;
            switch (member.Name)
            {
                case "model":
                    request = request with { Model = String(value, "model") ?? "" };
                    break;
                case "max_tokens":
                    request = request with { MaxOutputTokens = Integer(value, "max_tokens") };
                    break;
                case "system":
                    request = request with { System = ReadSystem(value, "system") };
                    break;
                case "messages":
                    request = request with { Messages = ReadMessages(value) };
                    break;
                case "tools":
                    request = request with { Tools = ReadTools(value) };
                    break;
                case "tool_choice":
                    request = ReadToolChoice(request, value);
                    break;
                case "stream":
                    request = request with { Stream = Boolean(value, "stream") ?? false };
                    break;
                case "temperature":
                    sampling = sampling with { Temperature = Number(value, "temperature") };
                    break;
                case "top_p":
                    sampling = sampling with { TopP = Number(value, "top_p") };
                    break;
                case "top_k":
                    sampling = sampling with { TopK = Integer(value, "top_k") };
                    break;
                case "stop_sequences":
                    request = request with { StopSequences = Strings(value, "stop_sequences") };
                    break;
                case "thinking":
                    reasoning = ReadThinking(value);
                    break;
                case "output_config":
                    (effort, var format) = ReadOutputConfig(value, extras);
                    request = request with { ResponseFormat = format ?? request.ResponseFormat };
                    break;
                case "output_format":
                    request = request with { ResponseFormat = ReadFormat(value, "output_format") };
                    break;
                case "cache_control":
                    request = request with { AutomaticCache = ReadCache(value, "cache_control") };
                    break;
                case "metadata":
                    request = request with { EndUser = ReadUser(value, extras) };
                    break;
                case "service_tier":
                    request = request with { ServiceTier = String(value, "service_tier") };
                    break;
                default:
                    extras.Add(new ExtraMember(member.Name, Raw(value)));
                    break;
            }
        }

        if (!root.TryGetProperty("messages"u8, out _))
        {
            Invalid("messages", "Field required");
        }

        if (effort is not null)
        {
            reasoning = (reasoning ?? new ReasoningOptions(ReasoningMode.Adaptive)) with { Effort = effort };
        }

        return request with { Sampling = sampling, Reasoning = reasoning, Extras = extras };
    }

    private List<ContentPart> ReadSystem(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return [new TextPart(LenientText.Read(value))];
            case JsonValueKind.Array:
                return ReadBlocks(value, path);
            case JsonValueKind.Null:
                return [];
            default:
                Fail(path, "a string or a list of blocks", value);
                return [];
        }
    }

    private List<Message> ReadMessages(JsonElement value)
    {
        var messages = new List<Message>();
        if (value.ValueKind != JsonValueKind.Array)
        {
            Fail("messages", "a list", value);
            return messages;
        }

        foreach (var item in value.EnumerateArray())
        {
            var path = $"messages.{messages.Count}";
            if (item.ValueKind != JsonValueKind.Object)
            {
                Fail(path, "an object", item);
                return messages;
            }

            var role = item.TryGetProperty("role"u8, out var r) && r.ValueKind == JsonValueKind.String ? r.GetString() : null;
            Role? known = role switch
            {
                "user" => Role.User,
                "assistant" => Role.Assistant,
                "system" => Role.System,
                _ => null,
            };
            if (known is null)
            {
                Invalid($"{path}.role", "Input should be 'user' or 'assistant'");
                return messages;
            }

            if (!item.TryGetProperty("content"u8, out var content))
            {
                Invalid($"{path}.content", "Field required");
                return messages;
            }

            messages.Add(new Message(known.Value, ReadSystem(content, $"{path}.content")));
        }

        return messages;
    }

    private List<ContentPart> ReadBlocks(JsonElement blocks, string path)
    {
        var parts = new List<ContentPart>(blocks.GetArrayLength());
        var index = 0;
        foreach (var block in blocks.EnumerateArray())
        {
            if (ReadBlock(block, $"{path}.{index++}") is { } part)
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    private ContentPart? ReadBlock(JsonElement block, string path)
    {
        if (block.ValueKind == JsonValueKind.String)
        {
            return new TextPart(LenientText.Read(block));
        }

        if (block.ValueKind != JsonValueKind.Object)
        {
            Fail(path, "a content block", block);
            return null;
        }

        var type = Member(block, "type"u8, path + ".type");
        if (type is null)
        {
            Invalid(path + ".type", "Field required");
            return null;
        }

        ContentPart? part = type switch
        {
            "text" => new TextPart(Required(block, "text"u8, path + ".text"))
            {
                Citations = block.TryGetProperty("citations"u8, out var c) && c.ValueKind == JsonValueKind.Array ? Raw(c) : default,
                CitationsFrom = WireProtocol.AnthropicMessages,
            },
            "image" => ReadSource(block, path) is { } source ? new ImagePart(source) : null,
            "document" => ReadDocument(block, path),
            "thinking" => ReadThinking(block, path),
            "redacted_thinking" => new ThinkingPart("")
            {
                RedactedData = Required(block, "data"u8, path + ".data"),
                SignedBy = WireProtocol.AnthropicMessages,
            },
            "tool_use" => ReadToolUse(block, path),
            "tool_result" => ReadToolResult(block, path),
            _ => new OpaquePart(type, Raw(block), WireProtocol.AnthropicMessages),
        };
        return part is not null && block.TryGetProperty("cache_control"u8, out var cache)
            ? part with { Cache = ReadCache(cache, path + ".cache_control") }
            : part;
    }

    private ThinkingPart ReadThinking(JsonElement block, string path)
    {
        var carried = Member(block, "signature"u8, path + ".signature");
        var (signature, signedBy) = carried is null ? (null, WireProtocol.AnthropicMessages) : SignatureCarrier.Unwrap(carried, WireProtocol.AnthropicMessages);
        var thinking = new ThinkingPart(Required(block, "thinking"u8, path + ".thinking")) { SignedBy = signedBy };
        return signature is not null && signedBy != WireProtocol.AnthropicMessages && CarriedDetails.Is(signature)
            ? thinking with { Details = CarriedDetails.Open(signature) }
            : thinking with { Signature = signature };
    }

    private ToolCallPart ReadToolUse(JsonElement block, string path)
    {
        var arguments = block.TryGetProperty("input"u8, out var input) ? input : default;
        if (arguments.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined))
        {
            Fail(path + ".input", "an object", arguments);
        }

        return new ToolCallPart(Required(block, "id"u8, path + ".id"), Required(block, "name"u8, path + ".name"),
            arguments.ValueKind == JsonValueKind.Object ? Raw(arguments) : RawJson.EmptyObject);
    }

    private ToolResultPart ReadToolResult(JsonElement block, string path)
    {
        IReadOnlyList<ContentPart> content = block.TryGetProperty("content"u8, out var value) ? ReadSystem(value, path + ".content") : [];
        var isError = block.TryGetProperty("is_error"u8, out var flag) && flag.ValueKind == JsonValueKind.True;
        return new ToolResultPart(Required(block, "tool_use_id"u8, path + ".tool_use_id"), content, isError);
    }

    private DocumentPart? ReadDocument(JsonElement block, string path)
    {
        if (ReadSource(block, path) is not { } source)
        {
            return null;
        }

        return new DocumentPart(source)
        {
            Title = Member(block, "title"u8, path + ".title"),
            Context = Member(block, "context"u8, path + ".context"),
            WantsCitations = block.TryGetProperty("citations"u8, out var citations) && citations.ValueKind == JsonValueKind.Object
                && citations.TryGetProperty("enabled"u8, out var enabled) && enabled.ValueKind == JsonValueKind.True,
        };
    }

    private MediaSource? ReadSource(JsonElement block, string path)
    {
        path += ".source";
        if (!block.TryGetProperty("source"u8, out var source) || source.ValueKind != JsonValueKind.Object)
        {
            Invalid(path, "Field required");
            return null;
        }

        var type = Member(source, "type"u8, path + ".type");
        switch (type)
        {
            case "base64":
                return new MediaSource.Base64(Required(source, "media_type"u8, path + ".media_type"), Required(source, "data"u8, path + ".data"));
            case "url":
                return new MediaSource.Url(Required(source, "url"u8, path + ".url"));
            case "file":
                return new MediaSource.FileId(Required(source, "file_id"u8, path + ".file_id"));
            case "text":
                return new MediaSource.PlainText(Member(source, "media_type"u8, path + ".media_type") ?? "text/plain", Required(source, "data"u8, path + ".data"));
            case "content" when source.TryGetProperty("content"u8, out var content):
                return new MediaSource.PlainText("text/plain", string.Concat(ReadSystem(content, path + ".content").OfType<TextPart>().Select(t => t.Text)));
            default:
                Invalid(path + ".type", "Input should be 'base64', 'url', 'file', 'text' or 'content'");
                return null;
        }
    }

    private List<Tool> ReadTools(JsonElement value)
    {
        var tools = new List<Tool>();
        if (value.ValueKind == JsonValueKind.Null)
        {
            return tools;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Fail("tools", "a list", value);
            return tools;
        }

        foreach (var item in value.EnumerateArray())
        {
            var path = $"tools.{tools.Count}";
            if (item.ValueKind != JsonValueKind.Object)
            {
                Fail(path, "an object", item);
                return tools;
            }

            tools.Add(ReadTool(item, path));
        }

        return tools;
    }

    private Tool ReadTool(JsonElement item, string path)
    {
        var type = Member(item, "type"u8, path + ".type");
        var cache = item.TryGetProperty("cache_control"u8, out var mark) ? ReadCache(mark, path + ".cache_control") : null;
        if (type is not (null or "custom"))
        {
            return new VendorTool(type, Member(item, "name"u8, path + ".name") ?? type, Raw(item), WireProtocol.AnthropicMessages) { Cache = cache };
        }

        return new FunctionTool(
            Required(item, "name"u8, path + ".name"),
            Member(item, "description"u8, path + ".description"),
            item.TryGetProperty("input_schema"u8, out var schema) && schema.ValueKind == JsonValueKind.Object ? Raw(schema) : default)
        {
            Cache = cache,
            Strict = item.TryGetProperty("strict"u8, out var strict) ? Boolean(strict, path + ".strict") : null,
            DeferLoading = item.TryGetProperty("defer_loading"u8, out var defer) && defer.ValueKind == JsonValueKind.True,
            Extra = FurtherMembers(item),
        };
    }

    // What a newer API knows of a tool and Sluice does not (input_examples, allowed_callers, …), as one object.
    private static RawJson FurtherMembers(JsonElement tool)
    {
        System.Buffers.ArrayBufferWriter<byte>? buffer = null;
        Utf8JsonWriter? json = null;
        foreach (var member in tool.EnumerateObject())
        {
            if (member.Name is "name" or "description" or "input_schema" or "cache_control" or "strict" or "defer_loading" or "type")
            {
                continue;
            }

            if (json is null)
            {
                buffer = new();
                json = new Utf8JsonWriter(buffer);
                json.WriteStartObject();
            }

            json.WritePropertyName(member.Name);
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
        }

        if (json is null)
        {
            return default;
        }

        json.WriteEndObject();
        json.Dispose();
        return new RawJson(buffer!.WrittenMemory);
    }

    private ConversationRequest ReadToolChoice(ConversationRequest request, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return request;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Fail("tool_choice", "an object", value);
            return request;
        }

        var type = Member(value, "type"u8, "tool_choice.type");
        var choice = type switch
        {
            "auto" => new ToolChoice(ToolChoiceMode.Auto),
            "any" => new ToolChoice(ToolChoiceMode.Any),
            "none" => new ToolChoice(ToolChoiceMode.None),
            "tool" => new ToolChoice(ToolChoiceMode.Named, Required(value, "name"u8, "tool_choice.name")),
            _ => null,
        };
        if (choice is null)
        {
            Invalid("tool_choice.type", "Input should be 'auto', 'any', 'tool' or 'none'");
        }

        bool? parallel = value.TryGetProperty("disable_parallel_tool_use"u8, out var disabled) && Boolean(disabled, "tool_choice.disable_parallel_tool_use") is { } off ? !off : null;
        return request with { ToolChoice = choice, ParallelToolCalls = parallel };
    }

    private ReasoningOptions? ReadThinking(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Fail("thinking", "an object", value);
            return null;
        }

        var display = Member(value, "display"u8, "thinking.display");
        switch (Member(value, "type"u8, "thinking.type"))
        {
            case "enabled":
                return new ReasoningOptions(ReasoningMode.Budget)
                {
                    BudgetTokens = value.TryGetProperty("budget_tokens"u8, out var budget) ? Integer(budget, "thinking.budget_tokens") : null,
                    Display = display,
                };
            case "disabled":
                return new ReasoningOptions(ReasoningMode.Off);
            case null:
                Invalid("thinking.type", "Field required");
                return null;
            default:
                // "adaptive", and whatever a newer API calls it: the model decides.
                return new ReasoningOptions(ReasoningMode.Adaptive) { Display = display };
        }
    }

    private (string? Effort, ResponseFormat? Format) ReadOutputConfig(JsonElement value, List<ExtraMember> extras)
    {
        string? effort = null;
        ResponseFormat? format = null;
        if (value.ValueKind != JsonValueKind.Object)
        {
            if (value.ValueKind != JsonValueKind.Null)
            {
                Fail("output_config", "an object", value);
            }

            return (null, null);
        }

        foreach (var member in value.EnumerateObject())
        {
            switch (member.Name)
            {
                case "effort":
                    effort = String(member.Value, "output_config.effort");
                    break;
                case "format":
                    format = ReadFormat(member.Value, "output_config.format");
                    break;
                default:
                    extras.Add(new ExtraMember("output_config." + member.Name, Raw(member.Value)));
                    break;
            }
        }

        return (effort, format);
    }

    private ResponseFormat? ReadFormat(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Fail(path, "an object", value);
            return null;
        }

        return new ResponseFormat(ResponseFormatKind.JsonSchema)
        {
            Schema = value.TryGetProperty("schema"u8, out var schema) ? Raw(schema) : RawJson.EmptyObject,
            Strict = true,
        };
    }

    private CacheMark? ReadCache(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Fail(path, "an object", value);
            return null;
        }

        return new CacheMark(Member(value, "ttl"u8, path + ".ttl"));
    }

    private string? ReadUser(JsonElement value, List<ExtraMember> extras)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            if (value.ValueKind != JsonValueKind.Null)
            {
                Fail("metadata", "an object", value);
            }

            return null;
        }

        string? user = null;
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name == "user_id")
            {
                user = member.Value.ValueKind == JsonValueKind.Null ? null : String(member.Value, "metadata.user_id");
            }
            else
            {
                extras.Add(new ExtraMember("metadata." + member.Name, Raw(member.Value)));
            }
        }

        return user;
    }

    private List<string> Strings(JsonElement value, string path)
    {
        var list = new List<string>();
        if (value.ValueKind == JsonValueKind.Null)
        {
            return list;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Fail(path, "a list of strings", value);
            return list;
        }

        foreach (var item in value.EnumerateArray())
        {
            if (String(item, $"{path}.{list.Count}") is { } text)
            {
                list.Add(text);
            }
        }

        return list;
    }

    private string? Member(JsonElement element, ReadOnlySpan<byte> name, string path) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? String(value, path) : null;

    private string Required(JsonElement element, ReadOnlySpan<byte> name, string path)
    {
        if (element.TryGetProperty(name, out var value))
        {
            return String(value, path) ?? "";
        }

        Invalid(path, "Field required");
        return "";
    }

    private string? String(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return LenientText.Read(value);
        }

        Fail(path, "a string", value);
        return null;
    }

    private long? Integer(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
        {
            return number;
        }

        Fail(path, "an integer", value);
        return null;
    }

    private double? Number(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
        {
            return number;
        }

        Fail(path, "a number", value);
        return null;
    }

    private bool? Boolean(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Null:
                return null;
            default:
                Fail(path, "true or false", value);
                return null;
        }
    }

    private void Fail(string path, string expected, JsonElement found) => Invalid(path, $"Input should be {expected}, found {Describe(found)}");

    private void Invalid(string path, string message) =>
        _error ??= new UpstreamError(ErrorKind.InvalidRequest, path.Length == 0 ? message : $"{path}: {message}") { Param = path.Length == 0 ? null : path };

    private static string Describe(JsonElement found) => found.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    private static RawJson Raw(JsonElement value) => RawJson.Copy(JsonMarshal.GetRawUtf8Value(value));
}
