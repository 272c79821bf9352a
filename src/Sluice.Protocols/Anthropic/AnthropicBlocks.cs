using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
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

    /// <summary>A thinking block. The proof of another vendor's model is wrapped: clients bring it back as it is, and it is opened for that vendor alone.</summary>
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
            json.WriteString("signature"u8, Carried(thinking.Signature, thinking.SignedBy, thinking.Details) ?? "");
        }

        json.WriteEndObject();
    }

    /// <summary>What a block's <c>signature</c> holds: Claude's own as it is, another vendor's proof wrapped; null without any.</summary>
    public static string? Carried(string? signature, WireProtocol signedBy, RawJson details) =>
        signature is { Length: > 0 } ? SignatureCarrier.Wrap(signature, signedBy, WireProtocol.AnthropicMessages)
        : CarriedDetails.HasProof(details) ? CarriedDetails.Wrap(details, WireProtocol.AnthropicMessages)
        : null;

    public static void WriteToolUse(Utf8JsonWriter json, ToolCallPart call, string id, CacheMark? cache)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_use"u8);
        json.WriteString("id"u8, id);
        json.WriteString("name"u8, call.Name);
        json.WritePropertyName("input"u8);
        ObjectArguments.Write(json, call);

        AnthropicWords.WriteCache(json, cache);
        json.WriteEndObject();
    }

    /// <summary>A tool's schema; Anthropic demands its "type", which OpenAI's schemas for tools without arguments leave out.</summary>
    public static void WriteSchema(Utf8JsonWriter json, RawJson schema)
    {
        if (!schema.IsEmpty && HasType(schema))
        {
            schema.WriteTo(json);
            return;
        }

        // The rest as it stands: names and escapes are the client's.
        var members = schema.IsEmpty ? [] : schema.Utf8.Span.Trim(" \t\r\n"u8)[1..^1].Trim(" \t\r\n"u8);
        byte[] typed = [.. "{\"type\":\"object\""u8, .. members.IsEmpty ? ""u8 : ","u8, .. members, (byte)'}'];
        json.WriteRawValue(typed, skipInputValidation: true);
    }

    private static bool HasType(RawJson schema)
    {
        var reader = new Utf8JsonReader(schema.Utf8.Span, new JsonReaderOptions { MaxDepth = 512 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return true;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueIsEscaped && reader.ValueTextEquals("type"u8))
            {
                return true;
            }

            reader.Read();
            reader.Skip();
        }

        return false;
    }
}
