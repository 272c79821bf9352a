using System.Text.Json;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Tells what one item of <c>input</c> is: calls, reasoning and results are items of their own.</summary>
internal static class OpenAIResponsesTurnReader
{
    public static TurnFacts Of(JsonElement item)
    {
        var type = TurnFacts.Text(item, "type") ?? "message";
        var call = TurnFacts.Text(item, "call_id");
        return type switch
        {
            "message" => new TurnFacts(TurnFacts.Text(item, "role") switch { "assistant" => TurnSide.Model, "user" => TurnSide.Client, _ => TurnSide.Standing }),
            "reasoning" => new TurnFacts(TurnSide.Model),

            // function_call_output, custom_tool_call_output, local_shell_call_output, …
            _ when type.EndsWith("_output", StringComparison.Ordinal) => new TurnFacts(TurnSide.Client, [], call is null ? [] : [call]),

            // Calls of the vendor's own tools have no call_id: their results stand in them.
            _ when type.EndsWith("_call", StringComparison.Ordinal) => new TurnFacts(TurnSide.Model, call is null ? [] : [call], []),
            _ => new TurnFacts(TurnSide.Standing),
        };
    }
}
