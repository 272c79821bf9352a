using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Puts the results of tool calls where Anthropic, Google and AWS demand them: first in the user message right behind the calls, one for each call, none
/// without a call. Anything else is a 400, and since the client sends the same history again, one for ever.
/// </summary>
internal static class CallPairing
{
    /// <summary>Changes <paramref name="turns"/> in place; roles alternate before and after.</summary>
    public static void Apply(List<(Role Role, List<ContentPart> Parts)> turns, DegradationLog degradations)
    {
        for (var i = 0; i < turns.Count; i++)
        {
            if (turns[i].Role == Role.Assistant && turns[i].Parts.Exists(p => p is ToolCallPart))
            {
                AnswerCalls(turns, i, degradations);

                // What stands behind them now is in order.
                i++;
            }
            else if (turns[i].Role == Role.User)
            {
                KeepOrphansAsText(turns[i].Parts, degradations);
            }
        }
    }

    private static void AnswerCalls(List<(Role Role, List<ContentPart> Parts)> turns, int at, DegradationLog degradations)
    {
        var calls = turns[at].Parts.OfType<ToolCallPart>().ToList();
        var results = new List<ContentPart>(calls.Count);
        var unanswered = new List<ToolCallPart>(calls);

        // Instructions in the middle may stand between the calls and their results.
        var end = at + 1;
        while (end < turns.Count && turns[end].Role != Role.Assistant)
        {
            var parts = turns[end].Parts;
            for (var p = 0; p < parts.Count;)
            {
                if (parts[p] is ToolResultPart result && unanswered.Find(c => c.Id == result.CallId) is { } call)
                {
                    unanswered.Remove(call);
                    results.Add(result);
                    parts.RemoveAt(p);
                }
                else
                {
                    p++;
                }
            }

            end++;
        }

        foreach (var call in unanswered)
        {
            degradations.Add("tool_result", DegradationOutcome.Emulated, "A tool call without a result got one that says so.");
            results.Add(new ToolResultPart(call.Id, [new TextPart("No result was recorded.")], IsError: true));
        }

        if (at + 1 < turns.Count && turns[at + 1].Role == Role.User)
        {
            KeepOrphansAsText(turns[at + 1].Parts, degradations);
            turns[at + 1].Parts.InsertRange(0, results);
        }
        else
        {
            turns.Insert(at + 1, (Role.User, results));
            end++;
        }

        // Taking results out may have left turns without content, and users beside each other.
        for (var i = end - 1; i > at + 1; i--)
        {
            if (turns[i].Role == Role.User)
            {
                KeepOrphansAsText(turns[i].Parts, degradations);
            }

            if (turns[i].Parts.Count == 0)
            {
                turns.RemoveAt(i);
            }
            else if (turns[i].Role == turns[i - 1].Role)
            {
                turns[i - 1].Parts.AddRange(turns[i].Parts);
                turns.RemoveAt(i);
            }
        }
    }

    // A result whose call is not in the turn before (cut away by compaction, or given twice) is still something that the model was told.
    private static void KeepOrphansAsText(List<ContentPart> parts, DegradationLog degradations)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is not ToolResultPart orphan)
            {
                continue;
            }

            degradations.Add("tool_result", DegradationOutcome.Emulated, "A tool result without its call became text.");
            parts.RemoveAt(i);
            var told = orphan.Parts.Where(p => p is ImagePart or DocumentPart || (p is TextPart t && !string.IsNullOrWhiteSpace(t.Text))).ToList();
            parts.InsertRange(i, told.Count > 0 ? told : [new TextPart("[a tool answered without output]")]);
            i += Math.Max(told.Count, 1) - 1;
        }
    }
}
