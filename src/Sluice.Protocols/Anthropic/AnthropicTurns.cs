using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Makes of a conversation the turns that Anthropic takes: consecutive turns of one side are one message, the user is first, nothing is empty, and
/// only what Claude itself signed or can read goes along.
/// </summary>
internal sealed class AnthropicTurns(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    /// <summary>The conversation as Anthropic wants it: roles in turn, results first, nothing empty.</summary>
    public List<(Role Role, List<ContentPart> Parts)> Build()
    {
        var turns = new List<(Role Role, List<ContentPart> Parts)>();
        foreach (var message in request.Messages)
        {
            var role = message.Role;
            var parts = new List<ContentPart>(message.Parts.Count);
            foreach (var part in message.Parts)
            {
                if (part is ThinkingPart { SignedBy: not WireProtocol.AnthropicMessages, Details.IsEmpty: false } routed && role == Role.Assistant
                    && ReasoningDetailsReader.FindClaude(routed.Details) is { Count: > 0 } signed)
                {
                    parts.AddRange(signed);
                }
                else if (Carry(part, role) is { } carried)
                {
                    parts.Add(carried);
                }
            }

            if (role == Role.System && !TakesSystemTurns())
            {
                degradations.Add("messages.system", DegradationOutcome.Emulated, "The model takes no instructions in mid-conversation: they became the user's, marked as the system's.");
                role = Role.User;
                parts = [.. parts.Select(p => p is TextPart t ? t with { Text = $"<system>\n{t.Text}\n</system>" } : p)];
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

        if (turns.Count == 0 && request.System.Any(p => p is TextPart { Text: var t } && !string.IsNullOrWhiteSpace(t)))
        {
            // Chat clients may send instructions alone; Claude wants somebody to answer.
            degradations.Add("messages", DegradationOutcome.Emulated, "There were only instructions: an empty user turn was put behind them.");
            turns.Add((Role.User, [new TextPart(".")]));
        }
        else if (turns.Count > 0 && turns[0].Role == Role.Assistant)
        {
            degradations.Add("messages", DegradationOutcome.Emulated, "Claude's conversations start with the user: an empty user turn was put first.");
            turns.Insert(0, (Role.User, [new TextPart(".")]));
        }

        CallPairing.Apply(turns, degradations);
        return turns;
    }

    /// <summary>The part as it can be carried; null where it is left out.</summary>
    public ContentPart? Carry(ContentPart part, Role role)
    {
        switch (part)
        {
            case TextPart { Text: var text } when string.IsNullOrWhiteSpace(text):
            case RefusalPart { Text.Length: 0 }:
                return null;
            case RefusalPart refusal:
                return new TextPart(refusal.Text) { Cache = refusal.Cache };
            case ThinkingPart thinking when role == Role.Assistant:
                return CarryThinking(thinking);
            case ThinkingPart:
                return null;
            case AudioPart:
                Drop("content.audio", "Claude takes no sound.");
                return new TextPart("[audio left out: this model takes no sound]");
            case OpaquePart { From: not WireProtocol.AnthropicMessages } opaque:
                Drop("content." + FeatureWords.Clean(opaque.Type, 40), $"Anthropic has no block of type '{opaque.Type}'.");
                return null;
            case ImagePart { Source: MediaSource.FileId } or DocumentPart { Source: MediaSource.FileId } when request.From != WireProtocol.AnthropicMessages:
                Drop("content.file", "A file that was uploaded to another vendor cannot be read by Claude.");
                return new TextPart("[file left out: it was uploaded to another vendor]") { Cache = part.Cache };
            default:
                return part;
        }
    }

    private ThinkingPart? CarryThinking(ThinkingPart thinking)
    {
        if (thinking.SignedBy == WireProtocol.AnthropicMessages && (thinking.RedactedData is not null || !string.IsNullOrEmpty(thinking.Signature)))
        {
            return thinking;
        }

        // Claude refuses thinking that it did not sign, and the whole conversation with it.
        Drop("thinking.history", "Thinking of another vendor's model cannot be replayed to Claude.");
        return null;
    }

    private bool TakesSystemTurns() => ClaudeVersions.IsAtLeast(target.CanonicalModel, opus: 4.8m, others: 5m);

    private void Drop(string feature, string why) => degradations.Add(feature, DegradationOutcome.Dropped, why);
}
