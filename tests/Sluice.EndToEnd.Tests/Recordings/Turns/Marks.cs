using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>
/// What a turn of the assistant says and proves, line by line in its order, so that what a provider wrote and what it is sent again can be compared.
/// A line is a proof with the thinking that it proves, a text, or a call with the proof that stands on it.
/// </summary>
internal static class Marks
{
    /// <summary>The lines of a turn in the provider's format.</summary>
    /// <param name="wire">The provider's.</param>
    /// <param name="turn">As <see cref="Turn.Of"/> puts it together.</param>
    /// <param name="dialect">Of a Chat provider: which members it wants back.</param>
    public static List<string> Of(Wire wire, JsonArray turn, string dialect) => Joined([.. wire switch
    {
        Wire.Messages => turn.SelectMany(Block),
        Wire.Converse => turn.SelectMany(ConverseBlock),
        Wire.Responses => turn.SelectMany(Item),
        Wire.Gemini => turn.SelectMany(Part),
        _ => turn.SelectMany(m => ChatMessage(m!, dialect)),
    }]);

    /// <summary>The turns of the assistant in a request, as <see cref="Turn.Of"/> has them.</summary>
    public static JsonArray Sent(Wire wire, JsonNode request) => wire switch
    {
        Wire.Responses => [.. Turn.List(request["input"]).Where(i => Turn.Text(i, "role") is not ("user" or "system" or "developer") && Turn.Text(i, "type")?.EndsWith("_output", StringComparison.Ordinal) != true).Select(i => i!.DeepClone())],
        Wire.Chat => [.. Turn.List(request["messages"]).Where(m => Turn.Text(m, "role") == "assistant").Select(m => m!.DeepClone())],
        Wire.Gemini => [.. Turn.List(request["contents"]).Where(c => Turn.Text(c, "role") == "model").SelectMany(c => Turn.List(c!["parts"])).Select(p => p!.DeepClone())],
        _ => [.. Turn.List(request["messages"]).Where(m => Turn.Text(m, "role") == "assistant")
            .SelectMany(m => m!["content"] is JsonArray blocks ? blocks : [new JsonObject { ["type"] = "text", ["text"] = Turn.Text(m, "content") }]).Select(b => b!.DeepClone())],
    };

    /// <summary>The line is, or has, a proof.</summary>
    public static bool IsProof(string line) => line.StartsWith("proof ", StringComparison.Ordinal) || line.Contains(" proof ", StringComparison.Ordinal);

    private static IEnumerable<string> Block(JsonNode? block) => Turn.Text(block, "type") switch
    {
        "thinking" when Turn.Text(block, "signature") is { Length: > 0 } signature => ["proof " + signature + " of " + Turn.Text(block, "thinking")],
        "redacted_thinking" => ["proof redacted " + Turn.Text(block, "data")],
        "text" => ["text " + Turn.Text(block, "text")],
        "tool_use" => ["call " + Turn.Text(block, "name") + " " + Canonical(block!["input"])],
        _ => [],
    };

    private static IEnumerable<string> ConverseBlock(JsonNode? block) => block switch
    {
        JsonObject { } o when o["reasoningContent"]?["reasoningText"] is { } reasoning && Turn.Text(reasoning, "signature") is { Length: > 0 } signature => ["proof " + signature + " of " + Turn.Text(reasoning, "text")],
        JsonObject { } o when o["reasoningContent"] is { } sealedOne && Turn.Text(sealedOne, "redactedContent") is { } data => ["proof redacted " + data],
        JsonObject { } o when Turn.Text(o, "text") is { } text => ["text " + text],
        JsonObject { } o when o["toolUse"] is { } call && Turn.Text(call, "type") is null => ["call " + Turn.Text(call, "name") + " " + Canonical(call["input"])],
        _ => [],
    };

