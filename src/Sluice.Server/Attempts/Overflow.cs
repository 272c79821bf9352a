using Sluice.Core.Routing;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Attempts;

/// <summary>
/// What follows when a conversation is longer than a model's window: nobody who serves a window of that size is asked again, but a fallback
/// that the operator or the client named, and whose window is known to be larger, may still answer.
/// </summary>
internal static class Overflow
{
    /// <summary>The attempt overflowed, and some candidate of the plan has a larger window.</summary>
    public static bool CanMoveOn(InferenceRequest request, Attempt attempt)
    {
        if (attempt.Fault is not { Kind: ErrorKind.ContextLength })
        {
            return false;
        }

        foreach (var candidate in request.Plan.Candidates)
        {
            if (Fits(attempt, candidate) && !request.Attempts.Exists(a => a.Candidate == candidate))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The candidate's window is known to be larger than the one that overflowed.</summary>
    public static bool Fits(Attempt overflowed, Candidate candidate) =>
        candidate.Endpoint.ContextLength is { } window
        && overflowed.Candidate.Endpoint.ContextLength is { } tooSmall
        && window > tooSmall;
}
