using System.Text.Json;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.Gemini;

/// <summary>Tells what one element of <c>contents</c> is. Few calls have ids; their functions' names pair them, each result with one call.</summary>
internal static class GeminiTurnReader
{
    public static TurnFacts Of(JsonElement content)
    {
        var calls = new List<string>();
        var results = new List<string>();
        foreach (var part in TurnFacts.Items(content, "parts"))
        {
            Add(part, "functionCall", "function_call", calls);
            Add(part, "functionResponse", "function_response", results);
        }

        return new TurnFacts(TurnFacts.Text(content, "role") == "model" ? TurnSide.Model : TurnSide.Client, calls, results);
    }

    private static void Add(JsonElement part, string name, string older, List<string> names)
    {
        if (part.ValueKind == JsonValueKind.Object && (part.TryGetProperty(name, out var call) || part.TryGetProperty(older, out call)))
        {
            names.Add(TurnFacts.Text(call, "name") ?? "");
        }
    }
}
