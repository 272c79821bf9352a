using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Reads an assistant message, which answers and histories share. Never fails: a member of a wrong type is left out, since an answer's oddity
/// must not cost the rest of it (requests are checked by their reader first).
/// </summary>
internal static class OpenAIChatMessageParts
{
    private const string ClaudeFormat = "anthropic-claude-v1";

    /// <summary>Appends the message's parts: reasoning first, then text, refusal, tool calls.</summary>
    /// <param name="message">The message object.</param>
    /// <param name="parts">Where to.</param>
    /// <param name="responseId">The answer's id, which invented call ids hang on.</param>
    /// <param name="thinkTags">Reasoning may stand in the text, in <c>&lt;think&gt;</c>.</param>
    public static void ReadAssistant(JsonElement message, List<ContentPart> parts, string? responseId, bool thinkTags)
    {
        ReadReasoning(message, parts);
        if (message.TryGetProperty("content", out var content))
        {
            ReadContent(content, parts, thinkTags);
        }

        if (message.TryGetProperty("audio", out var audio) && audio.ValueKind == JsonValueKind.Object && Text(audio, "transcript") is { Length: > 0 } transcript)
        {
            // Sound has no neutral form in an answer; its transcript is text.
            parts.Add(new TextPart(transcript));
        }

        AttachCitations(message, parts);
        if (Text(message, "refusal") is { Length: > 0 } refusal)
        {
            parts.Add(new RefusalPart(refusal));
        }

        ReadCalls(message, parts, responseId);
        if (message.TryGetProperty("extra_content", out var extra) && extra.ValueKind == JsonValueKind.Object)
        {
            // Google's signature on a whole message: it comes back only to servers of the same protocol.
            parts.Add(new OpaquePart("extra_content", RawJson.Copy(JsonMarshal.GetRawUtf8Value(extra)), WireProtocol.OpenAIChat));
        }
    }

    /// <summary>Appends thinking parts for one <c>reasoning_details</c> array; false when it has none that says anything.</summary>
    public static bool ReadDetails(JsonElement details, List<ContentPart> parts)
    {
        if (details.ValueKind != JsonValueKind.Array || details.GetArrayLength() == 0)
        {
            return false;
        }

        var allClaude = true;
        foreach (var entry in details.EnumerateArray())
        {
            allClaude &= entry.ValueKind == JsonValueKind.Object && Text(entry, "format") == ClaudeFormat;
        }

        if (allClaude)
        {
            ReadClaudeDetails(details, parts);
        }
        else
        {
            var text = new StringBuilder();
            foreach (var entry in details.EnumerateArray())
            {
                if (entry.ValueKind == JsonValueKind.Object)
                {
                    text.Append(Text(entry, "text") ?? Text(entry, "summary"));
                }
            }

            parts.Add(new ThinkingPart(text.ToString())
            {
                Details = RawJson.Copy(JsonMarshal.GetRawUtf8Value(details)),
                SignedBy = WireProtocol.OpenAIChat,
            });
        }

        return true;
    }

    // Clients that collect a stream may hand back its pieces unmerged: neighbours of one index are one block of Claude's.
    private static void ReadClaudeDetails(JsonElement details, List<ContentPart> parts)
    {
        var text = new StringBuilder();
        string? signature = null;
        long? open = null;
        foreach (var entry in details.EnumerateArray())
        {
            if (Text(entry, "type") == "reasoning.encrypted")
            {
                Flush();
                parts.Add(new ThinkingPart(string.Empty) { RedactedData = Text(entry, "data") ?? string.Empty, SignedBy = WireProtocol.AnthropicMessages });
                continue;
            }

            var index = entry.TryGetProperty("index", out var at) && at.ValueKind == JsonValueKind.Number && at.TryGetInt64(out var number) ? number : 0;
            if (open is { } current && (current != index || signature is not null))
            {
                Flush();
            }

            open = index;
            text.Append(Text(entry, "text"));
            signature = Text(entry, "signature") is { Length: > 0 } proof ? proof : signature;
        }

        Flush();

        void Flush()
        {
            if (open is not null)
            {
                parts.Add(new ThinkingPart(text.ToString()) { Signature = signature, SignedBy = WireProtocol.AnthropicMessages });
            }

            text.Clear();
            signature = null;
            open = null;
        }
    }

