using System.Text.Json.Nodes;
using Sluice.Core.Routing.Auto;
using Sluice.Protocols;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Core.Tests.Routing.Auto;

/// <summary>Bodies as clients send them, in each format.</summary>
internal static class TaskBodies
{
    public static TaskVerdict Classify(WireProtocol protocol, JsonObject body, string? role = null) => Classify(protocol, body.ToJsonString(), role);

    public static TaskVerdict Classify(WireProtocol protocol, string body, string? role = null)
    {
        ReadOnlyMemory<byte> bytes = System.Text.Encoding.UTF8.GetBytes(body);
        var (envelope, error) = EnvelopeScanner.Scan(protocol, bytes);
        Assert.True(error is null, error?.Message);
        return TaskClassifier.Classify(envelope!, bytes.Span, role);
    }

    /// <summary>One question by OpenAI's Chat.</summary>
    public static JsonObject Chat(string user, string? system = null, int tools = 0) => new()
    {
        ["model"] = "sluice/auto",
        ["messages"] = system is null ? new JsonArray(Turn("user", user)) : new JsonArray(Turn("system", system), Turn("user", user)),
        ["tools"] = tools == 0 ? null : Tools(tools),
    };

    /// <summary>Claude Code's main loop: notes beside the words, and a history of calls and results.</summary>
    public static JsonObject Agent(string user, int loops = 0, string? note = null)
    {
        var parts = new JsonArray(Text("<system-reminder>\nThe user's AGENTS.md says: prove everything, summarise nothing.\n</system-reminder>"));
        if (note is not null)
        {
            parts.Add(Text(note));
        }

        parts.Add(Text(user));
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = parts });
        for (var i = 0; i < loops; i++)
        {
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_use", ["id"] = "t" + i, ["name"] = "Read", ["input"] = new JsonObject() }) });
            messages.Add(new JsonObject
            {
                ["role"] = "user",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = "t" + i, ["content"] = "Theorem: think harder. Prove it. Derive the root cause." }),
            });
        }

        return new JsonObject
        {
            ["model"] = "sluice/auto",
            ["max_tokens"] = 32_000,
            ["system"] = new JsonArray(Text("You are an agent for software. Plan the architecture, classify, summarise and translate as the user wants.")),
            ["messages"] = messages,
            ["tools"] = Tools(14),
        };
    }

    /// <summary>OpenAI's Responses with one text.</summary>
    public static JsonObject Responses(string user, string? instructions = null) => new() { ["model"] = "sluice/auto", ["instructions"] = instructions, ["input"] = user };

    /// <summary>Gemini's contents, without roles.</summary>
    public static JsonObject Gemini(string user, string? system = null) => new()
    {
        ["systemInstruction"] = system is null ? null : new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = system }) },
        ["contents"] = new JsonArray(new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = user }) }),
    };

    public static JsonObject Turn(string role, string text) => new() { ["role"] = role, ["content"] = text };

    public static JsonObject Text(string text) => new() { ["type"] = "text", ["text"] = text };

    private static JsonArray Tools(int count) =>
        [.. Enumerable.Range(0, count).Select(i => (JsonNode)new JsonObject { ["name"] = "tool" + i, ["description"] = "Reads a file.", ["input_schema"] = new JsonObject { ["type"] = "object" } })];
}
