using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>
/// Puts an answer together into what its format's clients keep of it as the assistant's turn: blocks, items, parts or a message. Written after the
/// vendors' own SDKs, and without the product's readers.
/// </summary>
internal static class Turn
{
    /// <summary>The turn: a list of blocks (Messages, Converse), items (Responses) or parts (Gemini); for Chat a list of one message.</summary>
    public static JsonArray Of(Wire wire, bool stream, byte[] body) => (wire, stream) switch
    {
        (Wire.Messages, false) => List(Parse(body)["content"]),
        (Wire.Messages, true) => Blocks(body),
        (Wire.Converse, false) => List(Parse(body)["output"]?["message"]?["content"]),
        (Wire.Converse, true) => ConverseBlocks(body),
        (Wire.Responses, false) => List(Parse(body)["output"]),
        (Wire.Responses, true) => Items(body),
        (Wire.Gemini, false) => List(Parse(body)["candidates"]?[0]?["content"]?["parts"]),
        (Wire.Gemini, true) => GeminiTurn.OfChunks(Events(body)),
        (Wire.Chat, false) => [Parse(body)["choices"]![0]!["message"]!.DeepClone()],
        (Wire.Chat, true) => [ChatTurn.OfChunks(Events(body))],
        _ => throw new ArgumentOutOfRangeException(nameof(wire), wire, message: null),
    };

    /// <summary>The model that an answer names.</summary>
    public static string? ModelOf(bool stream, byte[] body) => Text(stream ? Events(body).FirstOrDefault() : Parse(body), "model");

    public static JsonNode Parse(ReadOnlySpan<byte> json) => JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = 512 })!;

    public static string? Text(JsonNode? holder, string name) =>
        holder is JsonObject found && found[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static JsonArray List(JsonNode? node) => node is JsonArray list ? list : [];

    private static IEnumerable<JsonNode> Events(byte[] stream) =>
        SseSplitter.Split(stream).Select(e => e.Data).Where(d => d.AsSpan().Trim(" \t\r\n"u8) is [(byte)'{', ..]).Select(d => Parse(d));

    private static JsonArray Blocks(byte[] stream)
    {
        var blocks = new SortedDictionary<int, JsonObject>();
        var arguments = new Dictionary<int, StringBuilder>();
        foreach (var data in Events(stream))
        {
            var index = (int?)data["index"] ?? -1;
            switch (Text(data, "type"))
            {
                case "content_block_start":
                    blocks[index] = data["content_block"]!.DeepClone().AsObject();
                    break;
                case "content_block_delta" when data["delta"] is { } delta:
                    foreach (var (kind, member) in (ReadOnlySpan<(string, string)>)[("text_delta", "text"), ("thinking_delta", "thinking"), ("signature_delta", "signature")])
                    {
                        if (Text(delta, "type") == kind)
                        {
                            blocks[index][member] = Text(blocks[index], member) + Text(delta, member);
                        }
                    }

                    if (Text(delta, "type") == "input_json_delta")
                    {
                        (arguments.TryGetValue(index, out var text) ? text : arguments[index] = new StringBuilder()).Append(Text(delta, "partial_json"));
                    }

                    break;
            }
        }

        foreach (var (index, text) in arguments)
        {
            blocks[index]["input"] = text.Length == 0 ? new JsonObject() : JsonNode.Parse(text.ToString());
        }

        return [.. blocks.Values];
    }

    // The item of "done" counts: the sealed reasoning of "added" is another one.
    private static JsonArray Items(byte[] stream)
    {
        var items = new SortedDictionary<int, JsonNode>();
        foreach (var data in Events(stream).Where(d => Text(d, "type") == "response.output_item.done"))
        {
            items[(int)data["output_index"]!] = data["item"]!.DeepClone();
        }

        return [.. items.Values];
    }

    private static JsonArray ConverseBlocks(byte[] stream)
    {
        var blocks = new SortedDictionary<int, JsonObject>();
        var arguments = new Dictionary<int, StringBuilder>();
        foreach (var (type, payload) in EventFrames.Split(stream))
        {
            var data = Parse(payload.Length == 0 ? "{}"u8 : payload);
            var index = (int?)data["contentBlockIndex"] ?? -1;
            if (type == "contentBlockStart")
            {
                blocks[index] = data["start"]!.DeepClone().AsObject();
            }
            else if (type == "contentBlockDelta" && data["delta"] is { } delta)
            {
                var block = blocks.TryGetValue(index, out var known) ? known : blocks[index] = [];
                if (delta["text"] is not null)
                {
                    block["text"] = Text(block, "text") + Text(delta, "text");
                }
                else if (delta["toolUse"] is { } call)
                {
                    (arguments.TryGetValue(index, out var text) ? text : arguments[index] = new StringBuilder()).Append(Text(call, "input"));
                }
                else if (delta["reasoningContent"] is { } reasoning)
                {
                    Reason(block, reasoning);
                }
            }
        }

        foreach (var (index, text) in arguments)
        {
            blocks[index]["toolUse"]!["input"] = text.Length == 0 ? new JsonObject() : JsonNode.Parse(text.ToString());
        }

        return [.. blocks.Values];
    }

    private static void Reason(JsonObject block, JsonNode delta)
    {
        var reasoning = block["reasoningContent"] as JsonObject ?? [];
        block["reasoningContent"] = reasoning;
        if (Text(delta, "redactedContent") is { } redacted)
        {
            reasoning["redactedContent"] = redacted;
            return;
        }

        var text = reasoning["reasoningText"] as JsonObject ?? [];
        reasoning["reasoningText"] = text;
        foreach (var member in (string[])["text", "signature"])
        {
            if (Text(delta, member) is { } piece)
            {
                text[member] = Text(text, member) + piece;
            }
        }
    }
}
