using Sluice.Core.Routing;

namespace Sluice.Server.Attempts;

/// <summary>
/// Requests that go on from an answer which a provider keeps (<c>previous_response_id</c>). Another provider knows nothing of that answer and would
/// say that it does not exist, which hides the failure of the one that has it: so only the provider that was asked first is asked.
/// </summary>
internal static class Continuation
{
    /// <summary>What went before is kept at another provider than this one.</summary>
    public static bool IsElsewhere(InferenceRequest request, Candidate candidate) =>
        request.Envelope.ContinuesAnswer && request.Attempts.Count > 0 && request.Attempts[0].Candidate.Provider.Name != candidate.Provider.Name;

    /// <summary>What the client is told beside the failure of the provider that has the answer; empty where nobody else could have been asked.</summary>
    public static string Note(InferenceRequest request) => request is { Envelope.ContinuesAnswer: true, Attempts.Count: > 0 } && request.Plan.Candidates.Any(c => IsElsewhere(request, c))
        ? $" The conversation is kept at '{request.Attempts[0].Candidate.Provider.Name}', so no other provider was asked: send it whole in 'input', without 'previous_response_id' or 'conversation', and another provider can answer."
        : "";
}
