using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Small pieces of Chat JSON that answers, streams and requests share.</summary>
internal static class OpenAIChatJson
{
    /// <summary>Compact, and without escaping what JSON does not require: the bytes are for machines, and shorter.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Marks a call of a custom tool, whose input is free text, in its extra members.</summary>
    public static readonly RawJson CustomCall = RawJson.FromText("""{"type":"custom"}""");

    private static readonly JsonEncodedText Stop = JsonEncodedText.Encode("stop");
    private static readonly JsonEncodedText ToolCalls = JsonEncodedText.Encode("tool_calls");
    private static readonly JsonEncodedText Length = JsonEncodedText.Encode("length");
    private static readonly JsonEncodedText ContentFilter = JsonEncodedText.Encode("content_filter");

    /// <summary>The <c>finish_reason</c> for a stop.</summary>
    public static JsonEncodedText FinishFor(StopReason reason) => reason switch
    {
        StopReason.ToolUse => ToolCalls,
        StopReason.MaxTokens or StopReason.ContextFull => Length,
        StopReason.Refusal => ContentFilter,
        _ => Stop,
    };

    /// <summary>Writes one <c>reasoning_details</c> entry as OpenRouter has them for Claude.</summary>
    public static void WriteClaudeDetail(Utf8JsonWriter json, string? text, string? signature, string? data, int index)
    {
        json.WriteStartObject();
        if (data is not null)
        {
            json.WriteString("type"u8, "reasoning.encrypted"u8);
            json.WriteString("data"u8, data);
        }
        else
        {
            json.WriteString("type"u8, "reasoning.text"u8);
            json.WriteString("text"u8, text);
            if (signature is not null)
            {
                json.WriteString("signature"u8, signature);
            }
        }

        json.WriteString("format"u8, "anthropic-claude-v1"u8);
        json.WriteNumber("index"u8, index);
        json.WriteEndObject();
    }

    /// <summary>Writes the proof of a vendor that Chat has no entry for, wrapped; clients that hand unknown fields back bring it back.</summary>
    public static void WriteSealedDetail(Utf8JsonWriter json, string signature, WireProtocol signedBy, int index)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "reasoning.encrypted"u8);
        json.WriteString("data"u8, SignatureCarrier.Wrap(signature, signedBy, WireProtocol.OpenAIChat));
        json.WriteString("format"u8, "unknown"u8);
        json.WriteNumber("index"u8, index);
        json.WriteEndObject();
    }

    /// <summary>Writes one element of <c>tool_calls</c>.</summary>
    public static void WriteCall(Utf8JsonWriter json, string id, ToolCallPart call)
    {
        var custom = call.Extra == CustomCall;
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, custom ? "custom"u8 : "function"u8);
        json.WriteStartObject(custom ? "custom"u8 : "function"u8);
        json.WriteString("name"u8, call.Name);
        json.WriteString(custom ? "input"u8 : "arguments"u8, call.Arguments.IsEmpty ? "{}"u8 : call.Arguments.Utf8.Span);
        json.WriteEndObject();
        WriteExtraContent(json, call.Extra);
        json.WriteEndObject();
    }

    /// <summary>Writes <c>extra_content</c> where the call's extra members have it; other members belong to other formats.</summary>
    public static void WriteExtraContent(Utf8JsonWriter json, RawJson extra)
    {
        if (extra.IsEmpty)
        {
            return;
        }

        using var document = JsonDocument.Parse(extra.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
        if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("extra_content", out var content))
        {
            json.WritePropertyName("extra_content"u8);
            json.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(content), skipInputValidation: true);
        }
    }

    /// <summary>Writes a citation of any format as a Chat annotation; false (and nothing written) for one that names no web page.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="citation">One citation object.</param>
    /// <param name="start">Where the cited text starts in the answer, in characters.</param>
    /// <param name="end">Where it ends.</param>
    public static bool WriteAnnotation(Utf8JsonWriter json, RawJson citation, int start, int end)
    {
        try
        {
            using var document = JsonDocument.Parse(citation.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
            return WriteAnnotation(json, document.RootElement, start, end);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc cref="WriteAnnotation(Utf8JsonWriter, RawJson, int, int)"/>
    public static bool WriteAnnotation(Utf8JsonWriter json, JsonElement citation, int start, int end)
    {
        if (citation.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        var type = citation.TryGetProperty("type", out var kind) && kind.ValueKind == JsonValueKind.String ? LenientText.Read(kind) : null;
        if (type is "url_citation" or "file" or "file_citation")
        {
            json.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(citation), skipInputValidation: true);
            return true;
        }

        if (!citation.TryGetProperty("url", out var url) || url.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "url_citation"u8);
        json.WriteStartObject("url_citation"u8);
        json.WriteString("url"u8, LenientText.Read(url));
        json.WriteString("title"u8, citation.TryGetProperty("title", out var title) && title.ValueKind == JsonValueKind.String ? LenientText.Read(title) : string.Empty);
        json.WriteNumber("start_index"u8, start);
        json.WriteNumber("end_index"u8, end);
        json.WriteEndObject();
        json.WriteEndObject();
        return true;
    }
}
