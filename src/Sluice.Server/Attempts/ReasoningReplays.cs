using Sluice.Core.Reasoning;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Server.Relay;

namespace Sluice.Server.Attempts;

/// <summary>
/// Thinking for clients that forget it: many Chat clients keep of an answer only what OpenAI's first documents named. What such a client's answers
/// held is remembered, and put back into its next requests. Other formats carry proofs in members that their clients know.
/// </summary>
internal static class ReasoningReplays
{
    /// <summary>The conversation with what its client left out.</summary>
    public static ConversationRequest Restore(ConversationRequest conversation, InferenceRequest request) =>
        Forgets(request) ? TurnProofs.Restore(conversation, request.Reasoning, request.Caller.User, request.AffinityKey) : conversation;

    /// <summary>Remembers a whole answer.</summary>
    /// <param name="response">As the client is told it, with its own names of tools.</param>
    /// <param name="request">Whose.</param>
    /// <param name="attempt">Who answered.</param>
    public static void Remember(ConversationResponse response, InferenceRequest request, Attempt attempt)
    {
        if (Forgets(request) && HasThinking(response.Parts))
        {
            Recorder(request, attempt).Take(response.Parts);
        }
    }

    /// <summary>A reader that remembers what it reads; the same one where the client carries everything itself.</summary>
    public static IStreamReader Remember(IStreamReader reader, InferenceRequest request, Attempt attempt) =>
        Forgets(request) ? new RememberedReader(reader, Recorder(request, attempt)) : reader;

    private static bool Forgets(InferenceRequest request) => request.Surface.Format.Protocol is WireProtocol.OpenAIChat or WireProtocol.Gemini;

    private static TurnRecorder Recorder(InferenceRequest request, Attempt attempt) => new(
        request.Reasoning, request.Caller.User, request.AffinityKey, keepsPlain: attempt.Candidate.Provider.Dialect.Replay != ReasoningReplay.None);

    private static bool HasThinking(IReadOnlyList<ContentPart> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is ThinkingPart)
            {
                return true;
            }
        }

        return false;
    }
}
