using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Another provider's search in Anthropic's shapes: <c>server_tool_use</c>, <c>web_search_tool_result</c>, and citations on the text. What Anthropic seals
/// in them nobody else can make: in its place stands the mark of the other vendor, by which the blocks are cut out again before Anthropic sees them.
/// </summary>
internal static class AnthropicSearchBlocks
{
    /// <summary>What ids of such searches begin with; no id of Anthropic's does.</summary>
    public static ReadOnlySpan<byte> ForeignId => "srvtoolu_sluice1_"u8;

    /// <summary>The call's id.</summary>
    public static string IdOf(WebSearchMade search) => "srvtoolu_sluice1_" + search.Id;

    /// <summary>The search that a part of another format means; null for every other part.</summary>
    public static WebSearchMade? Of(RawJson part, WireProtocol? from) => from == WireProtocol.OpenAIResponses ? WebSearchReader.OfItem(part) : null;

    /// <summary>Writes the call.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="search">The search.</param>
    /// <param name="streamed">The query follows as a delta.</param>
    public static void WriteCall(Utf8JsonWriter json, WebSearchMade search, bool streamed)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "server_tool_use"u8);
        json.WriteString("id"u8, IdOf(search));
        json.WriteString("name"u8, WebSearchTool.AnthropicName);
        json.WritePropertyName("input"u8);
        if (streamed)
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }
        else
        {
            WriteInput(json, search);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the call's input.</summary>
    public static void WriteInput(Utf8JsonWriter json, WebSearchMade search)
    {
        json.WriteStartObject();
        json.WriteString("query"u8, search.Query);
        json.WriteEndObject();
    }

    /// <summary>Writes what was found.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="search">The search.</param>
    /// <param name="from">Whose search it was.</param>
    /// <param name="titles">Titles by address, for providers that name them with their citations only.</param>
    public static void WriteResult(Utf8JsonWriter json, WebSearchMade search, WireProtocol from, IReadOnlyDictionary<string, string>? titles = null)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "web_search_tool_result"u8);
        json.WriteString("tool_use_id"u8, IdOf(search));
        json.WriteStartArray("content"u8);
        foreach (var source in search.Sources)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "web_search_result"u8);
            json.WriteString("title"u8, source.Title is null && titles?.GetValueOrDefault(source.Url) is { } title ? title : source.Shown);
            json.WriteString("url"u8, source.Url);
            json.WriteString("encrypted_content"u8, SignatureCarrier.Wrap("", from, WireProtocol.AnthropicMessages));
            json.WriteNull("page_age"u8);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes a citation of a page.</summary>
    public static void WriteCitation(Utf8JsonWriter json, WebSource source, WireProtocol from)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "web_search_result_location"u8);
        json.WriteString("cited_text"u8, source.Text ?? "");
        json.WriteString("url"u8, source.Url);
        json.WriteString("title"u8, source.Shown);
        json.WriteString("encrypted_index"u8, SignatureCarrier.Wrap("", from, WireProtocol.AnthropicMessages));
        json.WriteEndObject();
    }

    /// <summary>Titles by address, from all citations of an answer.</summary>
    public static IReadOnlyDictionary<string, string> Titles(IEnumerable<ContentPart> parts)
    {
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in parts.OfType<TextPart>().SelectMany(t => WebSearchReader.Cited(t.Citations)))
        {
            if (source.Title is { Length: > 0 } title)
            {
                titles.TryAdd(source.Url, title);
            }
        }

        return titles;
    }
}
