using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Folds tools into what the upstream's format knows, and back: a tool that takes free text becomes a function with the one argument <c>input</c>,
/// a tool in a namespace a function whose name holds both, and a name that the format refuses one that it takes. What comes back is looked up in
/// the same declarations, so the client sees its own tools called as it declared them. Both ways are a function of the declared tools alone.
/// </summary>
public static class ToolFolding
{
    /// <summary>The argument that holds the text of a folded call.</summary>
    internal const string Input = "input";

    private const string Schema = """{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},"required":["input"],"additionalProperties":false}""";

    /// <summary>The request with tools as the upstream's format can carry them; the same one where there is nothing to fold.</summary>
    /// <param name="request">Any client's request.</param>
    /// <param name="upstream">The format that it is to be written in.</param>
    /// <param name="degradations">Takes what was emulated.</param>
    public static ConversationRequest Fold(ConversationRequest request, WireProtocol upstream, DegradationLog degradations)
    {
        if (!HasFoldedTools(request.Tools, upstream) && !request.Messages.Any(m => m.Parts.Any(p => IsFolded(p, upstream))))
        {
            return request;
        }

        var names = new FoldedNames(request.Tools, upstream);
        var tools = new List<Tool>(request.Tools.Count);
        foreach (var tool in request.Tools)
        {
            tools.Add(FoldTool(tool, names, upstream, degradations));
        }

        return request with
        {
            Tools = tools,
            ToolChoice = request.ToolChoice is { Name: { } chosen } choice && request.Tools.FirstOrDefault(t => t.Name == chosen) is { } named and not VendorTool
                ? choice with { Name = names.Of(named.Namespace, named.Name) }
                : request.ToolChoice,
            Messages = [.. request.Messages.Select(m => m.Parts.Any(p => IsFolded(p, upstream)) ? new Message(m.Role, [.. m.Parts.Select(p => p is ToolCallPart call ? FoldCall(call, names, upstream) : p)]) : m)],
        };
    }

    /// <summary>A whole answer with its calls as the client declared them.</summary>
    /// <param name="response">As the upstream's format was read.</param>
    /// <param name="declared">The client's tools, before folding.</param>
    /// <param name="upstream">The format that it came in.</param>
    public static ConversationResponse Restore(ConversationResponse response, IReadOnlyList<Tool> declared, WireProtocol upstream)
    {
        if (!HasFoldedTools(declared, upstream))
        {
            return response;
        }

        var names = new FoldedNames(declared, upstream);
        return response with { Parts = [.. response.Parts.Select(p => p is ToolCallPart call && names.Find(call.Name) is { } tool ? RestoreCall(call, tool) : p)] };
    }

    /// <summary>A reader that tells calls as the client declared them; the same one where there is nothing to restore.</summary>
    /// <param name="reader">Of the upstream's format.</param>
    /// <param name="declared">The client's tools, before folding.</param>
    /// <param name="upstream">The format that is read.</param>
    public static IStreamReader Restore(IStreamReader reader, IReadOnlyList<Tool> declared, WireProtocol upstream) =>
        HasFoldedTools(declared, upstream) ? new FoldedCallReader(reader, new FoldedNames(declared, upstream)) : reader;

