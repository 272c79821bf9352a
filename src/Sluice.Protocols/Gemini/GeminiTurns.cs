using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Makes of a conversation the contents that Gemini takes: turns of one side in one content, the user first, and behind each turn with calls a
/// content of exactly as many results in the same order. Anything else is a 400, and since the client sends the same history again, one for ever.
/// </summary>
internal sealed class GeminiTurns(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    private readonly bool _mediaInResults = GeminiVersions.IsAtLeast(target.CanonicalModel, 3m) || GeminiVersions.IsAtLeast(target.Model, 3m);

    /// <summary>The turns; <see cref="ToolResultPart"/>s stand in contents of their own.</summary>
    public List<(Role Role, List<ContentPart> Parts)> Build()
    {
        var turns = new List<(Role Role, List<ContentPart> Parts)>();
        foreach (var message in request.Messages)
        {
            var role = message.Role == Role.Assistant ? Role.Assistant : Role.User;
            var parts = new List<ContentPart>(message.Parts.Count);
            foreach (var part in message.Parts)
            {
                if (Carry(part, message.Role) is { } carried)
                {
                    parts.Add(carried);
                }
            }

            if (parts.Count == 0)
            {
                continue;
            }

            if (turns.Count > 0 && turns[^1].Role == role)
            {
                turns[^1].Parts.AddRange(parts);
            }
            else
            {
                turns.Add((role, parts));
            }
        }

        if (turns.Count > 0 && turns[0].Role == Role.Assistant)
        {
            degradations.Add("messages", DegradationOutcome.Emulated, "Gemini's conversations start with the user: an empty user turn was put first.");
            turns.Insert(0, (Role.User, [new TextPart(".")]));
        }
        else if (turns.Count == 0 && request.System.Any(p => p is TextPart { Text.Length: > 0 }))
        {
            degradations.Add("messages", DegradationOutcome.Emulated, "There were only instructions: an empty user turn was put behind them.");
            turns.Add((Role.User, [new TextPart(".")]));
        }

        // The rules for pairing are Anthropic's too; only the order inside the answer is Gemini's own.
        CallPairing.Apply(turns, degradations);
        return Split(turns);
    }

    private List<(Role Role, List<ContentPart> Parts)> Split(List<(Role Role, List<ContentPart> Parts)> turns)
    {
        var contents = new List<(Role Role, List<ContentPart> Parts)>();
        List<ToolCallPart> calls = [];
        foreach (var (role, parts) in turns)
        {
            if (role == Role.Assistant)
            {
                calls = [.. parts.OfType<ToolCallPart>()];
                contents.Add((role, parts));
                continue;
            }

            var results = parts.OfType<ToolResultPart>().ToList();
            if (results.Count > 0)
            {
                contents.Add((role, [.. InOrder(calls, results)]));
            }

            // Pictures that older models do not take inside a result, and whatever else the user said, follow in a content of their own.
            var rest = results.SelectMany(Outside).Concat(parts.Where(p => p is not ToolResultPart)).ToList();
            if (rest.Count > 0)
            {
                contents.Add((role, rest));
            }
        }

        return contents;
    }

    private IEnumerable<ContentPart> Outside(ToolResultPart result)
    {
        var media = _mediaInResults ? [] : result.Parts.Where(GeminiMedia.IsMedia).ToList();
        if (media.Count == 0)
        {
            return [];
        }

        degradations.Add("tool_result.media", DegradationOutcome.Emulated, $"{target.Model} takes no media inside a tool's result: it follows as the user's.");
        return [new TextPart("[from the tool's result:]"), .. media];
    }

    private static IEnumerable<ToolResultPart> InOrder(List<ToolCallPart> calls, List<ToolResultPart> results)
    {
        var left = new List<ToolResultPart>(results);
        foreach (var call in calls)
        {
            if (left.Find(r => r.CallId == call.Id) is { } result)
            {
                left.Remove(result);
                yield return result;
            }
        }

        foreach (var result in left)
        {
            yield return result;
        }
    }

    private ContentPart? Carry(ContentPart part, Role role)
    {
        switch (part)
        {
            case TextPart { Text.Length: 0, Signature: null } or RefusalPart { Text.Length: 0 }:
                return null;
            case TextPart text when role == Role.System:
                degradations.Add("messages.system", DegradationOutcome.Emulated, "Gemini takes no instructions in mid-conversation: they became the user's, marked as the system's.");
                return new TextPart($"<system>\n{text.Text}\n</system>");
            case RefusalPart refusal:
                return new TextPart(refusal.Text);
            case ThinkingPart thinking:
                return role == Role.Assistant ? CarryThinking(thinking) : null;
            case OpaquePart { From: not WireProtocol.Gemini } opaque:
                Drop("content." + FeatureWords.Clean(opaque.Type, 40), $"Gemini has no part of type '{FeatureWords.Clean(opaque.Type, 40)}'.");
                return null;
            case ImagePart { Source: MediaSource.FileId } or DocumentPart { Source: MediaSource.FileId }:
                Drop("content.file", "A file that was uploaded to another vendor cannot be read by Gemini.");
                return new TextPart("[file left out: it was uploaded to another vendor]");
            default:
                return part;
        }
    }

    private ThinkingPart? CarryThinking(ThinkingPart thinking)
    {
        if (thinking.SignedBy == WireProtocol.Gemini)
        {
            return thinking;
        }

        Drop("thinking.history", "Thinking of another vendor's model cannot be replayed to Gemini.");
        return null;
    }

    private void Drop(string feature, string why) => degradations.Add(feature, DegradationOutcome.Dropped, why);
}
