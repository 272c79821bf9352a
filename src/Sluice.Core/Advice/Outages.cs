using Sluice.Core.Ledger;

namespace Sluice.Core.Advice;

/// <summary>
/// Finds outages in attempts. The rule: calls of at least <see cref="FewestRequests"/> requests failed one after another, none answered between
/// them, and none later than <see cref="LongestSilence"/> after the one before, since nobody knows what is in a longer silence.
/// </summary>
internal static class Outages
{
    public const int FewestRequests = 3;

    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(15);

    /// <summary>In the order in which they began.</summary>
    public static IReadOnlyList<Outage> Of(IReadOnlyList<AttemptGlimpse> attempts)
    {
        var requests = attempts.GroupBy(attempt => attempt.RequestId).Select(Request.Of).Where(request => request.IsAnswered || request.HasFailed).ToLookup(request => request.Minute);
        return [.. attempts
            .GroupBy(attempt => (attempt.Provider, attempt.Model))
            .SelectMany(calls => Runs([.. calls.OrderBy(call => call.StartedAt)]))
            .Where(run => run.DistinctBy(call => call.RequestId).Count() >= FewestRequests)
            .Select(run => Measure(run[0].Provider, run[0].Model, run[0].StartedAt, run[^1].StartedAt, requests))
            .OrderBy(outage => outage.From).ThenBy(outage => outage.Provider, StringComparer.Ordinal).ThenBy(outage => outage.Model, StringComparer.Ordinal)];
    }

    private static IEnumerable<List<AttemptGlimpse>> Runs(List<AttemptGlimpse> calls)
    {
        List<AttemptGlimpse> run = [];
        foreach (var call in calls)
        {
            var isOutage = Causes.IsOutage(call.Cause);
            if (run.Count > 0 && (call.Cause == AttemptCause.Answered || (isOutage && call.StartedAt - run[^1].StartedAt > LongestSilence)))
            {
                yield return run;
                run = [];
            }

            if (isOutage)
            {
                run.Add(call);
            }
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }

    private static Outage Measure(string provider, string model, DateTimeOffset from, DateTimeOffset to, ILookup<long, Request> requests)
    {
        var (first, last) = (Minute(from), Minute(to));
        var minutes = Enumerable.Range(0, (int)(last - first) + 1)
            .Select(minute => requests[first + minute].Where(request => request.IsTouchedBy(provider, model)).ToList())
            .Where(touched => touched.Count > 0)
            .Select(touched => (Answered: touched.Count(request => request.IsAnswered), Failed: touched.Count(request => request.HasFailed)))
            .ToList();
        return new Outage(
            provider, model, from, to, (int)(last - first) + 1,
            minutes.Count(minute => minute.Failed == 0), minutes.Count(minute => minute.Failed > 0),
            minutes.Sum(minute => minute.Answered), minutes.Sum(minute => minute.Failed));
    }

    private static long Minute(DateTimeOffset time) => time.ToUnixTimeSeconds() / 60;

    /// <summary>A request as an outage sees it.</summary>
    /// <param name="Minute">In which it began.</param>
    /// <param name="Attempts">All of it.</param>
    private sealed record Request(long Minute, List<AttemptGlimpse> Attempts)
    {
        public bool IsAnswered { get; } = Attempts.Exists(attempt => attempt.Cause == AttemptCause.Answered);

        // Not where the client left: nobody knows what would have come of it.
        public bool HasFailed { get; } = Attempts.Exists(attempt => Causes.IsOutage(attempt.Cause)) && !Attempts.Exists(attempt => attempt.Cause == AttemptCause.Answered || Causes.IsClientGone(attempt.Cause));

        public static Request Of(IEnumerable<AttemptGlimpse> attempts)
        {
            List<AttemptGlimpse> all = [.. attempts];
            return new Request(Outages.Minute(all.Min(attempt => attempt.StartedAt)), all);
        }

        /// <summary>It failed there, or asked others for the same model, as all do once the provider is known to be down.</summary>
        public bool IsTouchedBy(string provider, string model) =>
            Attempts.Exists(attempt => attempt.Model == model && (attempt.Provider != provider || Causes.IsOutage(attempt.Cause)));
    }
}
