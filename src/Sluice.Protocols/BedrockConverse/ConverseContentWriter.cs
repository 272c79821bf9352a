using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Writes the messages of a Converse request, block by block.</summary>
internal sealed class ConverseContentWriter(ConverseTurns turns, CachePoints cache)
{
    private readonly ConverseMedia _media = new();
    private readonly ToolIds.Distinct _ids = new();
    private readonly Dictionary<string, Queue<string>> _openIds = new(StringComparer.Ordinal);

    /// <summary>Writes the member <c>messages</c>.</summary>
    /// <param name="json">Inside the body.</param>
    /// <param name="messages">From <see cref="ConverseTurns.Build"/>.</param>
    /// <param name="automatic">The client's mark on the whole request: a cache point ends the last message.</param>
    public void WriteMessages(Utf8JsonWriter json, List<(Role Role, List<ContentPart> Parts)> messages, CacheMark? automatic)
    {
        json.WriteStartArray("messages"u8);
        for (var i = 0; i < messages.Count; i++)
        {
            var (role, parts) = messages[i];
            var last = i == messages.Count - 1;
            json.WriteStartObject();
            json.WriteString("role"u8, role == Role.Assistant ? "assistant"u8 : "user"u8);
            json.WriteStartArray("content"u8);
            foreach (var part in parts)
            {
                WritePart(json, part, trimEnd: last && role == Role.Assistant && ReferenceEquals(part, parts[^1]));
            }

            // A document is refused in a message without text.
            if (parts.Exists(p => p is DocumentPart) && !parts.Exists(p => p is TextPart))
            {
                WriteText(json, "(document)");
            }

            if (last && automatic is not null && parts[^1].Cache is null)
            {
                cache.Write(json, automatic);
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
                WriteText(json, trimEnd ? text.Text.TrimEnd() : text.Text);
                break;
            case ImagePart image:
                ConverseMedia.WriteImage(json, image);
                break;
            case DocumentPart document:
                _media.WriteDocument(json, document);
                break;
            case ThinkingPart thinking:
                WriteThinking(json, thinking);
                break;
            case ToolCallPart call:
                WriteCall(json, call);
                break;
            case ToolResultPart result:
                WriteResult(json, result);
                break;
            case OpaquePart opaque:
                opaque.Json.WriteTo(json);
                break;
        }

        cache.Write(json, part.Cache);
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    private static void WriteThinking(Utf8JsonWriter json, ThinkingPart thinking)
    {
        json.WriteStartObject();
        json.WriteStartObject("reasoningContent"u8);
        if (thinking.RedactedData is not null)
        {
            json.WriteString("redactedContent"u8, RedactedThinking.Write(thinking));
        }
        else
        {
            json.WriteStartObject("reasoningText"u8);
            json.WriteString("text"u8, thinking.Text);
            json.WriteString("signature"u8, thinking.Signature);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteCall(Utf8JsonWriter json, ToolCallPart call)
    {
        var id = _ids.Map(call.Id);
        if (!_openIds.TryGetValue(call.Id, out var open))
        {
            _openIds.Add(call.Id, open = new Queue<string>(1));
        }

        open.Enqueue(id);
        json.WriteStartObject();
        json.WriteStartObject("toolUse"u8);
        json.WriteString("toolUseId"u8, id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        ObjectArguments.Write(json, call);

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteResult(Utf8JsonWriter json, ToolResultPart result)
    {
        json.WriteStartObject();
        json.WriteStartObject("toolResult"u8);
        json.WriteString("toolUseId"u8, _openIds.TryGetValue(result.CallId, out var open) && open.TryDequeue(out var id) ? id : ToolIds.Map(result.CallId));
        json.WriteStartArray("content"u8);
        var any = false;
        CacheMark? inner = null;
        foreach (var part in result.Parts)
        {
            if (turns.Carry(part, Role.User) is not { } carried)
            {
                continue;
            }

            // Cache points are blocks of messages, not of results.
            inner = carried.Cache ?? inner;
            switch (carried)
            {
                case TextPart text:
                    WriteText(json, text.Text);
                    any = true;
                    break;
                case ImagePart image:
                    ConverseMedia.WriteImage(json, image);
                    any = true;
                    break;
                case DocumentPart document:
                    _media.WriteDocument(json, document);
                    any = true;
                    break;
            }
        }

        if (!any)
        {
            WriteText(json, "(no output)");
        }

        json.WriteEndArray();
        if (result.IsError)
        {
            // Only some models know the member, and its absence means success.
            json.WriteString("status"u8, "error"u8);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        if (result.Cache is null)
        {
            cache.Write(json, inner);
        }
    }
}
