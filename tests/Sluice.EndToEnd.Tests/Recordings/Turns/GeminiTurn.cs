using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>The parts that a Gemini client keeps of a stream; a call whose arguments come piece by piece is one part.</summary>
internal static class GeminiTurn
{
    public static JsonArray OfChunks(IEnumerable<JsonNode> chunks)
    {
        var parts = new JsonArray();
        Answer.Builder? pieces = null;
        JsonObject? open = null;
        foreach (var part in chunks.SelectMany(c => Turn.List(c["candidates"]).Take(1)).SelectMany(c => Turn.List(c!["content"]?["parts"])).OfType<JsonObject>())
        {
            // {"functionCall":{"name":"f","willContinue":true}}, {"functionCall":{"partialArgs":[…],"willContinue":true}}, …, {"functionCall":{}}
            if (part["functionCall"] is not JsonObject call || (open is null && call["willContinue"] is null && call["partialArgs"] is null))
            {
                parts.Add(part.DeepClone());
                continue;
            }

            if (open is null)
            {
                open = part.DeepClone().AsObject();
                pieces = new Answer.Builder();
                pieces.Call("", "f");
                parts.Add(open);
            }

            foreach (var piece in Turn.List(call["partialArgs"]))
            {
                pieces!.Put("", Turn.Text(piece, "jsonPath")!, JsonSerializer.SerializeToElement(piece));
            }

            if (call["willContinue"] is null)
            {
                var whole = open["functionCall"]!.AsObject();
                whole.Remove("partialArgs");
                whole.Remove("willContinue");
                whole["args"] = JsonNode.Parse(pieces!.Build().Calls[0][2..]);
                open = null;
            }
        }

        return parts;
    }
}
