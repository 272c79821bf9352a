using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>
/// Makes of a conversation the turns that Converse takes: sides alternate, the user is first, no text is blank, results answer the calls right
/// before them, and only proofs that the model can check go along.
/// </summary>
internal sealed class ConverseTurns(ConversationRequest request, ConverseModel model, DegradationLog degradations)
{
    /// <summary>The turns, in order.</summary>
    public List<(Role Role, List<ContentPart> Parts)> Build()
    {
        var turns = new List<(Role Role, List<ContentPart> Parts)>();
        foreach (var message in request.Messages)
        {
            var parts = new List<ContentPart>(message.Parts.Count);
            foreach (var part in message.Parts)
            {
                if (part is ThinkingPart { SignedBy: WireProtocol.OpenAIChat, Details.IsEmpty: false } routed && message.Role == Role.Assistant && model.IsClaude
                    && ReasoningDetailsReader.FindClaude(routed.Details) is { Count: > 0 } signed)
                {
                    parts.AddRange(signed);
                }
                else if (Carry(part, message.Role) is { } carried)
                {
                    parts.Add(carried);
                }
            }

            Append(turns, message.Role, parts);
        }

        if (turns.Count == 0 && request.System.Any(p => p is TextPart { Text: var t } && !string.IsNullOrWhiteSpace(t)))
        {
            degradations.Add("messages", DegradationOutcome.Emulated, "There were only instructions: an empty user turn was put behind them.");
            turns.Add((Role.User, [new TextPart(".")]));
        }
        else if (turns.Count > 0 && turns[0].Role == Role.Assistant)
        {
            degradations.Add("messages", DegradationOutcome.Emulated, "Bedrock's conversations start with the user: an empty user turn was put first.");
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
            case RefusalPart { Text: var refused } when string.IsNullOrWhiteSpace(refused):
                return null;
            case TextPart text:
                if (!text.Citations.IsEmpty)
                {
                    Drop("citations", "Bedrock takes no citations back.");
                }

                return text;
            case RefusalPart refusal:
                return new TextPart(refusal.Text) { Cache = refusal.Cache };
            case ThinkingPart thinking:
                return role == Role.Assistant ? CarryThinking(thinking) : null;
            case AudioPart:
                Drop("content.audio", "Bedrock's Converse takes no sound.");
                return new TextPart("[audio left out: this model takes no sound]") { Cache = part.Cache };
            case ImagePart { Source: MediaSource.FileId } or DocumentPart { Source: MediaSource.FileId }:
                Drop("content.file", "A file that was uploaded to another vendor cannot be read by Bedrock.");
                return new TextPart("[file left out: it was uploaded to another vendor]") { Cache = part.Cache };
            case OpaquePart { From: not WireProtocol.BedrockConverse } opaque:
                Drop("content." + FeatureWords.Clean(opaque.Type, 40), $"Bedrock has no block of type '{FeatureWords.Clean(opaque.Type, 40)}'.");
                return null;
            case ImagePart { Detail: not (null or "auto") }:
                Drop("image.detail", "Bedrock takes no image detail.");
                return part;
            default:
                return part;
        }
    }

    private void Append(List<(Role Role, List<ContentPart> Parts)> turns, Role role, List<ContentPart> parts)
    {
        if (role == Role.System)
        {
            role = Role.User;
            if (parts.Count > 0)
            {
                degradations.Add("messages.system", DegradationOutcome.Emulated, "Bedrock takes no instructions in mid-conversation: they became the user's, marked as the system's.");
            }

            parts = [.. parts.Select(p => p is TextPart t ? t with { Text = $"<system>\n{t.Text}\n</system>" } : p)];
        }

        if (parts.Count == 0)
        {
            return;
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

    private ThinkingPart? CarryThinking(ThinkingPart thinking)
    {
        var isOwn = thinking.SignedBy is WireProtocol.AnthropicMessages or WireProtocol.BedrockConverse;
        if (model.IsClaude && isOwn && (thinking.RedactedData is not null || !string.IsNullOrEmpty(thinking.Signature)))
        {
            return thinking;
        }

        // Claude refuses thinking that it did not sign, the other models refuse any; and the whole conversation with it.
        Drop("thinking.history", "Thinking without Claude's proof, or for a model that takes none back, cannot be replayed on Bedrock.");
        return null;
    }

    private void Drop(string feature, string why) => degradations.Add(feature, DegradationOutcome.Dropped, why);
}
