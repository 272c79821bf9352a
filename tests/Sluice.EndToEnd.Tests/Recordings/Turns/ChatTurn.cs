using System.Text.Json.Nodes;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>The message that a Chat client keeps of a stream.</summary>
internal static class ChatTurn
{
    public static JsonObject OfChunks(IEnumerable<JsonNode> chunks)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = null };
        var calls = new SortedDictionary<int, JsonObject>();
        var details = new JsonArray();
        foreach (var delta in chunks.SelectMany(c => Turn.List(c["choices"])).Where(c => ((int?)c!["index"] ?? 0) == 0).Select(c => c!["delta"] as JsonObject).OfType<JsonObject>())
        {
            foreach (var member in (string[])["content", "reasoning_content", "reasoning", "refusal"])
            {
                if (Turn.Text(delta, member) is { } piece)
                {
                    message[member] = Turn.Text(message, member) + piece;
                }
            }

            if (delta["content"] is JsonArray parts)
            {
                AddParts(message, parts);
            }

            foreach (var entry in Turn.List(delta["reasoning_details"]))
            {
                AddDetail(details, entry!.AsObject());
            }

            foreach (var piece in Turn.List(delta["tool_calls"]))
            {
                AddCall(calls, piece!.AsObject());
            }
        }

        if (details.Count > 0)
        {
            message["reasoning_details"] = details;
        }

        if (calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. calls.Values]);
        }

        return message;
    }

    /// <summary>Pieces of one entry follow one another and name the same type and index: texts grow, all else is said once.</summary>
    private static void AddDetail(JsonArray details, JsonObject piece)
    {
        if (details.LastOrDefault() is JsonObject last && Turn.Text(last, "type") == Turn.Text(piece, "type") && last["index"]?.ToJsonString() == piece["index"]?.ToJsonString()
            && Turn.Text(piece, "type") != "reasoning.encrypted")
        {
            foreach (var (name, value) in piece)
            {
                last[name] = name is "text" or "summary" && Turn.Text(last, name) is { } before ? before + Turn.Text(piece, name) : value is null ? last[name]?.DeepClone() : value.DeepClone();
            }
        }
        else
        {
            details.Add(piece.DeepClone());
        }
    }

    // Mistral: [{"type":"thinking","thinking":[{"type":"text","text":"…"}]},{"type":"text","text":"…"}]
    private static void AddParts(JsonObject message, JsonArray parts)
    {
        var kept = message["content"] as JsonArray ?? [];
        message["content"] = kept;
        foreach (var part in parts)
        {
            if (kept.LastOrDefault() is JsonObject last && Turn.Text(last, "type") == "thinking" && Turn.Text(part, "type") == "thinking")
            {
                last["thinking"]![0]!["text"] = Turn.Text(last["thinking"]![0], "text") + string.Concat(Turn.List(part!["thinking"]).Select(t => Turn.Text(t, "text")));
            }
            else
            {
                kept.Add(part!.DeepClone());
            }
        }
    }

    private static void AddCall(SortedDictionary<int, JsonObject> calls, JsonObject piece)
    {
        var index = (int?)piece["index"] ?? calls.Count;
        if (!calls.TryGetValue(index, out var call))
        {
            calls[index] = call = piece.DeepClone().AsObject();
            call.Remove("index");
            return;
        }

        foreach (var (name, value) in piece)
        {
            if (name == "function" && call["function"] is JsonObject function)
            {
                function["arguments"] = Turn.Text(function, "arguments") + Turn.Text(value, "arguments");
            }
            else if (name != "index" && value is not null && Turn.Text(piece, name) != "")
            {
                call[name] = value.DeepClone();
            }
        }
    }
}
