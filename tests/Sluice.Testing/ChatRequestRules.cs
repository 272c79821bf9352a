using System.Text.Json;

namespace Sluice.Testing;

/// <summary>The rules of Chat Completions requests that servers answer with 400, checked without any code of the product.</summary>
public static class ChatRequestRules
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool"];

    /// <summary>Every violation in <paramref name="body"/>; empty when a server would take it.</summary>
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
            var names = root.EnumerateObject().Select(m => m.Name).ToList();
            found.AddRange(names.GroupBy(n => n).Where(g => g.Count() > 1).Select(g => "member twice: " + g.Key));
            if (!root.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.String || model.GetString()!.Length == 0)
            {
                found.Add("model missing");
            }

            if (!root.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            {
                found.Add("messages missing or empty");
            }
            else
            {
                Messages(messages, found);
            }

            Tools(root, found);
            if (root.TryGetProperty("stop", out var stop) && stop.ValueKind == JsonValueKind.Array && stop.GetArrayLength() is 0 or > 4)
            {
                found.Add("stop has no or more than 4 texts");
            }

            if (root.TryGetProperty("stream_options", out _) && !(root.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True))
            {
                found.Add("stream_options without stream");
            }
        }

        return found;
    }

    private static void Messages(JsonElement messages, List<string> found)
    {
        var waiting = new List<string>();
        var i = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var at = "messages[" + i++ + "]";
            var role = message.TryGetProperty("role", out var r) ? r.GetString() : null;
            if (!Roles.Contains(role))
            {
                found.Add(at + ": role " + role);
                continue;
            }

            if (role == "tool")
            {
                var id = message.TryGetProperty("tool_call_id", out var t) && t.ValueKind == JsonValueKind.String ? t.GetString()! : "";
                if (waiting.Count == 0 || waiting[0] != id)
                {
                    found.Add(at + ": tool message for '" + id + "', waiting for " + string.Join(",", waiting));
                }

                waiting.Remove(id);
                Content(message, at, ["text"], found);
                continue;
            }

            if (waiting.Count > 0)
            {
                found.Add(at + ": " + role + " while calls wait: " + string.Join(",", waiting));
                waiting.Clear();
            }

            if (role == "assistant")
            {
                Assistant(message, at, waiting, found);
            }
            else
            {
                Content(message, at, role == "user" ? ["text", "image_url", "input_audio", "file"] : ["text"], found);
            }
        }
    }

    private static void Assistant(JsonElement message, string at, List<string> waiting, List<string> found)
    {
        var hasContent = message.TryGetProperty("content", out var content) && content.ValueKind is JsonValueKind.String or JsonValueKind.Array;
        if (!message.TryGetProperty("tool_calls", out var calls))
        {
            if (!hasContent && !message.TryGetProperty("refusal", out _))
            {
                found.Add(at + ": assistant without content");
            }

            return;
        }

        if (calls.ValueKind != JsonValueKind.Array || calls.GetArrayLength() == 0)
        {
            found.Add(at + ": tool_calls empty");
            return;
        }

        if (hasContent && content.ValueKind == JsonValueKind.String && content.GetString()!.Length == 0)
        {
            found.Add(at + ": empty content beside tool calls");
        }

        foreach (var call in calls.EnumerateArray())
        {
            var id = call.TryGetProperty("id", out var t) && t.ValueKind == JsonValueKind.String ? t.GetString()! : "";
            if (id.Length == 0)
            {
                found.Add(at + ": call without id");
            }

            if (!call.TryGetProperty("type", out var type) || type.GetString() is not ("function" or "custom"))
            {
                found.Add(at + ": call without type");
                continue;
            }

            if (!call.TryGetProperty(type.GetString()!, out var function) || !function.TryGetProperty("name", out var name) || name.GetString()!.Length == 0)
            {
                found.Add(at + ": call without name");
            }
            else if (type.GetString() == "function" && (!function.TryGetProperty("arguments", out var arguments) || arguments.ValueKind != JsonValueKind.String))
            {
                found.Add(at + ": arguments are not a string");
            }

            waiting.Add(id);
        }
    }

    private static void Content(JsonElement message, string at, string[] types, List<string> found)
    {
        if (!message.TryGetProperty("content", out var content))
        {
            found.Add(at + ": no content");
            return;
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            return;
        }

        if (content.ValueKind != JsonValueKind.Array || content.GetArrayLength() == 0)
        {
            found.Add(at + ": content is neither text nor parts");
            return;
        }

        foreach (var part in content.EnumerateArray())
        {
            var type = part.TryGetProperty("type", out var t) ? t.GetString() : null;
            if (!types.Contains(type))
            {
                found.Add(at + ": part of type " + type);
            }
            else if (!part.TryGetProperty(type!, out _))
            {
                found.Add(at + ": part without " + type);
            }
        }
    }

    private static void Tools(JsonElement root, List<string> found)
    {
        var hasTools = root.TryGetProperty("tools", out var tools);
        if (!hasTools)
        {
            if (root.TryGetProperty("tool_choice", out _) || root.TryGetProperty("parallel_tool_calls", out _))
            {
                found.Add("tool_choice or parallel_tool_calls without tools");
            }

            return;
        }

        if (tools.ValueKind != JsonValueKind.Array || tools.GetArrayLength() == 0)
        {
            found.Add("tools empty");
            return;
        }

        foreach (var tool in tools.EnumerateArray())
        {
            if (tool.TryGetProperty("type", out var type) && type.GetString() != "function")
            {
                continue;
            }

            if (!tool.TryGetProperty("function", out var function) || !function.TryGetProperty("name", out var name) || name.GetString() is not { Length: > 0 and <= 64 } text
                || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            {
                found.Add("a tool's name is missing or illegal");
            }
            else if (function.TryGetProperty("parameters", out var schema) && schema.ValueKind != JsonValueKind.Object)
            {
                found.Add("parameters of " + text + " are no object");
            }
        }
    }
}
