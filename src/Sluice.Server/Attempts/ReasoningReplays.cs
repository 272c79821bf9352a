using Sluice.Core.Reasoning;
using Sluice.Core.Routing;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Attempts;

/// <summary>
/// Thinking for clients that forget it: many Chat clients keep of an answer only what OpenAI's first documents named. What such a client's answers
/// held is remembered, and put back into its next requests. Other formats carry proofs in members that their clients know.
/// </summary>
internal static class ReasoningReplays
{
    /// <summary>Brings what this conversation's turns thought from another node, where some of it may have been: to be awaited before anybody is asked.</summary>
    public static Task ReadyAsync(InferenceRequest request)
    {
        var user = request.Caller.User;
        if (!Forgets(request) || request.Surface.Operation != SurfaceOperation.Generate || !request.Reasoning.ReadsAhead(user)
            || !request.Plan.Candidates.Any(candidate => WantsItBack(request, candidate) || UpstreamBody.WireOf(candidate, request.Surface.Format.Protocol) != request.Surface.Format.Protocol))
        {
            return Task.CompletedTask;
        }

        request.Conversation ??= request.Surface.Format.ReadRequest(request.Text);
        return request.Conversation.Value.Value is not { } read
            ? Task.CompletedTask
            : request.Reasoning.ReadyAsync(user, TurnProofs.Keys(read, request.NamedSession), TurnProofs.NewestKeys(read, request.NamedSession), request.Http.RequestAborted);
    }

    /// <summary>The conversation with what its client left out.</summary>
    public static ConversationRequest Restore(ConversationRequest conversation, InferenceRequest request) =>
        Forgets(request) ? TurnProofs.Restore(conversation, request.Reasoning, request.Caller.User, request.NamedSession) : conversation;

    /// <summary>What a body lacks that passes natively to a server which refuses it so; none where it lacks nothing.</summary>
    public static IReadOnlyList<BodyEdit> Edits(InferenceRequest request, Candidate candidate)
    {
        if (!WantsItBack(request, candidate) || request.WithoutThinking || !request.Reasoning.Knows(request.Caller.User))
        {
            return [];
        }

        request.Conversation ??= request.Surface.Format.ReadRequest(request.Text);
        return request is { Surface.Format: IWireFormat format, Conversation.Value: { } read }
            ? format.RestoreThinking(request.Text.Span, read, TurnProofs.Restore(read, request.Reasoning, request.Caller.User, session: null))
            : [];
    }

    /// <summary>Remembers a whole answer that passes natively, where its server wants it back.</summary>
    public static void Remember(ReadOnlyMemory<byte> body, IUpstreamFormat format, InferenceRequest request, Attempt attempt)
    {
        if (WantsItBack(request, attempt.Candidate) && format.ReadResponse(body, attempt.Candidate.Provider.Dialect).Value is { } response)
        {
            Remember(response, request, attempt);
        }
    }

    /// <summary>A relay that remembers what passes natively; the same one where its server does not want it back.</summary>
    public static IStreamRelay Remember(IStreamRelay relay, IUpstreamFormat format, InferenceRequest request, Attempt attempt) =>
        WantsItBack(request, attempt.Candidate)
            ? new RememberedRelay(relay, new RememberedReader(format.CreateStreamReader(attempt.Candidate.Provider.Dialect), Recorder(request, attempt)))
            : relay;

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

    // Servers that refuse, or think worse over, tool turns without the reasoning_content that they sent.
    private static bool WantsItBack(InferenceRequest request, Candidate candidate) =>
        Forgets(request) && request.Surface.Operation == SurfaceOperation.Generate
        && candidate.Provider.Dialect.Replay is ReasoningReplay.ContentOnToolCalls or ReasoningReplay.Content;

    private static bool Forgets(InferenceRequest request) => request.Surface.Format.ForgetsThinking;

    private static TurnRecorder Recorder(InferenceRequest request, Attempt attempt) => new(
        request.Reasoning, request.Caller.User, request.NamedSession, keepsPlain: attempt.Candidate.Provider.Dialect.Replay != ReasoningReplay.None);

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
