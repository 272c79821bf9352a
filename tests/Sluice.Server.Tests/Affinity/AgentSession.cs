using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Affinity;

/// <summary>One conversation of an agent that grows by a question and an answer each turn, in any wire. About 6,000 tokens of system text are its own.</summary>
internal sealed class AgentSession(Wire wire, int number, bool named)
{
    private const int SystemWords = 3000;

    private byte[] _last = [];

    /// <summary>Where it was last served.</summary>
    public string Home { get; set; } = "";

    /// <summary>Tokens that the provider would have read from its cache, had every turn gone where the one before went.</summary>
    public long IdealTokens { get; private set; }

    /// <summary>The name that the client gives it, as its header or its body has it.</summary>
    public string Name => $"session-{number}";

    /// <summary>The request of the next turn.</summary>
    public (ClientRequest Ask, (string, string)[] Headers) Ask(int turn, string model)
    {
        var body = wire switch
        {
            Wire.Anthropic => Anthropic(turn, model),
            Wire.Chat => Chat(turn, model),
            Wire.Responses => Responses(turn, model),
            _ => Gemini(turn),
        };
        return (new ClientRequest(Wires.PathOf(wire, model), body.ToJsonString()), named && wire is Wire.Chat or Wire.Gemini ? [("x-session-id", Name)] : []);
    }

    /// <summary>Counts what of a body that reached the provider stood in the last one too. The simulated tokenizer has four bytes a token; all vendors but Anthropic cache in steps of 1024 tokens.</summary>
    public void Sent(byte[] body)
    {
        var shared = body.AsSpan().CommonPrefixLength(_last) / 4;
        IdealTokens += wire == Wire.Anthropic ? shared : shared / 1024 * 1024;
        _last = body;
    }

    private string System() => $"You work on project {number}. " + string.Concat(Enumerable.Repeat("word to ", SystemWords));

    private static string Question(int turn) => $"Question {turn}: " + new string('q', 400);

    private static string Answer(int turn) => $"Answer {turn}: " + new string('a', 400);

    private JsonObject Anthropic(int turn, string model)
    {
        var messages = new JsonArray();
        for (var i = 1; i < turn; i++)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Question(i) }) });
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = Answer(i) });
        }

        messages.Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Question(turn), ["cache_control"] = Mark() }) });
        var body = new JsonObject
        {
            ["model"] = model, ["max_tokens"] = 50,
            ["system"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = System(), ["cache_control"] = Mark() }),
            ["messages"] = messages,
        };
        if (named)
        {
            body["metadata"] = new JsonObject { ["user_id"] = $$"""{"device_id":"d","account_uuid":"","session_id":"{{Name}}"}""" };
        }

        return body;

        static JsonObject Mark() => new() { ["type"] = "ephemeral" };
    }

    private JsonObject Chat(int turn, string model)
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = System() });
        for (var i = 1; i <= turn; i++)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = Question(i) });
            if (i < turn)
            {
                messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = Answer(i) });
            }
        }

        // An order of one's own must not cost the cache.
        return new JsonObject { ["model"] = model, ["provider"] = new JsonObject { ["order"] = new JsonArray("a") }, ["max_tokens"] = 50, ["messages"] = messages };
    }

    private JsonObject Responses(int turn, string model)
    {
        var input = new JsonArray();
        for (var i = 1; i <= turn; i++)
        {
            input.Add(Item("user", "input_text", Question(i)));
            if (i < turn)
            {
                input.Add(Item("assistant", "output_text", Answer(i)));
            }
        }

        var body = new JsonObject { ["model"] = model, ["instructions"] = System(), ["store"] = false, ["max_output_tokens"] = 50, ["input"] = input };
        if (named)
        {
            body["prompt_cache_key"] = Name;
        }

        return body;

        static JsonObject Item(string role, string type, string text) =>
            new() { ["type"] = "message", ["role"] = role, ["content"] = new JsonArray(new JsonObject { ["type"] = type, ["text"] = text }) };
    }

    private JsonObject Gemini(int turn)
    {
        var contents = new JsonArray();
        for (var i = 1; i <= turn; i++)
        {
            contents.Add(Turn("user", Question(i)));
            if (i < turn)
            {
                contents.Add(Turn("model", Answer(i)));
            }
        }

        return new JsonObject
        {
            ["systemInstruction"] = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = System() }) },
            ["contents"] = contents,
            ["generationConfig"] = new JsonObject { ["maxOutputTokens"] = 50 },
        };

        static JsonObject Turn(string role, string text) => new() { ["role"] = role, ["parts"] = new JsonArray(new JsonObject { ["text"] = text }) };
    }
}
