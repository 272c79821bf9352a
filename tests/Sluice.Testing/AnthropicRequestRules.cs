using System.Text.Json;

namespace Sluice.Testing;

/// <summary>The rules of Messages requests that Anthropic answers with 400, checked without any code of the product.</summary>
public static class AnthropicRequestRules
{
    /// <summary>Every violation in <paramref name="body"/>; empty when Anthropic would take it.</summary>
    public static IReadOnlyList<string> Violations(ReadOnlySpan<byte> body)
    {
        var found = new List<string>();
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body.ToArray(), new JsonDocumentOptions { MaxDepth = 1024 });
        }
        catch (JsonException e)
        {
            return ["not JSON: " + e.Message];
        }

        using (document)
        {
            var root = document.RootElement;
            found.AddRange(root.EnumerateObject().GroupBy(m => m.Name).Where(g => g.Count() > 1).Select(g => "member twice: " + g.Key));
            if (Text(root, "model") is not { Length: > 0 })
            {
                found.Add("model missing");
            }

            var maxTokens = root.TryGetProperty("max_tokens", out var most) && most.ValueKind == JsonValueKind.Number ? most.GetInt64() : 0;
            if (maxTokens < 1)
            {
                found.Add("max_tokens missing or below 1");
            }

            if (root.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() > 0)
            {
                Messages(messages, found);
            }
            else
            {
                found.Add("messages missing or empty");
            }

            Top(root, maxTokens, found);
            var marks = CacheMarks(root);
            if (marks > 4)
            {
                found.Add(marks + " cache marks");
            }
        }

        return found;
    }

    /// <summary>How many <c>cache_control</c> objects stand on blocks, tools and the top level (tool inputs and schemas do not count).</summary>
    public static int CacheMarks(JsonElement request)
    {
        var marks = Mark(request);
        foreach (var name in new[] { "system", "tools" })
        {
            if (request.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array)
            {
                marks += list.EnumerateArray().Sum(Mark);
            }
        }

        if (request.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array)
        {
            foreach (var block in messages.EnumerateArray().SelectMany(Blocks))
            {
                marks += Mark(block) + Blocks(block).Sum(Mark);
            }
        }

        return marks;
    }

    private static int Mark(JsonElement holder) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty("cache_control", out var mark) && mark.ValueKind == JsonValueKind.Object ? 1 : 0;

    private static IEnumerable<JsonElement> Blocks(JsonElement holder) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
            ? content.EnumerateArray().ToList()
            : [];

    private static void Messages(JsonElement messages, List<string> found)
    {
        var list = messages.EnumerateArray().ToList();
        var ids = new HashSet<string>();
        var waiting = new List<string>();
        string? before = null;
        for (var i = 0; i < list.Count; i++)
        {
            var at = "messages." + i;
            var role = Text(list[i], "role");
            if (role is not ("user" or "assistant" or "system"))
            {
                found.Add(at + ": role " + role);
            }

            if (role == before)
            {
                found.Add(at + ": second message of " + role + " in a row");
            }

            if (i == 0 && role == "assistant")
            {
                found.Add(at + ": the first message is the assistant's");
            }

            before = role;
            if (!list[i].TryGetProperty("content", out var content) || content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            {
                found.Add(at + ": no content");
                continue;
            }

            if (content.ValueKind == JsonValueKind.String ? content.GetString()!.Length == 0 : content.GetArrayLength() == 0)
            {
                found.Add(at + ": empty content");
            }

            var blocks = Blocks(list[i]).ToList();
            Results(blocks, role, waiting, at, found);
            for (var b = 0; b < blocks.Count; b++)
            {
                Block(blocks[b], at + ".content." + b, role, ids, waiting, found);
            }

            if (i == list.Count - 1 && role == "assistant" && blocks.Count > 0 && Text(blocks[^1], "text") is { } prefill && prefill != prefill.TrimEnd())
            {
                found.Add(at + ": a prefill ends with white space");
            }
        }

        if (waiting.Count > 0)
        {
            found.Add("calls without results at the end: " + string.Join(",", waiting));
        }
    }

    // All results of the calls before, each once, before anything else.
    private static void Results(List<JsonElement> blocks, string? role, List<string> waiting, string at, List<string> found)
    {
        if (role is not ("user" or "system") && waiting.Count > 0)
        {
            found.Add(at + ": " + role + " while calls wait");
        }

        var other = false;
        foreach (var block in blocks)
        {
            if (Text(block, "type") != "tool_result")
            {
                other = true;
                continue;
            }

            var id = Text(block, "tool_use_id") ?? "";
            if (!waiting.Remove(id))
            {
                found.Add(at + ": result for '" + id + "', which is not asked for");
            }

            if (other)
            {
                found.Add(at + ": a result behind something else");
            }
        }

        if (waiting.Count > 0)
        {
            found.Add(at + ": calls without results: " + string.Join(",", waiting));
            waiting.Clear();
        }
    }

    private static void Block(JsonElement block, string at, string? role, HashSet<string> ids, List<string> waiting, List<string> found)
    {
        switch (Text(block, "type"))
        {
            case null:
                found.Add(at + ": block without type");
                break;
            case "text" when string.IsNullOrWhiteSpace(Text(block, "text")):
                found.Add(at + ": empty text");
                break;
            case "thinking" when role != "assistant" || Text(block, "signature") is not { Length: > 0 } || Text(block, "thinking") is null:
                found.Add(at + ": thinking without signature, or not the assistant's");
                break;
            case "redacted_thinking" when role != "assistant" || Text(block, "data") is not { Length: > 0 }:
                found.Add(at + ": redacted thinking without data, or not the assistant's");
                break;
            case "tool_use":
                var id = Text(block, "id") ?? "";
                if (id.Length is 0 or > 64 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                {
                    found.Add(at + ": illegal id '" + id + "'");
                }

                if (!ids.Add(id))
                {
                    found.Add(at + ": id '" + id + "' used before");
                }

                if (role != "assistant" || Text(block, "name") is not { Length: > 0 } || !block.TryGetProperty("input", out var input) || input.ValueKind != JsonValueKind.Object)
                {
                    found.Add(at + ": tool_use without name or input, or not the assistant's");
                }

                waiting.Add(id);
                break;
            case "tool_result":
                foreach (var inner in Blocks(block))
                {
                    if (Text(inner, "type") == "text" && string.IsNullOrWhiteSpace(Text(inner, "text")))
                    {
                        found.Add(at + ": empty text in a result");
                    }
                }

                break;
            case "image" or "document" when !block.TryGetProperty("source", out var source) || Text(source, "type") is null:
                found.Add(at + ": media without source");
                break;
            default:
                break;
        }
    }

    private static void Top(JsonElement root, long maxTokens, List<string> found)
    {
        if (root.TryGetProperty("system", out var system) && system.ValueKind == JsonValueKind.Array && system.EnumerateArray().Any(b => string.IsNullOrEmpty(Text(b, "text"))))
        {
            found.Add("system: empty block");
        }

        var thinks = false;
        if (root.TryGetProperty("thinking", out var thinking))
        {
            thinks = Text(thinking, "type") is "enabled" or "adaptive";
            if (thinking.TryGetProperty("budget_tokens", out var budget) && (budget.GetInt64() < 1024 || budget.GetInt64() >= maxTokens))
            {
                found.Add("thinking: budget below 1024 or not below max_tokens");
            }
        }

        if (thinks && root.TryGetProperty("temperature", out var temperature) && temperature.GetDouble() != 1)
        {
            found.Add("temperature while thinking");
        }

        if (root.TryGetProperty("temperature", out temperature) && temperature.GetDouble() is < 0 or > 1)
        {
            found.Add("temperature outside 0 to 1");
        }

        if (root.TryGetProperty("stop_sequences", out var stops) && stops.EnumerateArray().Any(s => string.IsNullOrWhiteSpace(s.GetString())))
        {
            found.Add("stop sequence without visible text");
        }

        var hasTools = root.TryGetProperty("tools", out var tools) && tools.GetArrayLength() > 0;
        if (root.TryGetProperty("tool_choice", out var choice))
        {
            if (!hasTools)
            {
                found.Add("tool_choice without tools");
            }

            if (thinks && Text(choice, "type") is "any" or "tool")
            {
                found.Add("forced tool while thinking");
            }
        }

        foreach (var tool in hasTools ? tools.EnumerateArray() : default)
        {
            if (Text(tool, "type") is null or "custom"
                && (Text(tool, "name") is not { Length: > 0 and <= 128 } || !tool.TryGetProperty("input_schema", out var schema) || Text(schema, "type") != "object"))
            {
                found.Add("tool '" + Text(tool, "name") + "' without name or object schema");
            }
        }
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
