using Sluice.Core.Health;

namespace Sluice.Server.Attempts;

/// <summary>Chooses whom to ask again when every candidate was asked once.</summary>
internal static class Repeats
{
    /// <summary>The candidate that failed by what may pass, tried least so far, in the plan's order, and how long its upstream still wants to be left alone. Never one that wants longer than anybody waits.</summary>
    public static (Attempt Attempt, TimeSpan Pause)? Next(InferenceRequest request, IHealth health, DateTimeOffset now)
    {
        (Attempt, TimeSpan)? best = null;
        var bestTries = int.MaxValue;
        foreach (var candidate in request.Plan.Candidates)
        {
            var last = request.Attempts.FindLast(a => a.Candidate == candidate);
            var tries = request.Attempts.Count(a => a.Candidate == candidate);
            if (last?.Fault is { CanRepeat: true } && tries < bestTries && Pause(health.Excluded(candidate.Endpoint, candidate.Credential), now) is { } pause)
            {
                (best, bestTries) = ((last, pause), tries);
            }
        }

        return best;
    }

    private static TimeSpan? Pause(Exclusion? exclusion, DateTimeOffset now) => exclusion switch
    {
        null => TimeSpan.Zero,
        { Cause: ExclusionCause.Cooldown } cooling when cooling.Until - now <= Backoff.Longest => cooling.Until - now,
        _ => null,
    };
}
