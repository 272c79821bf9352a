using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>OpenAI Chat Completions.</summary>
internal sealed class ChatClient : IClientWire
{
    public static readonly ChatClient Instance = new();

    public WireProtocol Protocol => WireProtocol.OpenAIChat;

    public string PathFor(string model, bool stream) => "/v1/chat/completions";

    public JsonObject Request(string model, string text, bool stream, bool tool, bool usage)
    {
        var body = new JsonObject { ["model"] = model, ["max_tokens"] = 400_000, ["stream"] = stream };
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        if (tool)
        {
            body["tools"] = new JsonArray(new JsonObject
            {
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = WeatherTool.Name, ["description"] = WeatherTool.Description, ["parameters"] = WeatherTool.Schema() },
            });
        }

        if (stream && usage)
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        return body;
    }

    public void ForceTool(JsonObject request) =>
        request["tool_choice"] = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = WeatherTool.Name } };

    public void LimitTokens(JsonObject request, int tokens) => request["max_tokens"] = tokens;

    public void AddToolTurn(JsonObject request, ToolCallRead call, string result)
    {
        var messages = request["messages"]!.AsArray();
        messages.Add(new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = null,
            ["tool_calls"] = new JsonArray(new JsonObject { ["id"] = call.Id, ["type"] = "function", ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments } }),
        });
        messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = call.Id, ["content"] = result });
    }

    public void ReadWhole(JsonElement answer, AnswerReading reading) => Read(answer, "message", reading);

    public void ReadEvent(JsonElement data, AnswerReading reading)
    {
        if (data.TryGetProperty("error", out _))
        {
            reading.Error = ErrorOf(data);
            reading.Errors++;
            return;
        }

        Read(data, "delta", reading);
    }

    public ErrorRead? ErrorOf(JsonElement body)
    {
        var error = AnswerReading.Object(body, "error");
        return AnswerReading.String(body, "type") is null && AnswerReading.String(error, "message") is { Length: > 0 } message && AnswerReading.String(error, "type") is { Length: > 0 } type
            ? new ErrorRead(message, type, AnswerReading.String(AnswerReading.Object(error, "metadata"), "kind"), AnswerReading.String(error, "code"))
            : null;
    }

    public string WordFor(AnswerEnding ending) => ending switch
    {
        AnswerEnding.ToolCall => "tool_calls",
        AnswerEnding.Length => "length",
        _ => "stop",
    };

    public int KeepAlives(ClientAnswer answer) => answer.Text.Split('\n').Count(line => line.StartsWith(':'));

    private static void Read(JsonElement holder, string member, AnswerReading reading)
    {
        var usage = AnswerReading.Object(holder, "usage");
        if (usage.ValueKind == JsonValueKind.Object)
        {
            reading.Usage = (AnswerReading.Number(usage, "prompt_tokens"), AnswerReading.Number(usage, "completion_tokens"));
        }

        foreach (var choice in AnswerReading.Items(holder, "choices"))
        {
            var said = AnswerReading.Object(choice, member);
            reading.Text.Append(AnswerReading.String(said, "content"));
            var position = 0;
            foreach (var tool in AnswerReading.Items(said, "tool_calls"))
            {
                var index = tool.TryGetProperty("index", out var number) ? number.GetInt32() : position;
                var function = AnswerReading.Object(tool, "function");
                reading.Call(index, AnswerReading.String(tool, "id"), AnswerReading.String(function, "name"), AnswerReading.String(function, "arguments"));
                position++;
            }

            reading.Stop = AnswerReading.String(choice, "finish_reason") ?? reading.Stop;
            reading.Ended = reading.Stop is not null;
        }
    }
}
