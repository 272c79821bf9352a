using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.WebSearch;

/// <summary>Reads searches and citations out of every format's own shapes.</summary>
internal static class WebSearchReader
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>
    /// A Responses item, <c>{"type":"web_search_call","id":…,"action":{"type":"search","query":…,"sources":[{"url":…}]}}</c>; null for every other item,
    /// and for one that opened a page or looked into it.
    /// </summary>
    public static WebSearchMade? OfItem(RawJson item) => Read(item, root =>
    {
        if (Text(root, "type") != "web_search_call" || Member(root, "action") is not { } action || Text(action, "type") is not (null or "search"))
        {
            return null;
        }

        var queries = Elements(action, "queries").Where(q => q.ValueKind == JsonValueKind.String).Select(LenientText.Read).ToList();
        var sources = Elements(action, "sources").Select(s => Text(s, "url") is { Length: > 0 } url ? new WebSource(url, Text(s, "title"), null) : null).OfType<WebSource>();
        return new WebSearchMade(Plain(Text(root, "id"), item), queries.Count > 0 ? string.Join("; ", queries) : Text(action, "query") ?? "", [.. sources]);
    });

    /// <summary>Gemini's <c>{"groundingMetadata":{"webSearchQueries":[…],"groundingChunks":[{"web":{"uri":…,"title":…}}]}}</c>; null where nothing was searched.</summary>
    public static WebSearchMade? OfGrounding(RawJson entry) => Read(entry, root =>
    {
        if (Member(root, "groundingMetadata") is not { } grounding)
        {
            return null;
        }

        var queries = Elements(grounding, "webSearchQueries").Where(q => q.ValueKind == JsonValueKind.String).Select(LenientText.Read).ToList();
        var sources = Chunks(grounding).OfType<WebSource>().DistinctBy(s => s.Url).ToList();
        return queries.Count + sources.Count == 0 ? null : new WebSearchMade(Plain(null, entry), string.Join("; ", queries), sources);
    });

    /// <summary>The pages that a citation (or an array of them) names; none where it points into a document.</summary>
    public static IReadOnlyList<WebSource> Cited(RawJson citation) => Read(citation, root =>
    {
        var found = new List<WebSource>();
        foreach (var entry in root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToList() : [root])
        {
            if (Member(entry, "groundingMetadata") is { } grounding)
            {
                AddSupports(grounding, found);
                continue;
            }

            // Chat holds the citation in a member; Anthropic and Responses are flat.
            var holder = Member(entry, "url_citation") ?? entry;
            if (Text(holder, "url") is { Length: > 0 } url)
            {
                found.Add(new WebSource(url, Text(holder, "title"), Text(holder, "cited_text")));
            }
        }

        return found;
    }) ?? [];

    /// <summary>The entries of an array of citations, or the one citation.</summary>
    public static IReadOnlyList<RawJson> Each(RawJson citations) =>
        Read(citations, root => root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().Select(e => RawJson.FromText(e.GetRawText())).ToList() : new List<RawJson> { citations }) ?? [];

    /// <summary>How many searches a provider charges for in an answer of Gemini: each query from version 3 on, before that the answer.</summary>
    public static long? Charged(int queries, string? model) =>
        queries == 0 ? null : model is not null && Gemini.GeminiVersions.IsAtLeast(model, 3) ? queries : 1;

    // {"segment":{"text":…},"groundingChunkIndices":[0,2]}
    private static void AddSupports(JsonElement grounding, List<WebSource> found)
    {
        var chunks = Chunks(grounding);
        foreach (var support in Elements(grounding, "groundingSupports"))
        {
            var text = Member(support, "segment") is { } segment ? Text(segment, "text") : null;
            foreach (var index in Elements(support, "groundingChunkIndices"))
            {
                if (index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var at) && at >= 0 && at < chunks.Count && chunks[at] is { } source)
                {
                    found.Add(source with { Text = text });
                }
            }
        }
    }

    // Null in the place of a chunk that is no page, so that the others keep their numbers.
    private static List<WebSource?> Chunks(JsonElement grounding) =>
        [.. Elements(grounding, "groundingChunks").Select(c => Member(c, "web") is { } web && Text(web, "uri") is { Length: > 0 } uri ? new WebSource(uri, Text(web, "title"), null) : null)];

    private static string Plain(string? id, RawJson whole) =>
        id is { Length: > 0 and <= 100 } && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? id : Convert.ToHexStringLower(SHA256.HashData(whole.Utf8.Span).AsSpan(0, 12));

    private static T? Read<T>(RawJson json, Func<JsonElement, T?> read)
        where T : class
    {
        if (json.IsEmpty)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json.Utf8, Deep);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonElement? Member(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;

    private static IReadOnlyList<JsonElement> Elements(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];
}
