using System.Text.Json.Nodes;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>A client that keeps the history of a conversation as the SDKs of its format do: everything that it was told, as it was told.</summary>
internal abstract class EchoClient(Wire wire)
{
    public Wire Wire => wire;

    /// <summary>Every client, and those that keep less.</summary>
    public static IEnumerable<EchoClient> All => [new MessagesEcho(), new ChatEcho(forgets: false), new ChatEcho(forgets: true), new ResponsesEcho(), new GeminiEcho(forgets: false), new GeminiEcho(forgets: true)];

    /// <summary>Keeps of an answer only what everyone keeps.</summary>
    public virtual bool Forgets => false;

    /// <summary>The first request, with thinking switched on.</summary>
    /// <param name="model">As the client calls it.</param>
    /// <param name="stream">Where the body says so.</param>
    /// <param name="tools">Names of tools without arguments.</param>
    public abstract JsonObject Ask(string model, bool stream, IReadOnlyList<string> tools);

    /// <summary>Adds the assistant's turn, the results of its calls and, where it called nothing, the next question.</summary>
    public abstract void Follow(JsonObject request, JsonArray turn);

    protected static JsonObject AnyObject => new() { ["type"] = "object", ["properties"] = new JsonObject(), ["additionalProperties"] = true };

    protected static JsonArray Nodes(IEnumerable<JsonNode?> nodes) => new([.. nodes]);
}

internal sealed class MessagesEcho() : EchoClient(Wire.Messages)
{
    public override JsonObject Ask(string model, bool stream, IReadOnlyList<string> tools)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["max_tokens"] = 4096,
            ["stream"] = stream,
            ["thinking"] = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = 1024 },
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello." }),
        };
        if (tools.Count > 0)
        {
            body["tools"] = Nodes(tools.Select(t => new JsonObject { ["name"] = t, ["input_schema"] = AnyObject }));
        }

        return body;
    }

    public override void Follow(JsonObject request, JsonArray turn)
    {
        var messages = request["messages"]!.AsArray();
        messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = turn.DeepClone() });
        var calls = turn.Where(b => Turn.Text(b, "type") == "tool_use").ToList();
        messages.Add(new JsonObject
        {
            ["role"] = "user",
            ["content"] = calls.Count == 0 ? "Go on." : Nodes(calls.Select(c => new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = Turn.Text(c, "id"), ["content"] = "done" })),
        });
    }
}

internal sealed class ChatEcho(bool forgets) : EchoClient(Wire.Chat)
{
    public override bool Forgets => forgets;

    public override JsonObject Ask(string model, bool stream, IReadOnlyList<string> tools)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["max_completion_tokens"] = 4096,
            ["stream"] = stream,
            ["reasoning_effort"] = "low",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello." }),
        };
        if (tools.Count > 0)
        {
            body["tools"] = Nodes(tools.Select(t => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = t, ["parameters"] = AnyObject } }));
        }

        return body;
    }

    public override void Follow(JsonObject request, JsonArray turn)
    {
        var messages = request["messages"]!.AsArray();
        var told = turn[0]!.AsObject();
        var calls = Turn.List(told["tool_calls"]);
        messages.Add(forgets ? Plain(told, calls) : told.DeepClone());
        foreach (var call in calls)
        {
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = Turn.Text(call, "id"), ["content"] = "done" });
        }

        if (calls.Count == 0)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = "Go on." });
        }
    }

    // The members of OpenAI's first documents, and no others.
    private static JsonObject Plain(JsonObject told, JsonArray calls)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = told["content"]?.DeepClone() };
        if (calls.Count > 0)
        {
            message["tool_calls"] = Nodes(calls.Select(c => new JsonObject
            {
                ["id"] = Turn.Text(c, "id"),
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = Turn.Text(c!["function"], "name"), ["arguments"] = Turn.Text(c["function"], "arguments") },
            }));
        }

        return message;
    }
}

