using System.Text.Json;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Tells what one element of <c>messages</c> is, in the older shape with one function as well.</summary>
internal static class OpenAIChatTurnReader
{
    public static TurnFacts Of(JsonElement message) => TurnFacts.Text(message, "role") switch
    {
        "assistant" => new TurnFacts(TurnSide.Model, Calls(message), []),
        "tool" => new TurnFacts(TurnSide.Client, [], [TurnFacts.Text(message, "tool_call_id") ?? ""]),
        "function" => new TurnFacts(TurnSide.Client, [], [TurnFacts.Text(message, "name") ?? ""]),
        "user" => new TurnFacts(TurnSide.Client),
        _ => new TurnFacts(TurnSide.Standing),
    };

    private static List<string> Calls(JsonElement message)
    {
        var calls = TurnFacts.Items(message, "tool_calls").Select(call => TurnFacts.Text(call, "id") ?? "").ToList();
        if (message.TryGetProperty("function_call", out var call) && TurnFacts.Text(call, "name") is { } name)
        {
            calls.Add(name);
        }

        return calls;
    }
}
