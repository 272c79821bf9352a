using System.Text.Json;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.Anthropic;

/// <summary>Tells what one element of <c>messages</c> is. Tools that the vendor runs have their results in the same turn.</summary>
internal static class AnthropicTurnReader
{
    public static TurnFacts Of(JsonElement message)
    {
        var calls = new List<string>();
        var results = new List<string>();
        foreach (var block in TurnFacts.Items(message, "content"))
        {
            switch (TurnFacts.Text(block, "type"))
            {
                case "tool_use":
                    calls.Add(TurnFacts.Text(block, "id") ?? "");
                    break;
                case "tool_result":
                    results.Add(TurnFacts.Text(block, "tool_use_id") ?? "");
                    break;
            }
        }

        return new TurnFacts(TurnFacts.Text(message, "role") switch { "assistant" => TurnSide.Model, "user" => TurnSide.Client, _ => TurnSide.Standing }, calls, results);
    }
}