    /// <summary>The text that a folded call carries. A model may name its argument otherwise, or write the text itself: one text is one text.</summary>
    internal static string TextOf(string arguments)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments, new JsonDocumentOptions { MaxDepth = 512 });
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.String)
            {
                return LenientText.Read(root);
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                return arguments;
            }

            if (root.TryGetProperty(Input, out var input) && input.ValueKind == JsonValueKind.String)
            {
                return LenientText.Read(input);
            }

            var members = root.EnumerateObject();
            return !members.MoveNext() ? string.Empty
                : members.Current.Value is { ValueKind: JsonValueKind.String } only && !members.MoveNext() ? LenientText.Read(only)
                : arguments;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return arguments;
        }
    }

    /// <summary>The format has free-text tools and namespaces itself.</summary>
    internal static bool Knows(WireProtocol upstream) => WireFormats.Upstream(upstream).TakesCustomTools;

    private static bool HasFoldedTools(IReadOnlyList<Tool> tools, WireProtocol upstream)
    {
        for (var i = 0; i < tools.Count; i++)
        {
            if ((tools[i] is CustomTool && !Knows(upstream)) || FoldedNames.IsRenamed(tools[i], upstream))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFolded(ContentPart part, WireProtocol upstream) => part is ToolCallPart call
        && ((!Knows(upstream) && (call.IsCustom || call.Namespace is not null)) || (call.Namespace is null && !ToolNames.IsLegal(call.Name, upstream)));

    private static Tool FoldTool(Tool tool, FoldedNames names, WireProtocol upstream, DegradationLog degradations)
    {
        if (!FoldedNames.IsRenamed(tool, upstream) && (tool is not CustomTool || Knows(upstream)))
        {
            return tool;
        }

        var name = names.Of(tool.Namespace, tool.Name);
        if (tool.Namespace is not null)
        {
            degradations.Add("tools.namespace", DegradationOutcome.Emulated, "The upstream knows no namespaces of tools: each became the beginning of its tools' names.");
        }
        else if (name != tool.Name)
        {
            degradations.Add("tools.name", DegradationOutcome.Emulated, "The upstream refuses names of this length or with these characters: the model sees a shortened one, the client its own.");
        }

        switch (tool)
        {
            case CustomTool custom when Knows(upstream):
                return custom with { Name = name };
            case CustomTool custom:
                degradations.Add("tools.custom", DegradationOutcome.Emulated, "The upstream knows no tools that take free text: each became a function with one argument, and its grammar a description.");
                return new FunctionTool(name, Describe(custom), RawJson.FromText(Schema)) { Cache = tool.Cache };
            case FunctionTool function:
                return function with { Name = name, Namespace = null };
            default:
                return tool;
        }
    }

    // {"type":"grammar","syntax":"lark","definition":"start: …"}
    private static string Describe(CustomTool tool)
    {
        var text = new StringBuilder(tool.Description);
        text.Append(text.Length > 0 ? "\n\n" : "").Append("Give the input as plain text in the argument `input`, without further quoting or markdown.");
        if (tool.Format.IsEmpty)
        {
            return text.ToString();
        }

        try
        {
            using var document = JsonDocument.Parse(tool.Format.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
            var format = document.RootElement;
            if (format.TryGetProperty("definition", out var definition) && definition.ValueKind == JsonValueKind.String)
            {
                var syntax = format.TryGetProperty("syntax", out var word) && word.ValueKind == JsonValueKind.String ? LenientText.Read(word) : "following";
                text.Append(" The text must match this ").Append(syntax).Append(" grammar:\n").Append(LenientText.Read(definition));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A grammar that cannot be read cannot be told; the description stands without it.
        }

        return text.ToString();
    }

    private static ToolCallPart FoldCall(ToolCallPart call, FoldedNames names, WireProtocol upstream) => Knows(upstream)
        ? call with { Name = names.Of(call.Namespace, call.Name) }
        : call with
        {
            Name = names.Of(call.Namespace, call.Name),
            Namespace = null,
            IsCustom = false,
            Arguments = call.IsCustom ? Wrapped(call.Arguments) : call.Arguments,
            ArgumentsAreJson = call.IsCustom || call.ArgumentsAreJson,
        };

    private static ToolCallPart RestoreCall(ToolCallPart call, Tool tool) => tool is CustomTool && !call.IsCustom
        ? call with { Name = tool.Name, Namespace = tool.Namespace, IsCustom = true, ArgumentsAreJson = false, Arguments = RawJson.FromText(TextOf(call.Arguments.ToString())) }
        : call with { Name = tool.Name, Namespace = tool.Namespace };

    private static RawJson Wrapped(RawJson text)
    {
        var buffer = new ArrayBufferWriter<byte>(text.Utf8.Length + 32);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString(Input, text.Utf8.Span);
            json.WriteEndObject();
        }

        return new RawJson(buffer.WrittenMemory);
    }
}
