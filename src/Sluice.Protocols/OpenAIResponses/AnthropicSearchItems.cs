using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Claude's own searches as a Responses client knows them: <c>server_tool_use</c> and the <c>web_search_tool_result</c> behind it are one
/// <c>web_search_call</c>. The call waits for its result, which holds the sources.
/// </summary>
internal sealed class AnthropicSearchItems
{
    private string? _query;

    /// <summary>Claude's block belongs to a search of the web.</summary>
    public static bool IsSearch(RawJson block, WireProtocol? from) => from == WireProtocol.AnthropicMessages && Type(block) is Call or Result;

    /// <summary>Takes a block of a search; its item once it is complete, else null.</summary>
    /// <param name="block">The block, as it began.</param>
    /// <param name="streamedInput">What came of its input in deltas.</param>
    /// <param name="id">The item's id.</param>
    public RawJson? Take(RawJson block, string streamedInput, string id)
    {
        using var document = JsonDocument.Parse(block.Utf8, ResponsesJson.Deep);
        var root = document.RootElement;
        if (ResponsesJson.Text(root, "type") == Call)
        {
            _query = QueryOf(streamedInput) ?? (ResponsesJson.Object(root, "input", out var input) ? ResponsesJson.Text(input, "query") : null) ?? "";
            return null;
        }

        var urls = ResponsesJson.Elements(root, "content").Select(r => ResponsesJson.Text(r, "url")).Where(u => u is { Length: > 0 }).ToList();
        return Item(id, urls!, failed: ResponsesJson.Object(root, "content", out _));
    }

    /// <summary>A call whose result never came; null where none is open.</summary>
    public RawJson? Rest(string id) => _query is null ? null : Item(id, [], failed: false);

    private const string Call = "server_tool_use";

    private const string Result = "web_search_tool_result";

    private RawJson Item(string id, List<string> urls, bool failed)
    {
        var query = _query ?? "";
        _query = null;
        return ResponsesEventWriter.Raw(json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WriteString("type"u8, "web_search_call"u8);
            json.WriteString("status"u8, failed ? "failed"u8 : "completed"u8);
            json.WriteStartObject("action"u8);
            json.WriteString("type"u8, "search"u8);
            json.WriteString("query"u8, query);
            json.WriteStartArray("sources"u8);
            foreach (var url in urls)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "url"u8);
                json.WriteString("url"u8, url);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static string? Type(RawJson block)
    {
        try
        {
            using var document = JsonDocument.Parse(block.Utf8, ResponsesJson.Deep);
            var type = ResponsesJson.Text(document.RootElement, "type");
            return type == Call && ResponsesJson.Text(document.RootElement, "name") != WebSearch.WebSearchTool.AnthropicName ? null : type;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? QueryOf(string input)
    {
        if (input.Length == 0)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(input), ResponsesJson.Deep);
            return ResponsesJson.Text(document.RootElement, "query");
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
