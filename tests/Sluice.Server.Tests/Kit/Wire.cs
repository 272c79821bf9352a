using System.Text.Json.Nodes;
using Sluice.Protocols;

namespace Sluice.Server.Tests.Kit;

/// <summary>What a client or an upstream speaks.</summary>
public enum Wire
{
    Anthropic,
    Chat,
}

/// <summary>Requests of both wires.</summary>
internal static class Wires
{
    public static string PathOf(Wire wire) => wire == Wire.Anthropic ? "/v1/messages" : "/v1/chat/completions";

    public static WireProtocol ProtocolOf(Wire wire) => wire == Wire.Anthropic ? WireProtocol.AnthropicMessages : WireProtocol.OpenAIChat;

    /// <summary>A plain request; with <paramref name="tool"/> it offers one.</summary>
    public static string Body(Wire wire, string model, string text, bool stream, bool tool = false, bool usage = true)
    {
        var body = new JsonObject { ["model"] = model, ["max_tokens"] = 400_000, ["stream"] = stream };
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["place"] = new JsonObject { ["type"] = "string" } }, ["required"] = new JsonArray("place") };
        if (tool && wire == Wire.Anthropic)
        {
            body["tools"] = new JsonArray(new JsonObject { ["name"] = "weather", ["description"] = "Tells the weather.", ["input_schema"] = schema });
        }
        else if (tool)
        {
            body["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "weather", ["description"] = "Tells the weather.", ["parameters"] = schema } });
        }

        if (wire == Wire.Chat && stream && usage)
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        return body.ToJsonString();
    }
}
