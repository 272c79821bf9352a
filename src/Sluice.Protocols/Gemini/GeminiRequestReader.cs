using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Reads a generateContent request. Model and streaming stand in the path: <see cref="ConversationRequest.Model"/> stays empty here. What is not
/// of the expected type is an error that names its path; what is not known is carried along.
/// </summary>
internal sealed class GeminiRequestReader
{
    private readonly GeminiToolPairing _tools = new();
    private UpstreamError? _error;

    private GeminiRequestReader()
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
            using var document = JsonDocument.Parse(body, GeminiJson.Deep);
            var reader = new GeminiRequestReader();
            var request = reader.ReadRequest(document.RootElement);
            return reader._error is { } error ? error : request;
        }
        catch (JsonException e)
        {
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body is not valid JSON: " + e.Message);
        }
        catch (InvalidOperationException)
        {
            // A member name with half a surrogate pair, the one thing that the document reader still throws on.
            return new UpstreamError(ErrorKind.InvalidRequest, "The request body holds a name that is not valid Unicode.");
        }
    }

    private ConversationRequest ReadRequest(JsonElement root)
    {
        var request = new ConversationRequest { From = WireProtocol.Gemini, Model = "" };
        if (root.ValueKind != JsonValueKind.Object)
        {
            Invalid("", "The request body must be a JSON object.");
            return request;
        }

        var extras = new List<ExtraMember>();
        foreach (var member in root.EnumerateObject())
        {
            var value = member.Value;
            if (value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (GeminiJson.Camel(member.Name))
            {
                case "contents":
                    request = request with { Messages = ReadContents(value) };
                    break;
                case "systemInstruction":
                    request = request with { System = ReadSystem(value) };
                    break;
                case "tools":
                    request = request with { Tools = ReadTools(value) };
                    break;
                case "toolConfig":
                    request = request with { ToolChoice = ReadToolChoice(value, extras) };
                    break;
                case "generationConfig":
                    request = new GeminiGenerationConfigReader(extras, Invalid).Read(request, value);
                    break;
                case "serviceTier" when value.ValueKind == JsonValueKind.String:
                    request = request with { ServiceTier = value.GetString() };
                    break;
                case "model":
                    // Some clients repeat the path's model here; the path decides.
                    break;
                case var name:
                    extras.Add(new ExtraMember(name, GeminiJson.Raw(value)));
                    break;
            }
        }

        if (request.Messages.Count == 0)
        {
            Invalid("contents", "contents is not specified");
        }

        return request with { Extras = extras };
    }

    private List<Message> ReadContents(JsonElement value)
    {
        var messages = new List<Message>();
        foreach (var content in Items(value, "contents"))
        {
            var path = $"contents[{messages.Count}]";
            if (content.ValueKind == JsonValueKind.String)
            {
                messages.Add(new Message(Role.User, [new TextPart(LenientText.Read(content))]));
                continue;
            }

            if (content.ValueKind != JsonValueKind.Object)
            {
                Invalid(path, "must be an object");
                return messages;
            }

            // Google treats a turn without a role as the user's.
            var role = GeminiJson.Text(content, "role") switch
            {
                null or "" or "user" or "function" => Role.User,
                "model" => Role.Assistant,
                _ => (Role?)null,
            };
            if (role is null)
            {
                Invalid(path + ".role", "Please use a valid role: user, model.");
                return messages;
            }

            var parts = ReadParts(content, path);
            Add(messages, role.Value, role == Role.Assistant ? Joined(parts) : parts);
        }

        return messages;
    }

    // Clients keep one part for each chunk of a stream. Other formats take no blank text, so a chunk that is only a space would be lost.
    private static List<ContentPart> Joined(List<ContentPart> parts)
    {
        var joined = new List<ContentPart>(parts.Count);
        StringBuilder? text = null;
        foreach (var part in parts)
        {
            if (part is TextPart { Signature: null } && joined.Count > 0 && joined[^1] is TextPart { Signature: null } last)
            {
                (text ??= new StringBuilder(last.Text)).Append(((TextPart)part).Text);
                continue;
            }

            Flush();
            joined.Add(part);
        }

        Flush();
        return joined;

        void Flush()
        {
            if (text is not null)
            {
                joined[^1] = (TextPart)joined[^1] with { Text = text.ToString() };
                text = null;
            }
        }
    }

    // Google's own SDK keeps the results of tools that it ran itself in the model's turns.
    private static void Add(List<Message> messages, Role role, List<ContentPart> parts)
    {
        if (role == Role.User || !parts.Exists(p => p is ToolResultPart))
        {
            messages.Add(new Message(role, parts));
            return;
        }

        var start = 0;
        for (var i = 1; i <= parts.Count; i++)
        {
            if (i == parts.Count || parts[i] is ToolResultPart != parts[start] is ToolResultPart)
            {
                messages.Add(new Message(parts[start] is ToolResultPart ? Role.User : Role.Assistant, parts[start..i]));
                start = i;
            }
        }
    }

    private List<ContentPart> ReadParts(JsonElement content, string path)
    {
        var parts = new List<ContentPart>();
        if (!GeminiJson.TryGet(content, "parts", out var items))
        {
            return parts;
        }

        foreach (var item in Items(items, path + ".parts"))
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                parts.Add(new TextPart(LenientText.Read(item)));
                continue;
            }

            if (item.ValueKind != JsonValueKind.Object)
            {
                Invalid($"{path}.parts[{parts.Count}]", "must be an object");
                return parts;
            }

            AddPart(item, parts);
        }

        return parts;
    }

    private void AddPart(JsonElement item, List<ContentPart> parts)
    {
        ContentPart part;
        if (GeminiJson.TryGet(item, "functionCall", out var call) && call.ValueKind == JsonValueKind.Object)
        {
            part = _tools.ReadCall(call) with { Signature = GeminiJson.Text(item, "thoughtSignature"), SignedBy = WireProtocol.Gemini };
        }
        else if (GeminiJson.TryGet(item, "functionResponse", out var result) && result.ValueKind == JsonValueKind.Object)
        {
            part = _tools.ReadResult(result) with { Signature = GeminiJson.Text(item, "thoughtSignature"), SignedBy = WireProtocol.Gemini };
        }
        else
        {
            part = GeminiPartReader.Read(item);
        }

        if (part.Signature is { } signature && CarriedThinking.Unwrap(signature) is { Count: > 0 } thinking)
        {
            // The thoughts that the client kept are the ones that travelled in the signature.
            while (parts.Count > 0 && parts[^1] is ThinkingPart { Signature: null })
            {
                parts.RemoveAt(parts.Count - 1);
            }

            parts.AddRange(thinking);
            part = part with { Signature = null };
            if (part is TextPart { Text.Length: 0 })
            {
                return;
            }
        }

        parts.Add(part);
    }

    private List<ContentPart> ReadSystem(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return [new TextPart(LenientText.Read(value))];
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Invalid("systemInstruction", "must be an object");
            return [];
        }

        return [.. ReadParts(value, "systemInstruction").Where(p => p is TextPart or OpaquePart)];
    }

    private List<Tool> ReadTools(JsonElement value)
    {
        var tools = new List<Tool>();
        foreach (var entry in Items(value, "tools"))
        {
            if (entry.ValueKind != JsonValueKind.Object)
            {
                Invalid("tools", "must hold objects");
                return tools;
            }

            foreach (var member in entry.EnumerateObject())
            {
                var name = GeminiJson.Camel(member.Name);
                if (name == "functionDeclarations")
                {
                    tools.AddRange(Items(member.Value, "tools.functionDeclarations").Select(ReadFunction));
                }
                else if (member.Value.ValueKind != JsonValueKind.Null)
                {
                    tools.Add(new VendorTool(name, name, Wrapped(name, member.Value), WireProtocol.Gemini));
                }
            }
        }

        return tools;
    }

    private FunctionTool ReadFunction(JsonElement declaration)
    {
        if (GeminiJson.Text(declaration, "name") is not { Length: > 0 } name)
        {
            Invalid("tools.functionDeclarations", "every function needs a name");
            return new FunctionTool("", null, default);
        }

        RawJson schema = default;
        if (GeminiJson.TryGet(declaration, "parametersJsonSchema", out var json) && json.ValueKind == JsonValueKind.Object)
        {
            schema = GeminiJson.Raw(json);
        }
        else if (GeminiJson.TryGet(declaration, "parameters", out var parameters) && parameters.ValueKind == JsonValueKind.Object)
        {
            schema = OpenApiSchema.ToJsonSchema(parameters);
        }

        return new FunctionTool(name, GeminiJson.Text(declaration, "description"), schema) { Extra = FurtherMembers(declaration) };
    }

    // response, responseJsonSchema, behavior: what Gemini knows of a function and others do not.
    private static RawJson FurtherMembers(JsonElement declaration)
    {
        var known = declaration.EnumerateObject().Where(m => GeminiJson.Camel(m.Name) is "response" or "responseJsonSchema" or "behavior").ToList();
        return known.Count == 0 ? default : GeminiMembers.Object(json =>
        {
            foreach (var member in known)
            {
                json.WritePropertyName(GeminiJson.Camel(member.Name));
                GeminiJson.Write(json, member.Value);
            }
        });
    }

    private static ToolChoice? ReadToolChoice(JsonElement value, List<ExtraMember> extras)
    {
        var names = new List<string>();
        string? mode = null;
        if (GeminiJson.TryGet(value, "functionCallingConfig", out var calling))
        {
            mode = GeminiJson.Text(calling, "mode")?.ToUpperInvariant();
            if (GeminiJson.TryGet(calling, "allowedFunctionNames", out var allowed) && allowed.ValueKind == JsonValueKind.Array)
            {
                names.AddRange(allowed.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(LenientText.Read));
            }
        }

        var simple = mode is "AUTO" or "ANY" or "NONE" && names.Count <= (mode == "ANY" ? 1 : 0)
            && value.EnumerateObject().Count() == 1 && calling.EnumerateObject().All(m => GeminiJson.Camel(m.Name) is "mode" or "allowedFunctionNames");
        if (!simple)
        {
            // Several allowed names, argument streaming, retrieval: whole for Gemini, in part for others.
            extras.Add(new ExtraMember("toolConfig", GeminiJson.Raw(value)));
        }

        return mode switch
        {
            "ANY" when names.Count == 1 => new ToolChoice(ToolChoiceMode.Named, names[0]),
            "ANY" => new ToolChoice(ToolChoiceMode.Any),
            "NONE" => new ToolChoice(ToolChoiceMode.None),
            "AUTO" or "VALIDATED" => new ToolChoice(ToolChoiceMode.Auto),
            _ => null,
        };
    }

    private static RawJson Wrapped(string name, JsonElement value) => GeminiMembers.Object(json =>
    {
        json.WritePropertyName(name);
        GeminiJson.Write(json, value);
    });

    // Proto JSON takes one object where a list of one is meant; Google's own examples write it so.
    private IEnumerable<JsonElement> Items(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                return value.EnumerateArray();
            case JsonValueKind.Object or JsonValueKind.String:
                return [value];
            default:
                Invalid(path, "must be a list");
                return [];
        }
    }

    private void Invalid(string path, string what) =>
        _error ??= new UpstreamError(ErrorKind.InvalidRequest, path.Length == 0 ? what : $"{path}: {what}") { Param = path.Length == 0 ? null : path, Status = 400 };
}