internal sealed class ResponsesEcho() : EchoClient(Wire.Responses)
{
    public override JsonObject Ask(string model, bool stream, IReadOnlyList<string> tools)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["max_output_tokens"] = 4096,
            ["stream"] = stream,
            ["store"] = false,
            ["include"] = new JsonArray("reasoning.encrypted_content"),
            ["reasoning"] = new JsonObject { ["effort"] = "low" },
            ["input"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello." }),
        };
        if (tools.Count > 0)
        {
            body["tools"] = Nodes(tools.Select(t => new JsonObject { ["type"] = "function", ["name"] = t, ["parameters"] = AnyObject, ["strict"] = false }));
        }

        return body;
    }

    public override void Follow(JsonObject request, JsonArray turn)
    {
        var input = request["input"]!.AsArray();
        var calls = turn.Where(i => Turn.Text(i, "type") == "function_call").ToList();
        foreach (var item in turn)
        {
            input.Add(item!.DeepClone());
        }

        foreach (var call in calls)
        {
            input.Add(new JsonObject { ["type"] = "function_call_output", ["call_id"] = Turn.Text(call, "call_id"), ["output"] = "done" });
        }

        if (calls.Count == 0)
        {
            input.Add(new JsonObject { ["role"] = "user", ["content"] = "Go on." });
        }
    }
}

/// <param name="forgets">As Gemini CLI: thoughts are forgotten, and texts that follow one another become one, but for the signed parts.</param>
internal sealed class GeminiEcho(bool forgets) : EchoClient(Wire.Gemini)
{
    public override bool Forgets => forgets;

    public override JsonObject Ask(string model, bool stream, IReadOnlyList<string> tools)
    {
        var body = new JsonObject
        {
            ["generationConfig"] = new JsonObject { ["maxOutputTokens"] = 4096, ["thinkingConfig"] = new JsonObject { ["thinkingBudget"] = 1024, ["includeThoughts"] = true } },
            ["contents"] = new JsonArray(new JsonObject { ["role"] = "user", ["parts"] = new JsonArray(new JsonObject { ["text"] = "Hello." }) }),
        };
        if (tools.Count > 0)
        {
            body["tools"] = new JsonArray(new JsonObject { ["functionDeclarations"] = Nodes(tools.Select(t => new JsonObject { ["name"] = t, ["parametersJsonSchema"] = AnyObject })) });
        }

        return body;
    }

    public override void Follow(JsonObject request, JsonArray turn)
    {
        var contents = request["contents"]!.AsArray();
        var kept = forgets ? Consolidated(turn) : turn.DeepClone().AsArray();
        if (kept.Count > 0)
        {
            contents.Add(new JsonObject { ["role"] = "model", ["parts"] = kept });
        }

        var calls = turn.Select(p => p!["functionCall"]).Where(c => c is not null).ToList();
        contents.Add(new JsonObject
        {
            ["role"] = "user",
            ["parts"] = calls.Count == 0 ? new JsonArray(new JsonObject { ["text"] = "Go on." }) : Nodes(calls.Select(Result)),
        });
    }

    private static JsonObject Result(JsonNode? call)
    {
        var result = new JsonObject { ["name"] = Turn.Text(call, "name"), ["response"] = new JsonObject { ["output"] = "done" } };
        if (Turn.Text(call, "id") is { } id)
        {
            result["id"] = id;
        }

        return new JsonObject { ["functionResponse"] = result };
    }

    private static JsonArray Consolidated(JsonArray turn)
    {
        var kept = new JsonArray();
        foreach (var part in turn.OfType<JsonObject>().Where(p => p["thought"] is null))
        {
            if (kept.LastOrDefault() is JsonObject last && IsPlain(last) && IsPlain(part))
            {
                last["text"] = Turn.Text(last, "text") + Turn.Text(part, "text");
            }
            else
            {
                kept.Add(part.DeepClone());
            }
        }

        return kept;
    }

    private static bool IsPlain(JsonObject part) => part.Count == 1 && Turn.Text(part, "text") is not null;
}
