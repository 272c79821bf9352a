using Sluice.Commands.Talking;
using Sluice.Protocols.Conversation;

namespace Sluice.Commands.Conformance;

/// <summary>Conversations of two turns: what an answer held goes back with the next question.</summary>
internal static class ToolConversations
{
    public static async Task<Verdict> ParallelAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var question = WeatherOfTwo();
        var first = await talk.AskAsync(question, cancellation);
        if (first.Fault is { } fault)
        {
            return fault;
        }

        if (first.Calls.Count == 0)
        {
            return Verdict.Failed("The model called no tool: " + Conversations.Short(first.Text));
        }

        var second = await talk.AskAsync(Turns.Continue(question, first), cancellation);
        return second.Fault
            ?? (second.Text.Length == 0 ? Verdict.Failed("There is no answer to the tools' results.")
            : first.Calls.Count == 1 ? Verdict.Degraded("The model called one tool at a time.")
            : Verdict.Passed);
    }

    public static async Task<Verdict> NoArgumentAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var question = Turns.Ask(new TextPart("Call the tool ping.")) with { Tools = [Samples.Ping], ToolChoice = new ToolChoice(ToolChoiceMode.Named, "ping") };
        var first = await talk.StreamAsync(question, leaveEarly: false, cancellation);
        if (first.Fault is { } fault)
        {
            return fault;
        }

        if (first.Calls is not [var call, ..])
        {
            return Verdict.Failed("The model did not call the tool that it had to: " + Conversations.Short(first.Text));
        }

        if (!call.ArgumentsAreJson || call.Arguments.ToString().Trim() is not ['{', .., '}'])
        {
            return Verdict.Failed("The call's arguments are no JSON object: " + Conversations.Short(call.Arguments.ToString()));
        }

        return (await talk.AskAsync(Turns.Continue(question with { ToolChoice = null }, first), cancellation)).Fault ?? Verdict.Passed;
    }

    public static async Task<Verdict> ThinkingAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var question = WeatherOfTwo() with { MaxOutputTokens = 8192, Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) { Effort = "low" } };
        var first = await talk.AskAsync(question, cancellation);
        if (first.Fault is { } fault)
        {
            return fault;
        }

        // The turn goes back as it came, signatures and all: a vendor refuses what was changed.
        var second = await talk.AskAsync(Turns.Continue(question, first), cancellation);
        return second.Fault
            ?? (first.Answer!.Parts.Any(part => part is ThinkingPart || part.Signature is not null) || first.Answer.Usage.Reasoning > 0 ? Verdict.Passed : Verdict.Degraded("The model did not think."));
    }

    private static ConversationRequest WeatherOfTwo() =>
        Turns.Ask(new TextPart("What is the weather in Vienna and in Oslo? Use get_weather for both, in parallel 2 calls at once.")) with { Tools = [Samples.Weather] };
}