    // What an earlier answer's stream or body carried for another vendor (see WriteSealedDetail); the text stands beside it.
    private static bool ReadSealed(JsonElement details, string? text, List<ContentPart> parts)
    {
        if (details.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        var found = false;
        foreach (var entry in details.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object && Text(entry, "data") is { } data
                && SignatureCarrier.Unwrap(data, WireProtocol.OpenAIChat) is { SignedBy: not WireProtocol.OpenAIChat } proof)
            {
                parts.Add(new ThinkingPart(found ? string.Empty : text ?? string.Empty) { Signature = proof.Signature, SignedBy = proof.SignedBy });
                found = true;
            }
        }

        return found;
    }

    private static void ReadReasoning(JsonElement message, List<ContentPart> parts)
    {
        if (message.TryGetProperty("reasoning_details", out var carried) && ReadSealed(carried, Text(message, "reasoning_content"), parts))
        {
            return;
        }

        if (message.TryGetProperty("reasoning_details", out var details) && ReadDetails(details, parts))
        {
            return;
        }

        if ((Text(message, "reasoning_content") is { Length: > 0 } content ? content : Text(message, "reasoning")) is { Length: > 0 } reasoning)
        {
            parts.Add(new ThinkingPart(reasoning) { SignedBy = WireProtocol.OpenAIChat });
        }
    }

    private static void ReadContent(JsonElement content, List<ContentPart> parts, bool thinkTags)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                AddText(LenientText.Read(content), parts, thinkTags);
                break;
            case JsonValueKind.Array:
                foreach (var part in content.EnumerateArray())
                {
                    ReadPart(part, parts);
                }

