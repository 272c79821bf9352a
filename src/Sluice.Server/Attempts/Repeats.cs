using Sluice.Core.Health;

namespace Sluice.Server.Attempts;

/// <summary>Chooses whom to ask again when every candidate was asked once.</summary>
internal static class Repeats
{
    /// <summary>The candidate that failed by what may pass, tried least so far, in the plan's order; never one whose upstream asked for a pause that is not over.</summary>
    public static Attempt? Next(InferenceRequest request, IHealth health)
    {
        Attempt? best = null;
        var bestTries = int.MaxValue;
        foreach (var candidate in request.Plan.Candidates)
        {
            var last = request.Attempts.FindLast(a => a.Candidate == candidate);
            var tries = request.Attempts.Count(a => a.Candidate == candidate);
            if (last?.Fault is { CanRepeat: true } && tries < bestTries && health.Excluded(candidate.Endpoint, candidate.Credential) is null)
            {
                (best, bestTries) = (last, tries);
            }
        }

        return best;
    }
}
