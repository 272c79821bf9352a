using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>OpenAI Responses.</summary>
internal sealed class ResponsesClient : IClientWire
{
    public static readonly ResponsesClient Instance = new();

    public WireProtocol Protocol => WireProtocol.OpenAIResponses;

    public string PathFor(string model, bool stream) => "/v1/responses";

    public JsonObject Request(string model, string text, bool stream, bool tool, bool usage)
    {
        var body = new JsonObject { ["model"] = model, ["max_output_tokens"] = 400_000, ["stream"] = stream, ["store"] = false };
        body["input"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        if (tool)
        {
            body["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["name"] = WeatherTool.Name, ["description"] = WeatherTool.Description, ["parameters"] = WeatherTool.Schema(), ["strict"] = false });
        }

        return body;
    }

    public void ForceTool(JsonObject request) => request["tool_choice"] = new JsonObject { ["type"] = "function", ["name"] = WeatherTool.Name };

    public void LimitTokens(JsonObject request, int tokens) => request["max_output_tokens"] = tokens;

    public void AddToolTurn(JsonObject request, ToolCallRead call, string result)
    {
        var input = request["input"]!.AsArray();
        input.Add(new JsonObject { ["type"] = "function_call", ["call_id"] = call.Id, ["name"] = call.Name, ["arguments"] = call.Arguments });
        input.Add(new JsonObject { ["type"] = "function_call_output", ["call_id"] = call.Id, ["output"] = result });
    }

    public void ReadWhole(JsonElement answer, AnswerReading reading)
    {
        var index = 0;
        foreach (var item in AnswerReading.Items(answer, "output"))
        {
            switch (AnswerReading.String(item, "type"))
            {
                case "message":
                    foreach (var part in AnswerReading.Items(item, "content"))
                    {
                        reading.Text.Append(AnswerReading.String(part, "text"));
                    }

                    break;
                case "function_call":
                    reading.Call(index, AnswerReading.String(item, "call_id"), AnswerReading.String(item, "name"), AnswerReading.String(item, "arguments"));
                    break;
            }

            index++;
        }

        Close(answer, reading);
    }

    public void ReadEvent(JsonElement data, AnswerReading reading)
    {
        switch (AnswerReading.String(data, "type"))
        {
            case "response.output_text.delta":
                reading.Text.Append(AnswerReading.String(data, "delta"));
                break;
            case "response.output_item.added" when AnswerReading.String(data.GetProperty("item"), "type") == "function_call":
                var item = data.GetProperty("item");
                reading.Call(data.GetProperty("output_index").GetInt32(), AnswerReading.String(item, "call_id"), AnswerReading.String(item, "name"), null);
                break;
            case "response.function_call_arguments.delta":
                reading.Call(data.GetProperty("output_index").GetInt32(), null, null, AnswerReading.String(data, "delta"));
                break;
            case "response.completed" or "response.incomplete":
                Close(data.GetProperty("response"), reading);
                break;
            case "error":
                reading.Error = ErrorOf(data) ?? new ErrorRead(AnswerReading.String(data, "message") ?? "", "error", null, AnswerReading.String(data, "code"));
                reading.Errors++;
                break;
            case "response.failed":
                var error = data.GetProperty("response").GetProperty("error");
                reading.Error ??= new ErrorRead(AnswerReading.String(error, "message") ?? "", "response.failed", null, AnswerReading.String(error, "code"));
                break;
        }
    }

    public ErrorRead? ErrorOf(JsonElement body)
    {
        var error = AnswerReading.Object(body, "error");
        return AnswerReading.String(body, "type") is null or "error" && AnswerReading.String(error, "message") is { Length: > 0 } message && AnswerReading.String(error, "type") is { Length: > 0 } type
            ? new ErrorRead(message, type, AnswerReading.String(AnswerReading.Object(error, "metadata"), "kind"), AnswerReading.String(error, "code"))
            : null;
    }

    // Responses has no word for an end with calls: the calls say it.
    public string WordFor(AnswerEnding ending) => ending == AnswerEnding.Length ? "max_output_tokens" : "completed";

    public int KeepAlives(ClientAnswer answer) => ChatClient.Instance.KeepAlives(answer);

    private static void Close(JsonElement response, AnswerReading reading)
    {
        var usage = AnswerReading.Object(response, "usage");
        if (usage.ValueKind == JsonValueKind.Object)
        {
            reading.Usage = (AnswerReading.Number(usage, "input_tokens"), AnswerReading.Number(usage, "output_tokens"));
        }

        reading.Stop = AnswerReading.String(AnswerReading.Object(response, "incomplete_details"), "reason") ?? AnswerReading.String(response, "status");
        reading.Ended = reading.Stop is not null and not "in_progress" and not "failed";
    }
}
