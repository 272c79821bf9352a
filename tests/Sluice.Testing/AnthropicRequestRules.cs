using System.Text.Json;

namespace Sluice.Testing;

/// <summary>The rules of Messages requests that Anthropic answers with 400, checked without any code of the product.</summary>
public static class AnthropicRequestRules
{
    /// <summary>Every violation in <paramref name="body"/>; empty when the API would take it.</summary>
    public static IReadOnlyList<string> Violations(ReadOnlySpan<byte> body)
    {
        var found = new List<string>();
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body.ToArray());
        }
        catch (JsonException e)
        {
            return ["not JSON: " + e.Message];
        }

        using (document)
        {
            var root = document.RootElement;
            if (Text(root, "model").Length == 0)
            {
                found.Add("model missing");
            }

            if (!root.TryGetProperty("max_tokens", out var most) || most.ValueKind != JsonValueKind.Number || most.GetInt64() < 1)
            {
                found.Add("max_tokens missing");
            }
            else if (root.TryGetProperty("thinking", out var thinking) && thinking.TryGetProperty("budget_tokens", out var budget) && budget.GetInt64() >= most.GetInt64())
            {
                found.Add("thinking budget not below max_tokens");
            }

            if (!root.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            {
                found.Add("messages missing or empty");
            }
            else
            {
                Messages(messages, found);
            }

            if (CacheMarks(root) > 4)
            {
                found.Add("more than 4 cache marks");
            }
        }

        return found;
    }

    /// <summary>Cache marks on system blocks, tools, message blocks and the request itself.</summary>
    public static int CacheMarks(JsonElement root)
    {
        var marks = root.TryGetProperty("cache_control", out var own) && own.ValueKind == JsonValueKind.Object ? 1 : 0;
        marks += Items(root, "system").Count(Marked) + Items(root, "tools").Count(Marked);
        foreach (var block in Items(root, "messages").SelectMany(m => Items(m, "content")))
        {
            marks += (Marked(block) ? 1 : 0) + Items(block, "content").Count(Marked);
        }

        return marks;
    }

    private static void Messages(JsonElement messages, List<string> found)
    {
        var waiting = new List<string>();
        var last = "";
        var i = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var at = "messages." + i++;
            var role = Text(message, "role");
            if (role is not ("user" or "assistant" or "system"))
            {
                found.Add(at + ": role '" + role + "'");
            }

            if (role == last)
            {
                found.Add(at + ": two messages of role " + role);
            }

            last = role;
            var blocks = Items(message, "content");
            var answered = blocks.TakeWhile(b => Text(b, "type") == "tool_result").Select(b => Text(b, "tool_use_id")).ToList();
            if (blocks.Count(b => Text(b, "type") == "tool_result") != answered.Count)
            {
                found.Add(at + ": tool_result after other blocks");
            }

            if (!answered.Order().SequenceEqual(waiting.Order()))
            {
                found.Add(at + ": results for [" + string.Join(",", answered) + "], calls [" + string.Join(",", waiting) + "]");
            }

            waiting = role != "assistant" ? [] : [.. blocks.Where(b => Text(b, "type") == "tool_use").Select(b => Text(b, "id"))];
            foreach (var block in blocks)
            {
                Block(block, at, found);
            }
        }

        if (waiting.Count > 0)
        {
            found.Add("calls without results: " + string.Join(",", waiting));
        }
    }

    private static void Block(JsonElement block, string at, List<string> found)
    {
        switch (Text(block, "type"))
        {
            case "":
                found.Add(at + ": block without type");
                break;
            case "text" when Text(block, "text").Length == 0:
                found.Add(at + ": empty text block");
                break;
            case "tool_use":
                if (Text(block, "id") is not { Length: > 0 and <= 64 } id || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                {
                    found.Add(at + ": illegal tool id");
                }

                if (!block.TryGetProperty("input", out var input) || input.ValueKind != JsonValueKind.Object)
                {
                    found.Add(at + ": tool input is no object");
                }

                break;
        }
    }

    private static bool Marked(JsonElement element) => element.TryGetProperty("cache_control", out var mark) && mark.ValueKind == JsonValueKind.Object;

    private static List<JsonElement> Items(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object)] : [];

    private static string Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
