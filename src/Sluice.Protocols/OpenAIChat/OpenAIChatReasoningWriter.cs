using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Asks a Chat upstream to think, in its dialect's words.</summary>
internal static class OpenAIChatReasoningWriter
{
    private static readonly string[] Ladder = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    /// <summary>Writes the reasoning members, if any.</summary>
    public static void WriteOptions(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        if (request.Reasoning is not { } reasoning)
        {
            return;
        }

        if (target.Traits.Reasoning == false)
        {
            if (reasoning.Mode != ReasoningMode.Off)
            {
                degradations.Add("reasoning", DegradationOutcome.Dropped, "The model does not think.");
            }

            return;
        }

        if (request.From == WireProtocol.OpenAIChat && request.Extras.Any(e => e.Name is "thinking" or "enable_thinking" or "thinking_budget"))
        {
            // The client spoke the server's own dialect; its members go through as they are, and a second one of the name would be refused.
            if (reasoning.Effort is { } own)
            {
                json.WriteString("reasoning_effort"u8, own);
            }

            return;
        }

        switch (target.Dialect.Switch)
        {
            case ReasoningSwitch.ReasoningObject:
                WriteObject(json, reasoning, target, degradations);
                break;
            case ReasoningSwitch.ThinkingType:
                json.WriteStartObject("thinking"u8);
                json.WriteString("type"u8, reasoning.Mode == ReasoningMode.Off ? "disabled"u8 : "enabled"u8);
                json.WriteEndObject();
                if (reasoning.BudgetTokens is not null || reasoning.Effort is not null and not "none")
                {
                    degradations.Add("reasoning.effort", DegradationOutcome.Weakened, "The upstream can only switch thinking on and off.");
                }

                break;
            case ReasoningSwitch.EnableThinking:
                json.WriteBoolean("enable_thinking"u8, reasoning.Mode != ReasoningMode.Off);
                if (reasoning is { Mode: ReasoningMode.Budget, BudgetTokens: { } budget })
                {
                    json.WriteNumber("thinking_budget"u8, budget);
                }

                break;
            default:
                if (EffortFor(reasoning, request, target, degradations) is { } effort)
                {
                    json.WriteString("reasoning_effort"u8, effort);
                }

                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter json, ReasoningOptions reasoning, UpstreamTarget target, DegradationLog degradations)
    {
        json.WriteStartObject("reasoning"u8);
        switch (reasoning.Mode)
        {
            case ReasoningMode.Off:
                json.WriteBoolean("enabled"u8, false);
                break;
            case ReasoningMode.Budget when reasoning.BudgetTokens is { } budget:
                json.WriteNumber("max_tokens"u8, budget);
                break;
            default:
                if (reasoning.Effort is { } effort)
                {
                    json.WriteString("effort"u8, Known(effort, target.Traits.Efforts, degradations));
                }
                else
                {
                    json.WriteBoolean("enabled"u8, true);
                }

                break;
        }

        json.WriteEndObject();
    }

    /// <summary>The effort word for an upstream that takes one; null to say nothing.</summary>
    public static string? EffortFor(ReasoningOptions reasoning, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        var efforts = target.Traits.Efforts;
        switch (reasoning.Mode)
        {
            case ReasoningMode.Off:
                // Many models refuse "none"; it is sent only where the model is known to take it, or the client itself said it.
                if (efforts.Contains("none") || (efforts.Count == 0 && request.From is WireProtocol.OpenAIChat or WireProtocol.OpenAIResponses && reasoning.Effort == "none"))
                {
                    return "none";
                }

                var least = efforts.Contains("minimal") ? "minimal" : null;
                degradations.Add(
                    "reasoning.off",
                    least is null ? DegradationOutcome.Dropped : DegradationOutcome.Weakened,
                    least is null ? "Thinking cannot be switched off here; the model thinks as it does by itself." : "The model always thinks; it is asked for as little as it can.");
                return least;
            case ReasoningMode.Budget:
                degradations.Add("reasoning.budget", DegradationOutcome.Emulated, "The thinking budget became an effort word.");
                return Known(ForBudget(reasoning.BudgetTokens ?? 8192), efforts, degradations);
            default:
                if (reasoning.Effort is not { } effort)
                {
                    degradations.Add("reasoning.adaptive", DegradationOutcome.Dropped, "Thinking can only be asked for by an effort here; the model thinks as it does by itself.");
                    return null;
                }

                // The word of a client of OpenAI's formats reaches the upstream as it is, unless the model is known to refuse it.
                return request.From is WireProtocol.OpenAIChat or WireProtocol.OpenAIResponses && efforts.Count == 0 ? effort : Known(effort, efforts, degradations);
        }
    }

    private static string ForBudget(long tokens) => tokens switch
    {
        < 1024 => "minimal",
        <= 4096 => "low",
        <= 12_288 => "medium",
        _ => "high",
    };

    // The nearest word that the model takes, weaker first; without knowledge only what nearly all take.
    private static string Known(string effort, IReadOnlyList<string> efforts, DegradationLog degradations)
    {
        if (efforts.Contains(effort) || (efforts.Count == 0 && effort is not ("xhigh" or "max")))
        {
            return effort;
        }

        var at = Array.IndexOf(Ladder, effort);
        var chosen = efforts.Count == 0 || at < 0 ? "high" : null;
        for (var i = at - 1; chosen is null && i > 0; i--)
        {
            chosen = efforts.Contains(Ladder[i]) ? Ladder[i] : null;
        }

        for (var i = at + 1; chosen is null && i < Ladder.Length; i++)
        {
            chosen = efforts.Contains(Ladder[i]) ? Ladder[i] : null;
        }

        degradations.Add("reasoning.effort", DegradationOutcome.Weakened, "The model does not take effort '" + effort + "'.");
        return chosen ?? effort;
    }
}
