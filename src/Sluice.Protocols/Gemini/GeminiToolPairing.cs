using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Gives calls and their results ids that pair. Older clients and models send none: a result then belongs to the first open call of its name,
/// and an id is made of the call's place and name, the same each time the history comes back.
/// </summary>
internal sealed class GeminiToolPairing
{
    private readonly List<(string Id, string Name, bool IsOwn)> _open = [];
    private int _calls;

    /// <summary>Reads a <c>functionCall</c>.</summary>
    public ToolCallPart ReadCall(JsonElement call)
    {
        var name = GeminiJson.Text(call, "name") ?? "";
        var own = GeminiJson.Text(call, "id") is { Length: > 0 } given ? given : null;
        var id = own ?? GeminiWords.CallId("history", _calls, name);
        _calls++;
        _open.Add((id, name, own is not null));
        return new ToolCallPart(id, name, GeminiPartReader.Arguments(call));
    }

    /// <summary>Reads a <c>functionResponse</c>.</summary>
    public ToolResultPart ReadResult(JsonElement result)
    {
        var (parts, isError) = GeminiJson.TryGet(result, "response", out var response) ? ReadOutput(response) : ([], false);
        if (GeminiJson.TryGet(result, "parts", out var media) && media.ValueKind == JsonValueKind.Array)
        {
            parts.AddRange(media.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object).Select(GeminiPartReader.Read));
        }

        return new ToolResultPart(Pair(GeminiJson.Text(result, "id"), GeminiJson.Text(result, "name") ?? ""), parts, isError);
    }

    private string Pair(string? id, string name)
    {
        var at = id is { Length: > 0 } ? _open.FindIndex(c => c.IsOwn && c.Id == id) : -1;
        at = at >= 0 ? at : _open.FindIndex(c => c.Name == name && (id is not { Length: > 0 } || !c.IsOwn));
        if (at < 0)
        {
            return id is { Length: > 0 } ? id : GeminiWords.CallId("orphan", _calls, name);
        }

        var paired = _open[at].Id;
        _open.RemoveAt(at);
        return paired;
    }

    // {"output": "text"}, {"error": "text"}, {"content": [{"type":"text","text":…}]} (tools of MCP servers), or anything.
    private static (List<ContentPart> Parts, bool IsError) ReadOutput(JsonElement response)
    {
        if (response.ValueKind != JsonValueKind.Object)
        {
            return ([new TextPart(Plain(response))], false);
        }

        var members = response.EnumerateObject().Take(2).ToList();
        if (members.Count == 0)
        {
            return ([], false);
        }

        var (name, value) = (members[0].Name, members[0].Value);
        if (members.Count > 1)
        {
            return ([new TextPart(Plain(response))], false);
        }

        return name switch
        {
            "error" => ([new TextPart(Plain(value))], true),
            "output" or "result" or "content" when value.ValueKind == JsonValueKind.String => ([new TextPart(LenientText.Read(value))], false),
            "content" when value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsText) =>
                ([.. value.EnumerateArray().Select(t => new TextPart(GeminiJson.Text(t, "text")!))], false),
            _ => ([new TextPart(Plain(response))], false),
        };
    }

    private static bool IsText(JsonElement item) => GeminiJson.Text(item, "type") == "text" && GeminiJson.Text(item, "text") is not null;

    private static string Plain(JsonElement value) => value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : value.GetRawText();
}
