using System.Globalization;
using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>Reads a Chat request, and refuses with OpenAI's wording what OpenAI refuses and a careless translator produces.</summary>
internal static class ChatRequestReader
{
    public static (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, string? deployment)
    {
        if ((deployment ?? body.Text("model")) is not { Length: > 0 } model)
        {
            return (null, new(400, Message: "you must provide a model parameter"));
        }

        var messages = body.Member("messages");
        if (messages.ValueKind != JsonValueKind.Array)
        {
            return (null, new(400, Message: "Missing required parameter: 'messages'."));
        }

        if (messages.GetArrayLength() == 0)
        {
            return (null, new(400));
        }

        if (Refusal(messages) is { } refusal)
        {
            return (null, refusal);
        }

        var choice = body.Member("tool_choice");
        var format = body.Member("response_format");
        var results = messages.EnumerateArray().Reverse().SkipWhile(static m => m.Text("role") == "user" && PromptText.IsOnlyAdded(Texts(m.Member("content")))).TakeWhile(static m => m.Text("role") == "tool")
            .Select(static m => string.Join("\n", Texts(m.Member("content")))).Reverse().ToList();
        return (new Prompt
        {
            Body = body,
            Model = model,
            Stream = body.Flag("stream"),
            StreamUsage = body.Member("stream_options").Flag("include_usage"),
            MaxTokens = body.Integer("max_completion_tokens") ?? body.Integer("max_tokens"),
            LastUserText = messages.EnumerateArray().Where(static m => m.Text("role") == "user")
                .SelectMany(static m => Texts(m.Member("content"))).Select(PromptText.Said).LastOrDefault(static t => t is not null) ?? "",
            ToolResults = results.Count > 0 ? results : null,
            Tools = [.. body.Member("tools").Items().Select(static t => t.Member("function")).Where(static f => f.Text("name") is not null)
                .Select(static f => new PromptTool(f.Text("name")!, f.Member("parameters")))],
            ForcedTool = choice.ValueKind switch
            {
                JsonValueKind.String when choice.GetString() == "required" => "",
                JsonValueKind.Object when choice.Text("type") == "function" => choice.Member("function").Text("name") ?? "",
                _ => null,
            },
            ToolsForbidden = choice.ValueKind == JsonValueKind.String && choice.GetString() == "none",
            JsonSchema = format.Text("type") switch
            {
                "json_schema" => format.Member("json_schema").Member("schema"),
                "json_object" => default(JsonElement),
                _ => null,
            },
            WorkingDirectory = messages.EnumerateArray().SelectMany(static m => Texts(m.Member("content")))
                .Select(PromptText.WorkingDirectory).FirstOrDefault(static f => f is not null),
        }, null);
    }

    private static WireRefusal? Refusal(JsonElement messages)
    {
        HashSet<string> open = [];
        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var role = message.Text("role");
            if (role is not ("system" or "developer" or "user" or "assistant" or "tool" or "function"))
            {
                return new(400, Message: string.Create(CultureInfo.InvariantCulture,
                    $"Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."));
            }

            if (role == "tool")
            {
                if (!open.Remove(message.Text("tool_call_id") ?? ""))
                {
                    return new(400, Message: string.Create(CultureInfo.InvariantCulture,
                        $"Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'. (messages.[{index}].role)"));
                }
            }
            else if (open.Count > 0)
            {
                return new(400, Message: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: " + string.Join(", ", open));
            }

            foreach (var call in message.Member("tool_calls").Items())
            {
                if (call.Member("function").Text("arguments") is null)
                {
                    return new(400, Message: string.Create(CultureInfo.InvariantCulture,
                        $"Invalid type for 'messages[{index}].tool_calls[0].function.arguments': expected a string."));
                }

                open.Add(call.Text("id") ?? "");
            }

            index++;
        }

        return open.Count == 0 ? null
            : new(400, Message: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: " + string.Join(", ", open));
    }

    private static IEnumerable<string> Texts(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            yield return content.GetString()!;
        }

        foreach (var part in content.Items())
        {
            if (part.Text("type") == "text" && part.Text("text") is { } text)
            {
                yield return text;
            }
        }
    }
}
