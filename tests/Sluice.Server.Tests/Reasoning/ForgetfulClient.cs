using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;

namespace Sluice.Server.Tests.Reasoning;

/// <summary>A Chat agent that keeps of an answer what OpenAI's first documents named (<c>content</c>, and of calls <c>id</c>, <c>type</c>, <c>function</c>) and forgets the rest.</summary>
internal sealed class ForgetfulClient(string model, bool stream, JsonObject? more = null)
{
    private readonly JsonArray _messages = [];

    /// <summary>The history, as it is sent.</summary>
    public JsonArray Messages => _messages;

    /// <summary>Rewrites a call's id before it goes into the history.</summary>
    public Func<string, string> Id { get; init; } = static id => id;

    /// <summary>The key that it sends instead of the gateway's first one.</summary>
    public string? Key { get; init; }

    public void Say(string text) => _messages.Add(new JsonObject { ["role"] = "user", ["content"] = text });

    /// <summary>Asks, and takes the answer into the history with a result for each call.</summary>
    public async Task<ClientAnswer> TurnAsync(GatewayUnderTest gateway)
    {
        var answer = await AskAsync(gateway);
        Assert.True(answer.Status == 200, answer.Text);
        var (content, calls) = Read(answer);
        var message = new JsonObject { ["role"] = "assistant", ["content"] = content.Length > 0 ? content : null };
        if (calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. calls.Select(c => new JsonObject
            {
                ["id"] = Id(c.Id),
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = c.Name, ["arguments"] = c.Arguments },
            })]);
        }

        _messages.Add(message);
        foreach (var call in calls)
        {
            _messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = Id(call.Id), ["content"] = "sunny" });
        }

        return answer;
    }

    /// <summary>Asks and forgets the answer.</summary>
    public async Task<ClientAnswer> AskAsync(GatewayUnderTest gateway)
    {
        var body = ChatClient.Instance.Request(model, "", stream, tool: true, usage: false);
        body["messages"] = _messages.DeepClone();
        foreach (var (name, value) in more ?? [])
        {
            body[name] = value?.DeepClone();
        }

        using var request = gateway.Request(Wire.Chat, body.ToJsonString());
        if (Key is not null)
        {
            request.Headers.Remove("x-api-key");
            request.Headers.Add("x-api-key", Key);
        }

        return await gateway.SendAsync(request);
    }

    private static (string Content, List<(string Id, string Name, string Arguments)> Calls) Read(ClientAnswer answer)
    {
        var content = new StringBuilder();
        var calls = new SortedDictionary<int, (string Id, string Name, string Arguments)>();
        IEnumerable<JsonElement> pieces = answer.IsStream
            ? answer.Frames.Where(f => f.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0).Select(f => f.GetProperty("choices")[0].GetProperty("delta"))
            : [answer.Json.GetProperty("choices")[0].GetProperty("message")];
        foreach (var piece in pieces)
        {
            content.Append(piece.TryGetProperty("content", out var text) ? text.GetString() : null);
            if (!piece.TryGetProperty("tool_calls", out var told))
            {
                continue;
            }

            var position = 0;
            foreach (var call in told.EnumerateArray())
            {
                var index = call.TryGetProperty("index", out var number) ? number.GetInt32() : position++;
                var (id, name, arguments) = calls.GetValueOrDefault(index, ("", "", ""));
                var function = call.GetProperty("function");
                calls[index] = (
                    call.TryGetProperty("id", out var given) ? given.GetString()! : id,
                    function.TryGetProperty("name", out var called) ? called.GetString()! : name,
                    arguments + (function.TryGetProperty("arguments", out var piecewise) ? piecewise.GetString() : null));
            }
        }

        return (content.ToString(), [.. calls.Values]);
    }
}
