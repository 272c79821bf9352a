using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Formats;

/// <summary>A conversation without proofs: what a vendor refused one of, it may answer without any.</summary>
public static class ProofRemoval
{
    /// <summary>The request without thinking of earlier turns and without signatures on anything else.</summary>
    public static ConversationRequest From(ConversationRequest request) => request with
    {
        Messages = [.. request.Messages.Select(m => m.Role == Role.Assistant ? new Message(m.Role, [.. m.Parts.Where(p => p is not ThinkingPart).Select(Unsigned)]) : m)],
    };

    private static ContentPart Unsigned(ContentPart part) => part.Signature is null ? part : part with { Signature = null };
}
