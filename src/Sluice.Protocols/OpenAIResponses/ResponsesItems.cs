using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Reads output items, <c>{"type":"message","content":[…]}</c> and its like, the same in whole answers, streams and histories.</summary>
internal static class ResponsesItems
{
    /// <summary>
    /// Calls that xAI's own tools make stand in answers as calls of custom tools that no client declared; their results never come from a client.
    /// They are told by their ids: <c>xs_call_72097209</c>.
    /// </summary>
    public static bool IsVendorCall(JsonElement item) => ResponsesJson.Text(item, "call_id") is { } id && id.StartsWith("xs_call", StringComparison.Ordinal);

    /// <summary>A search of the web that the server made and charges; opening a page that it found is none.</summary>
    public static bool IsSearch(JsonElement item) => ResponsesJson.Text(item, "type") == "web_search_call" && ResponsesJson.Text(item, "status") is not "failed"
        && (!ResponsesJson.Object(item, "action", out var action) || ResponsesJson.Text(action, "type") is null or "search");

    /// <summary>Appends the parts that an item means.</summary>
    public static void Read(JsonElement item, List<ContentPart> parts)
    {
        switch (ResponsesJson.Text(item, "type"))
        {
            case "message":
                foreach (var part in ResponsesJson.Elements(item, "content"))
                {
                    if (ReadContent(part) is { } read)
                    {
                        parts.Add(read);
                    }
                }

                break;
            case "reasoning":
                var thinking = ReadThinking(item);
                var sealedText = ResponsesJson.Text(item, "encrypted_content");
                if (thinking.Text.Length > 0 || sealedText is { Length: > 0 })
                {
                    parts.Add(thinking with { Signature = sealedText is { Length: > 0 } ? sealedText : null });
                }

                break;
            case "function_call":
                var arguments = Arguments(item);
                parts.Add(new ToolCallPart(CallId(item), ResponsesJson.Text(item, "name") ?? string.Empty, RawJson.FromText(arguments))
                {
                    ArgumentsAreJson = ResponsesJson.IsObject(arguments),
                    Namespace = ResponsesJson.Text(item, "namespace"),
                });
                break;
            case "custom_tool_call" when !IsVendorCall(item):
                parts.Add(new ToolCallPart(CallId(item), ResponsesJson.Text(item, "name") ?? string.Empty, RawJson.FromText(ResponsesJson.Text(item, "input") ?? string.Empty))
                {
                    IsCustom = true,
                    ArgumentsAreJson = false,
                    Namespace = ResponsesJson.Text(item, "namespace"),
                });
                break;
            case { } type:
                parts.Add(new OpaquePart(type, ResponsesJson.Raw(item), WireProtocol.OpenAIResponses));
                break;
            default:
                break;
        }
    }

    /// <summary>A part of a message; null for one that says nothing.</summary>
    public static ContentPart? ReadContent(JsonElement part) => ResponsesJson.Text(part, "type") switch
    {
        "output_text" or "text" => ReadText(part, ResponsesJson.Text(part, "text") ?? string.Empty),
        "refusal" => new RefusalPart(ResponsesJson.Text(part, "refusal") ?? string.Empty),
        { } type => new OpaquePart(type, ResponsesJson.Raw(part), WireProtocol.OpenAIResponses),
        _ => null,
    };

    /// <summary>A text with its annotations.</summary>
    public static TextPart ReadText(JsonElement part, string text) =>
        part.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Array && annotations.GetArrayLength() > 0
            ? new TextPart(text) { Citations = ResponsesJson.Raw(annotations), CitationsFrom = WireProtocol.OpenAIResponses }
            : new TextPart(text);

    /// <summary>A reasoning item without what is sealed in it: the summary is what is shown; servers that have none show the reasoning itself.</summary>
    public static ThinkingPart ReadThinking(JsonElement item)
    {
        var summary = Joined(item, "summary");
        return new ThinkingPart(summary.Length > 0 ? summary : Joined(item, "content")) { Id = ResponsesJson.Text(item, "id"), SignedBy = WireProtocol.OpenAIResponses };
    }

    /// <summary>The argument text of a call; some servers send the object itself.</summary>
    public static string Arguments(JsonElement item)
    {
        if (!item.TryGetProperty("arguments", out var value))
        {
            return "{}";
        }

        var text = value.ValueKind switch
        {
            JsonValueKind.String => LenientText.Read(value),
            JsonValueKind.Object => value.GetRawText(),
            _ => string.Empty,
        };
        return string.IsNullOrWhiteSpace(text) ? "{}" : text;
    }

    /// <summary>What pairs a call with its result: <c>call_id</c>, or the item's own id where a server gives no other.</summary>
    public static string CallId(JsonElement item) =>
        ResponsesJson.Text(item, "call_id") is { Length: > 0 } id ? id : ResponsesJson.Text(item, "id") ?? string.Empty;

    // Parts of a summary are paragraphs.
    private static string Joined(JsonElement item, string name)
    {
        List<string>? texts = null;
        foreach (var part in ResponsesJson.Elements(item, name))
        {
            if (ResponsesJson.Text(part, "text") is { Length: > 0 } text)
            {
                (texts ??= []).Add(text);
            }
        }

        return texts is null ? string.Empty : string.Join("\n\n", texts);
    }
}
