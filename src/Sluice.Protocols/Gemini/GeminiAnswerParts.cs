using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>Writes single parts of an answer, the same in streams and whole answers.</summary>
internal static class GeminiAnswerParts
{
    /// <summary><c>{"text":…,"thoughtSignature":…}</c></summary>
    public static void WriteText(Utf8JsonWriter json, string text, string? signature)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        WriteSignature(json, signature);
        json.WriteEndObject();
    }

    /// <summary><c>{"text":…,"thought":true}</c></summary>
    public static void WriteThought(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteBoolean("thought"u8, value: true);
        json.WriteEndObject();
    }

    /// <summary><c>{"functionCall":{"id":…,"name":…,"args":{…}},"thoughtSignature":…}</c></summary>
    public static void WriteCall(Utf8JsonWriter json, string id, string name, ReadOnlySpan<byte> arguments, string? signature)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionCall"u8);
        json.WriteString("id"u8, id);
        json.WriteString("name"u8, name);
        WriteArguments(json, arguments);
        json.WriteEndObject();
        WriteSignature(json, signature);
        json.WriteEndObject();
    }

    /// <summary>Writes the member <c>args</c>, which must be an object. A model's broken argument text is still carried, so that the client can tell it.</summary>
    public static void WriteArguments(Utf8JsonWriter json, ReadOnlySpan<byte> arguments)
    {
        json.WritePropertyName("args"u8);
        if (IsObject(arguments))
        {
            GeminiJson.WriteInOneLine(json, arguments);
            return;
        }

        json.WriteStartObject();
        if (!arguments.Trim(" \t\r\n"u8).IsEmpty)
        {
            json.WriteString("invalid_json"u8, arguments);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the last members of an answer, or of a stream's last chunk.</summary>
    public static void WriteEnvelope(Utf8JsonWriter json, string model, string id)
    {
        json.WriteString("modelVersion"u8, model);
        json.WriteString("responseId"u8, id);
    }

    /// <summary>Citations as members of a candidate; Gemini's own as they were, others as a list of sources.</summary>
    public static void WriteCitations(Utf8JsonWriter json, IEnumerable<(RawJson Citation, WireProtocol? From)> citations, DegradationLog degradations)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        var sources = new List<(string Uri, string? Title)>();
        foreach (var (citation, from) in citations)
        {
            using var document = JsonDocument.Parse(citation.Utf8, GeminiJson.Deep);
            foreach (var entry in document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray().ToList() : [document.RootElement])
            {
                if (entry.ValueKind != JsonValueKind.Object)
                {
                    continue;
                }

                if (from == WireProtocol.Gemini)
                {
                    foreach (var member in entry.EnumerateObject().Where(m => written.Add(m.Name)))
                    {
                        json.WritePropertyName(member.Name);
                        GeminiJson.WriteInOneLine(json, System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(member.Value));
                    }
                }
                else if (SourceOf(entry) is not { } source)
                {
                    degradations.Add("citations", DegradationOutcome.Dropped, "The citation points into a document, which Gemini's sources cannot.");
                }
                else if (!sources.Exists(s => s.Uri == source.Uri))
                {
                    sources.Add(source);
                }
            }
        }

        WriteSources(json, sources);
    }

    private static void WriteSources(Utf8JsonWriter json, List<(string Uri, string? Title)> sources)
    {
        if (sources.Count == 0)
        {
            return;
        }

        json.WriteStartObject("groundingMetadata"u8);
        json.WriteStartArray("groundingChunks"u8);
        foreach (var (uri, title) in sources)
        {
            json.WriteStartObject();
            json.WriteStartObject("web"u8);
            json.WriteString("uri"u8, uri);
            if (title is not null)
            {
                json.WriteString("title"u8, title);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // Anthropic and Responses have the address on the citation itself, Chat inside url_citation.
    private static (string Uri, string? Title)? SourceOf(JsonElement citation)
    {
        citation = citation.TryGetProperty("url_citation"u8, out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : citation;
        return GeminiJson.Text(citation, "url") is { Length: > 0 } url ? (url, GeminiJson.Text(citation, "title")) : null;
    }

    private static void WriteSignature(Utf8JsonWriter json, string? signature)
    {
        if (signature is not null)
        {
            json.WriteString("thoughtSignature"u8, signature);
        }
    }

    private static bool IsObject(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 512 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