    private static IEnumerable<string> Item(JsonNode? item) => (Turn.Text(item, "type"), Turn.Text(item, "role")) switch
    {
        ("reasoning", _) => Turn.Text(item, "encrypted_content") is { Length: > 0 } sealedOne ? ["proof " + sealedOne + " of " + Thought(item!)] : [],
        ("function_call", _) => ["call " + Turn.Text(item, "name") + " " + Canonical(Parsed(Turn.Text(item, "arguments")))],
        (_, "assistant") => item!["content"] is JsonArray parts ? parts.Select(p => "text " + (Turn.Text(p, "text") ?? Turn.Text(p, "refusal"))) : ["text " + Turn.Text(item, "content")],
        _ => [],
    };

    // OpenAI tells a summary, others the thinking itself in another member.
    private static string Thought(JsonNode item) => string.Concat(Turn.List(item["summary"]).Concat(Turn.List(item["content"])).Select(s => Turn.Text(s, "text")));

    // Thoughts are not wanted back; a signature stands where it stood, also alone on an empty text.
    private static IEnumerable<string> Part(JsonNode? part)
    {
        var proof = (Turn.Text(part, "thoughtSignature") ?? Turn.Text(part, "thought_signature")) is { Length: > 0 } signature ? " proof " + signature : "";
        return part switch
        {
            JsonObject o when o["thought"] is JsonValue thought && thought.GetValueKind() == JsonValueKind.True => [],
            JsonObject o when (o["functionCall"] ?? o["function_call"]) is { } call => ["call " + Turn.Text(call, "name") + " " + Canonical(call["args"]) + proof],
            JsonObject o when Turn.Text(o, "text") is { } text => proof.Length > 0 ? ["text " + text, "signed" + proof] : ["text " + text],
            _ => [],
        };
    }

    private static IEnumerable<string> ChatMessage(JsonNode message, string dialect)
    {
        var calls = Turn.List(message["tool_calls"]);
        if (dialect == "openrouter" && message["reasoning_details"] is JsonArray details)
        {
            foreach (var entry in details.Where(e => Turn.Text(e, "signature") is not null || Turn.Text(e, "data") is not null))
            {
                yield return "proof " + Canonical(entry);
            }
        }
        else if (((dialect == "deepseek" && calls.Count > 0) || dialect is "zai" or "moonshot") && Turn.Text(message, "reasoning_content") is { Length: > 0 } thinking)
        {
            yield return "proof " + thinking;
        }

        foreach (var part in Turn.List(message["content"]))
        {
            yield return Turn.Text(part, "type") == "thinking" ? "proof " + string.Concat(Turn.List(part!["thinking"]).Select(t => Turn.Text(t, "text"))) : "text " + Turn.Text(part, "text");
        }

        yield return "text " + (Turn.Text(message, "content") ?? Turn.Text(message, "refusal"));
        foreach (var call in calls)
        {
            yield return "call " + Turn.Text(call!["function"], "name") + " " + Canonical(Parsed(Turn.Text(call["function"], "arguments")))
                + (call["extra_content"]?["google"] is { } google ? " proof " + Turn.Text(google, "thought_signature") : "");
        }
    }

    // Where one text ends and the next begins means nothing, and blank ones are refused by most.
    private static List<string> Joined(List<string> lines)
    {
        var joined = new List<string>();
        foreach (var line in lines)
        {
            if (line.StartsWith("text ", StringComparison.Ordinal) && joined.Count > 0 && joined[^1].StartsWith("text ", StringComparison.Ordinal))
            {
                joined[^1] += line[5..];
            }
            else
            {
                joined.Add(line);
            }
        }

        joined.RemoveAll(l => l.StartsWith("text ", StringComparison.Ordinal) && string.IsNullOrWhiteSpace(l[5..]));
        return joined;
    }

    private static JsonNode? Parsed(string? arguments)
    {
        try
        {
            return string.IsNullOrWhiteSpace(arguments) ? new JsonObject() : JsonNode.Parse(arguments);
        }
        catch (JsonException)
        {
            return JsonValue.Create(arguments);
        }
    }

    // Members in one order: what an object says does not hang on it.
    private static string Canonical(JsonNode? node) => Sorted(node ?? new JsonObject())!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        null => null,
        _ => node.DeepClone(),
    };
}