                break;
            case JsonValueKind.Object:
                // Cloudflare answers structured output as an object instead of its text.
                parts.Add(new TextPart(content.GetRawText()));
                break;
            default:
                break;
        }
    }

    private static void ReadPart(JsonElement part, List<ContentPart> parts)
    {
        if (part.ValueKind == JsonValueKind.String)
        {
            AddText(LenientText.Read(part), parts, thinkTags: false);
            return;
        }

        if (part.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        switch (Text(part, "type"))
        {
            case "thinking":
                // Mistral: {"type":"thinking","thinking":[{"type":"text","text":"…"}]}
                var thought = new StringBuilder();
                if (part.TryGetProperty("thinking", out var thinking))
                {
                    AppendTexts(thinking, thought);
                }

                parts.Add(new ThinkingPart(thought.ToString()) { SignedBy = WireProtocol.OpenAIChat });
                break;
            case "refusal":
                parts.Add(new RefusalPart(Text(part, "refusal") ?? string.Empty));
                break;
            case "text" or "output_text" or null:
                if (Text(part, "text") is { Length: > 0 } text)
                {
                    parts.Add(new TextPart(text) { Cache = OpenAIChatRequestReader.CacheOf(part) });
                }

                break;
            case { } type:
                parts.Add(new OpaquePart(type, RawJson.Copy(JsonMarshal.GetRawUtf8Value(part)), WireProtocol.OpenAIChat));
                break;
        }
    }

    private static void AppendTexts(JsonElement node, StringBuilder text)
    {
        if (node.ValueKind == JsonValueKind.String)
        {
            text.Append(LenientText.Read(node));
        }
        else if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var piece in node.EnumerateArray())
            {
                text.Append(piece.ValueKind == JsonValueKind.Object ? Text(piece, "text") : null);
            }
        }
    }

    private static void AddText(string text, List<ContentPart> parts, bool thinkTags)
    {
        if (thinkTags && text.AsSpan().TrimStart().StartsWith("<think>", StringComparison.Ordinal))
        {
            var start = text.IndexOf("<think>", StringComparison.Ordinal) + 7;
            var end = text.IndexOf("</think>", start, StringComparison.Ordinal);
            parts.Add(new ThinkingPart(text[start..(end < 0 ? text.Length : end)].Trim('\n')) { SignedBy = WireProtocol.OpenAIChat });
            text = end < 0 ? string.Empty : text[(end + 8)..].TrimStart('\n');
        }

        if (text.Length > 0)
        {
            parts.Add(new TextPart(text));
        }
    }

    private static void AttachCitations(JsonElement message, List<ContentPart> parts)
    {
        var last = parts.FindLastIndex(p => p is TextPart);
        if (last >= 0 && message.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Array && annotations.GetArrayLength() > 0)
        {
            parts[last] = (TextPart)parts[last] with
            {
                Citations = RawJson.Copy(JsonMarshal.GetRawUtf8Value(annotations)),
                CitationsFrom = WireProtocol.OpenAIChat,
            };
        }
    }

    private static void ReadCalls(JsonElement message, List<ContentPart> parts, string? responseId)
    {
        if (message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
        {
            var position = 0;
            foreach (var call in calls.EnumerateArray())
            {
                ReadCall(call, parts, responseId, position++);
            }
        }

        // The API before tools: one call, no id.
        if (message.TryGetProperty("function_call", out var legacy) && legacy.ValueKind == JsonValueKind.Object && Text(legacy, "name") is { Length: > 0 } name)
        {
            var (arguments, areJson) = Arguments(legacy, "arguments");
            parts.Add(new ToolCallPart(OpenAIChatResponseReader.InventedId(responseId, 0, name), name, arguments) { ArgumentsAreJson = areJson });
        }
    }

    private static void ReadCall(JsonElement call, List<ContentPart> parts, string? responseId, int position)
    {
        if (call.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var custom = call.TryGetProperty("custom", out var function) && function.ValueKind == JsonValueKind.Object;
        if (!custom && !(call.TryGetProperty("function", out function) && function.ValueKind == JsonValueKind.Object))
        {
            return;
        }

        var name = Text(function, "name") ?? string.Empty;
        var id = Text(call, "id") is { Length: > 0 } given ? given : OpenAIChatResponseReader.InventedId(responseId, position, name);
        var (arguments, areJson) = Arguments(function, custom ? "input" : "arguments");
        parts.Add(new ToolCallPart(id, name, arguments)
        {
            ArgumentsAreJson = areJson,
            Extra = custom ? OpenAIChatJson.CustomCall
                : call.TryGetProperty("extra_content", out var extra) && extra.ValueKind == JsonValueKind.Object ? Wrapped(extra) : default,
        });
    }

    // {"extra_content": …}
    private static RawJson Wrapped(JsonElement extra)
    {
        var raw = JsonMarshal.GetRawUtf8Value(extra);
        return new RawJson((byte[])[.. "{\"extra_content\":"u8, .. raw, (byte)'}']);
    }

    private static (RawJson Arguments, bool AreJson) Arguments(JsonElement function, string name)
    {
        if (!function.TryGetProperty(name, out var value))
        {
            return (RawJson.EmptyObject, true);
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return (RawJson.Copy(JsonMarshal.GetRawUtf8Value(value)), true);
            case JsonValueKind.String:
                return ArgumentsOf(LenientText.Read(value));
            default:
                return (RawJson.EmptyObject, true);
        }
    }

    /// <summary>A call's argument text as JSON, and whether it is an object; blank text is <c>{}</c>.</summary>
    public static (RawJson Arguments, bool AreJson) ArgumentsOf(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return (RawJson.EmptyObject, true);
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 512 });
        try
        {
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                reader.Skip();
                var areJson = !reader.Read();
                return (new RawJson(utf8), areJson);
            }
        }
        catch (JsonException)
        {
            // The model wrote broken JSON; it is carried as text.
        }

        return (new RawJson(utf8), false);
    }

    private static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;
}
