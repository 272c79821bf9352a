using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Which result answers which call, for formats in which all results of a turn follow its calls, in the calls' order and before anything else. Clients of
/// other formats put them anywhere up to the next assistant turn.
/// </summary>
internal sealed class OwedResults(IReadOnlyList<Message> messages, DegradationLog degradations)
{
    private readonly HashSet<ToolResultPart> _placed = new(ReferenceEqualityComparer.Instance);

    /// <summary>Written behind its call already; what is not answers no call.</summary>
    public bool IsPlaced(ToolResultPart result) => _placed.Contains(result);

    /// <summary>
    /// The results of the calls of message <paramref name="at"/>, in the calls' order, each placed by this. A call that the conversation went on without has
    /// one that says so; calls of the last message are still to be answered.
    /// </summary>
    public List<(ToolCallPart Call, ToolResultPart Result)> Of(IReadOnlyList<ToolCallPart> calls, int at)
    {
        var waiting = new List<ToolResultPart>();
        for (var i = at + 1; i < messages.Count && messages[i].Role != Role.Assistant; i++)
        {
            waiting.AddRange(messages[i].Parts.OfType<ToolResultPart>());
        }

        var answered = new List<(ToolCallPart Call, ToolResultPart Result)>(calls.Count);
        foreach (var call in calls)
        {
            // Ids may repeat, so each call takes the first result of its id that no other call took.
            var result = waiting.Find(r => r.CallId == call.Id && !_placed.Contains(r));
            if (result is not null)
            {
                _placed.Add(result);
                answered.Add((call, result));
            }
            else if (at < messages.Count - 1)
            {
                degradations.Add("tool_results", DegradationOutcome.Emulated, "A tool call had no result; the upstream needs one.");
                answered.Add((call, new ToolResultPart(call.Id, [new TextPart("[no result]")], IsError: false)));
            }
        }

        return answered;
    }
}
