using System.Text.Json;

namespace Sluice.Testing;

/// <summary>The rules of Responses requests that servers answer with 400, checked without any code of the product.</summary>
public static class ResponsesRequestRules
{
    private static readonly string[] Parts = ["input_text", "input_image", "input_file", "input_audio", "output_text", "refusal"];

    /// <summary>Every violation in <paramref name="body"/>; empty when a server without a memory would take it.</summary>
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

            if (!root.TryGetProperty("store", out var store) || store.ValueKind != JsonValueKind.False)
            {
                found.Add("store is not false");
            }

            found.AddRange(root.EnumerateObject().Select(m => m.Name).Where(n => n is "messages" or "stop" or "seed" or "max_tokens" or "response_format" or "reasoning_effort").Select(n => "not of this format: " + n));
            if (root.TryGetProperty("max_output_tokens", out var most) && most.GetInt64() < 16)
            {
                found.Add("max_output_tokens below 16");
            }

            if (!root.TryGetProperty("input", out var input) || input.ValueKind != JsonValueKind.Array || input.GetArrayLength() == 0)
            {
                found.Add("input missing or empty");
            }
            else
            {
                Items([.. input.EnumerateArray()], found);
            }

            Tools(root, found);
        }

        return found;
    }

    private static void Items(List<JsonElement> items, List<string> found)
    {
        var waiting = new List<string>();
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var type = Text(item, "type");
            switch (type)
            {
                case "function_call" or "custom_tool_call":
                    if (Text(item, "call_id") is not { Length: > 0 and <= 64 } id || Text(item, "name") is not { Length: > 0 } || Text(item, type == "function_call" ? "arguments" : "input") is null)
                    {
                        found.Add($"input[{i}]: a call lacks a member");
                        break;
                    }

                    waiting.Add(id);
                    break;
                case "function_call_output" or "custom_tool_call_output":
                    if (!waiting.Remove(Text(item, "call_id") ?? ""))
                    {
                        found.Add($"input[{i}]: an output without its call");
                    }

                    Content(item, "output", i, found);
                    break;
                case "reasoning":
                    var next = i + 1 < items.Count ? Text(items[i + 1], "type") : null;
                    var led = next is "reasoning" or "function_call" or "custom_tool_call" || (next == "message" && Text(items[i + 1], "role") == "assistant");
                    if (!led)
                    {
                        found.Add($"input[{i}]: reasoning without the item that it led to");
                    }

                    if (Text(item, "encrypted_content") is { } proof && proof.StartsWith("sluice", StringComparison.Ordinal))
                    {
                        found.Add($"input[{i}]: another vendor's proof");
                    }

                    break;
                case "message":
                    if (waiting.Count > 0 && Text(item, "role") != "assistant")
                    {
                        found.Add($"input[{i}]: a message before the outputs of calls");
                    }

                    Content(item, "content", i, found);
                    break;
                default:
                    found.Add($"input[{i}]: type '{type}'");
                    break;
            }
        }

        // The last turn's calls may still be open: nobody sends that, but no server minds.
        if (waiting.Count > 0 && Text(items[^1], "type") is not ("function_call" or "custom_tool_call"))
        {
            found.Add("calls without outputs");
        }
    }

    private static void Content(JsonElement item, string name, int i, List<string> found)
    {
        if (!item.TryGetProperty(name, out var content) || content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            found.Add($"input[{i}]: no {name}");
            return;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var part in content.EnumerateArray())
        {
            if (!Parts.Contains(Text(part, "type")))
            {
                found.Add($"input[{i}]: part of type '{Text(part, "type")}'");
            }

            if (name == "content" && (Text(item, "role") == "assistant") != (Text(part, "type") is "output_text" or "refusal"))
            {
                found.Add($"input[{i}]: a part of the other side");
            }
        }
    }

    private static void Tools(JsonElement root, List<string> found)
    {
        if (!root.TryGetProperty("tools", out var tools))
        {
            return;
        }

        foreach (var tool in tools.EnumerateArray())
        {
            if (Text(tool, "type") == "function" && (Text(tool, "name") is not { Length: > 0 } || !tool.TryGetProperty("parameters", out var schema) || schema.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("strict", out _)))
            {
                found.Add("a function without name, parameters or strict");
            }

            if (tool.TryGetProperty("function", out _))
            {
                found.Add("a function in Chat's shape");
            }
        }
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
