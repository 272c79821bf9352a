using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>Anthropic Messages.</summary>
internal sealed class AnthropicClient : IClientWire
{
    public static readonly AnthropicClient Instance = new();

    public WireProtocol Protocol => WireProtocol.AnthropicMessages;

    public string PathFor(string model, bool stream) => "/v1/messages";

    public JsonObject Request(string model, string text, bool stream, bool tool, bool usage)
    {
        var body = new JsonObject { ["model"] = model, ["max_tokens"] = 400_000, ["stream"] = stream };
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        if (tool)
        {
            body["tools"] = new JsonArray(new JsonObject { ["name"] = WeatherTool.Name, ["description"] = WeatherTool.Description, ["input_schema"] = WeatherTool.Schema() });
        }

        return body;
    }

    public void ForceTool(JsonObject request) => request["tool_choice"] = new JsonObject { ["type"] = "tool", ["name"] = WeatherTool.Name };

    public void LimitTokens(JsonObject request, int tokens) => request["max_tokens"] = tokens;

    public void AddToolTurn(JsonObject request, ToolCallRead call, string result)
    {
        var messages = request["messages"]!.AsArray();
        messages.Add(new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Name, ["input"] = JsonNode.Parse(call.Arguments) }),
        });
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = call.Id, ["content"] = result }) });
    }

    public void ReadWhole(JsonElement answer, AnswerReading reading)
    {
        var index = 0;
        foreach (var block in AnswerReading.Items(answer, "content"))
        {
            switch (AnswerReading.String(block, "type"))
            {
                case "text":
                    reading.Text.Append(AnswerReading.String(block, "text"));
                    break;
                case "tool_use":
                    reading.Call(index, AnswerReading.String(block, "id"), AnswerReading.String(block, "name"), block.GetProperty("input").GetRawText());
                    break;
            }

            index++;
        }

        reading.Stop = AnswerReading.String(answer, "stop_reason");
        reading.Ended = reading.Stop is not null;
        Usage(answer, reading);
    }

    public void ReadEvent(JsonElement data, AnswerReading reading)
    {
        switch (AnswerReading.String(data, "type"))
        {
            case "message_start":
                Usage(data.GetProperty("message"), reading);
                break;
            case "content_block_start" when AnswerReading.String(data.GetProperty("content_block"), "type") == "tool_use":
                var block = data.GetProperty("content_block");
                reading.Call(data.GetProperty("index").GetInt32(), AnswerReading.String(block, "id"), AnswerReading.String(block, "name"), null);
                break;
            case "content_block_delta":
                var delta = data.GetProperty("delta");
                reading.Text.Append(AnswerReading.String(delta, "text"));
                if (AnswerReading.String(delta, "partial_json") is { } json)
                {
                    reading.Call(data.GetProperty("index").GetInt32(), null, null, json);
                }

                break;
            case "message_delta":
                reading.Stop = AnswerReading.String(data.GetProperty("delta"), "stop_reason") ?? reading.Stop;
                Usage(data, reading);
                break;
            case "message_stop":
                reading.Ended = true;
                break;
            case "error":
                reading.Error = ErrorOf(data);
                reading.Errors++;
                break;
        }
    }

    public ErrorRead? ErrorOf(JsonElement body)
    {
        var error = AnswerReading.Object(body, "error");
        return AnswerReading.String(body, "type") == "error" && AnswerReading.String(error, "message") is { Length: > 0 } message && AnswerReading.String(error, "type") is { Length: > 0 } type
            ? new ErrorRead(message, type, AnswerReading.String(error, "kind"))
            : null;
    }

    public string WordFor(AnswerEnding ending) => ending switch
    {
        AnswerEnding.ToolCall => "tool_use",
        AnswerEnding.Length => "max_tokens",
        _ => "end_turn",
    };

    public int KeepAlives(ClientAnswer answer) => answer.Events.Count(e => e.Event == "ping");

    // The closing event may correct what the start estimated, or say nothing of it.
    private static void Usage(JsonElement holder, AnswerReading reading)
    {
        var usage = AnswerReading.Object(holder, "usage");
        if (usage.ValueKind == JsonValueKind.Object)
        {
            var said = AnswerReading.Number(usage, "input_tokens") + AnswerReading.Number(usage, "cache_read_input_tokens") + AnswerReading.Number(usage, "cache_creation_input_tokens");
            reading.Usage = (said > 0 ? said : reading.Usage?.Input ?? 0, AnswerReading.Number(usage, "output_tokens"));
        }
    }
}
