using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Anthropic;

/// <summary>Writes single content blocks, the same in requests and answers.</summary>
internal static class AnthropicBlocks
{
    public static void WriteText(Utf8JsonWriter json, string text, RawJson citations, CacheMark? cache)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, text);
        if (!citations.IsEmpty)
        {
            json.WritePropertyName("citations"u8);
            citations.WriteTo(json);
        }

        AnthropicWords.WriteCache(json, cache);
        json.WriteEndObject();
    }

    /// <summary>A thinking block; unsigned where another vendor's model thought, which clients show and drop.</summary>
    public static void WriteThinking(Utf8JsonWriter json, ThinkingPart thinking)
    {
        var own = thinking.SignedBy == WireProtocol.AnthropicMessages;
        json.WriteStartObject();
        if (own && thinking.RedactedData is not null)
        {
            json.WriteString("type"u8, "redacted_thinking"u8);
            json.WriteString("data"u8, thinking.RedactedData);
        }
        else
        {
            json.WriteString("type"u8, "thinking"u8);
            json.WriteString("thinking"u8, thinking.Text);
            json.WriteString("signature"u8, own ? thinking.Signature ?? "" : "");
        }

        json.WriteEndObject();
    }

    public static void WriteToolUse(Utf8JsonWriter json, ToolCallPart call, string id, CacheMark? cache)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_use"u8);
        json.WriteString("id"u8, id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        if (call.ArgumentsAreJson && !call.Arguments.IsEmpty)
        {
            call.Arguments.WriteTo(json);
        }
        else
        {
            // "input" must be an object. A model's broken argument text is still carried, so that the client can tell it.
            json.WriteStartObject();
            if (!call.Arguments.IsEmpty)
            {
                json.WriteString("invalid_json"u8, call.Arguments.ToString());
            }

            json.WriteEndObject();
        }

        AnthropicWords.WriteCache(json, cache);
        json.WriteEndObject();
    }
}
