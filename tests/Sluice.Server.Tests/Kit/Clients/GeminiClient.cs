using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>Gemini generateContent, streamed as events.</summary>
internal sealed class GeminiClient : IClientWire
{
    public static readonly GeminiClient Instance = new();

    public WireProtocol Protocol => WireProtocol.Gemini;

    public string PathFor(string model, bool stream) => $"/v1beta/models/{model}:{(stream ? "streamGenerateContent?alt=sse" : "generateContent")}";

    public JsonObject Request(string model, string text, bool stream, bool tool, bool usage)
    {
        var body = new JsonObject { ["contents"] = new JsonArray(new JsonObject { ["role"] = "user", ["parts"] = new JsonArray(new JsonObject { ["text"] = text }) }) };
        body["generationConfig"] = new JsonObject { ["maxOutputTokens"] = 400_000 };
        if (tool)
        {
            body["tools"] = new JsonArray(new JsonObject
            {
                ["functionDeclarations"] = new JsonArray(new JsonObject { ["name"] = WeatherTool.Name, ["description"] = WeatherTool.Description, ["parameters"] = WeatherTool.Schema() }),
            });
        }

        return body;
    }

    public void ForceTool(JsonObject request) => request["toolConfig"] = new JsonObject
    {
        ["functionCallingConfig"] = new JsonObject { ["mode"] = "ANY", ["allowedFunctionNames"] = new JsonArray(WeatherTool.Name) },
    };

    public void LimitTokens(JsonObject request, int tokens) => request["generationConfig"] = new JsonObject { ["maxOutputTokens"] = tokens };

    public void AddToolTurn(JsonObject request, ToolCallRead call, string result)
    {
        var contents = request["contents"]!.AsArray();
        var function = new JsonObject { ["name"] = call.Name, ["args"] = JsonNode.Parse(call.Arguments) };
        var response = new JsonObject { ["name"] = call.Name, ["response"] = new JsonObject { ["output"] = result } };
        if (call.Id.Length > 0)
        {
            function["id"] = call.Id;
            response["id"] = call.Id;
        }

        var part = new JsonObject { ["functionCall"] = function };
        if (call.Signature is { } signature)
        {
            part["thoughtSignature"] = signature;
        }

        contents.Add(new JsonObject { ["role"] = "model", ["parts"] = new JsonArray(part) });
        contents.Add(new JsonObject { ["role"] = "user", ["parts"] = new JsonArray(new JsonObject { ["functionResponse"] = response }) });
    }

    public void ReadWhole(JsonElement answer, AnswerReading reading)
    {
        foreach (var candidate in AnswerReading.Items(answer, "candidates"))
        {
            foreach (var part in AnswerReading.Items(AnswerReading.Object(candidate, "content"), "parts"))
            {
                if (part.TryGetProperty("thought", out var thought) && thought.ValueKind == JsonValueKind.True)
                {
                    continue;
                }

                reading.Text.Append(AnswerReading.String(part, "text"));
                var call = AnswerReading.Object(part, "functionCall");
                if (call.ValueKind == JsonValueKind.Object)
                {
                    reading.Call(reading.CallCount, AnswerReading.String(call, "id"), AnswerReading.String(call, "name"), call.GetProperty("args").GetRawText(), AnswerReading.String(part, "thoughtSignature"));
                }
            }

            reading.Stop = AnswerReading.String(candidate, "finishReason") ?? reading.Stop;
            reading.Ended = reading.Stop is not null;
        }

        var usage = AnswerReading.Object(answer, "usageMetadata");
        if (usage.ValueKind == JsonValueKind.Object)
        {
            reading.Usage = (AnswerReading.Number(usage, "promptTokenCount"), AnswerReading.Number(usage, "candidatesTokenCount") + AnswerReading.Number(usage, "thoughtsTokenCount"));
        }
    }

    public void ReadEvent(JsonElement data, AnswerReading reading)
    {
        if (data.TryGetProperty("error", out _))
        {
            reading.Error = ErrorOf(data);
            reading.Errors++;
            return;
        }

        ReadWhole(data, reading);
    }

    public ErrorRead? ErrorOf(JsonElement body)
    {
        var error = AnswerReading.Object(body, "error");
        if (AnswerReading.String(error, "message") is not { Length: > 0 } message || AnswerReading.String(error, "status") is not { Length: > 0 } status || AnswerReading.Number(error, "code") is < 400 or > 599)
        {
            return null;
        }

        var kind = AnswerReading.Items(error, "details").Select(d => AnswerReading.String(AnswerReading.Object(d, "metadata"), "kind")).FirstOrDefault(k => k is not null);
        return new ErrorRead(message, status, kind, AnswerReading.Number(error, "code").ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    // An end with calls is an ordinary end.
    public string WordFor(AnswerEnding ending) => ending == AnswerEnding.Length ? "MAX_TOKENS" : "STOP";

    // Events end in CRLF; what keeps the stream alive is a bare line feed.
    public int KeepAlives(ClientAnswer answer) => answer.Body.Where((b, i) => b == (byte)'\n' && (i == 0 || answer.Body[i - 1] != (byte)'\r')).Count();
}
