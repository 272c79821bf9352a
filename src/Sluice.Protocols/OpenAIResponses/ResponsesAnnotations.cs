using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Citations of any format as annotations of a text.</summary>
internal static class ResponsesAnnotations
{
    /// <summary>The annotation; null for a citation that names no web page.</summary>
    /// <param name="citation">One citation object.</param>
    /// <param name="from">Whose shape it has; null where that is not known.</param>
    /// <param name="start">Where the cited text starts, in characters.</param>
    /// <param name="end">Where it ends.</param>
    public static RawJson? Of(RawJson citation, WireProtocol? from, int start, int end)
    {
        if (from == WireProtocol.OpenAIResponses)
        {
            return citation;
        }

        try
        {
            using var document = JsonDocument.Parse(citation.Utf8, ResponsesJson.Deep);
            return Of(document.RootElement, start, end);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static RawJson? Of(JsonElement citation, int start, int end)
    {
        // Chat: {"type":"url_citation","url_citation":{…}}; Anthropic: {"type":"web_search_result_location","url":…,"title":…}.
        var holder = ResponsesJson.Object(citation, "url_citation", out var inner) ? inner : citation;
        if (ResponsesJson.Text(holder, "url") is not { Length: > 0 } url)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ResponsesJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "url_citation"u8);
            json.WriteNumber("start_index"u8, ResponsesJson.Index(holder, "start_index") is >= 0 and var from ? from : start);
            json.WriteNumber("end_index"u8, ResponsesJson.Index(holder, "end_index") is >= 0 and var to ? to : end);
            json.WriteString("url"u8, url);
            json.WriteString("title"u8, ResponsesJson.Text(holder, "title") ?? string.Empty);
            json.WriteEndObject();
        }

        return new RawJson(buffer.WrittenMemory);
    }
}
