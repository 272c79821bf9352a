using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Server.Tests.Bytes;

/// <summary>A conversation of an agent that marks what is to be cached.</summary>
internal static class CachedConversation
{
    /// <summary>Several turns with tools, thinking that is not replayed, and marks on a tool, the system text, a message and a tool result.</summary>
    public static string Body(string model, int turns)
    {
        var messages = new JsonArray
        {
            Message("user", new JsonArray(new JsonObject { ["type"] = "text", ["text"] = "first question " + new string('q', 600), ["cache_control"] = new JsonObject { ["type"] = "ephemeral" } })),
            Message("assistant", new JsonArray(
                new JsonObject { ["type"] = "text", ["text"] = "let me look" },
                new JsonObject { ["type"] = "tool_use", ["id"] = "toolu_1", ["name"] = "weather", ["input"] = new JsonObject { ["place"] = "Vienna", ["b"] = 1, ["a"] = 2 } })),
            Message("user", new JsonArray(new JsonObject
            {
                ["type"] = "tool_result", ["tool_use_id"] = "toolu_1", ["content"] = "sunny", ["cache_control"] = new JsonObject { ["type"] = "ephemeral" },
            })),
        };
        for (var turn = 1; turn < turns; turn++)
        {
            messages.Add(Message("assistant", "answer number " + turn));
            messages.Add(Message("user", "question number " + turn));
        }

        return new JsonObject
        {
            ["model"] = model,
            ["max_tokens"] = 500,
            ["tools"] = new JsonArray(
                new JsonObject { ["name"] = "weather", ["description"] = "Tells the weather.", ["input_schema"] = Schema("place") },
                new JsonObject { ["name"] = "read", ["description"] = "Reads.", ["input_schema"] = Schema("path"), ["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" } }),
            ["system"] = new JsonArray(
                new JsonObject { ["type"] = "text", ["text"] = "You are a test." },
                new JsonObject { ["type"] = "text", ["text"] = "Behave " + new string('b', 600), ["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" } }),
            ["messages"] = messages,
        }.ToJsonString();
    }

    /// <summary>Cache marks in a body of any format.</summary>
    public static int Marks(string body) => body.Split("\"cache_control\"").Length - 1;

    /// <summary>Where the bracket stands that closes the list of messages: a longer conversation must have all the bytes before it.</summary>
    public static int EndOfMessages(string body)
    {
        using var document = JsonDocument.Parse(body);
        var messages = document.RootElement.GetProperty("messages").GetRawText();
        return body.IndexOf(messages, StringComparison.Ordinal) + messages.Length - 1;
    }

    private static JsonObject Message(string role, JsonNode content) => new() { ["role"] = role, ["content"] = content };

    private static JsonObject Schema(string name) => new()
    {
        ["type"] = "object", ["properties"] = new JsonObject { [name] = new JsonObject { ["type"] = "string" }, ["a"] = new JsonObject { ["type"] = "number" } }, ["required"] = new JsonArray(name),
    };
}
