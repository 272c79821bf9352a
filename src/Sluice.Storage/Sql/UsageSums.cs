using Sluice.Core.Ledger;

namespace Sluice.Storage.Sql;

/// <summary>Everything that a report groups by, except time and session.</summary>
internal readonly record struct UsageSeries(string KeyId, string User, string Team, string Project, string Model, string Provider, string Client, string Cause);

/// <summary>What a batch adds to the sums that reports read, summed in memory: a thousand attempts of one hour come to some ten sums.</summary>
internal sealed class UsageSums
{
    /// <summary>How many numbers a sum has, in the order of <see cref="LedgerRows.Measures"/>.</summary>
    public const int Measures = 14;

    private const long HourMs = 3_600_000;

    /// <summary>By hour since 1970, series and session; an empty session is none.</summary>
    public Dictionary<(long Hour, UsageSeries Series, string Session), long[]> Hours { get; } = [];

    /// <summary>Counts one attempt that ended.</summary>
    public void Add(AttemptStarted start, AttemptSettled end)
    {
        var usage = end.Usage;
        Add(
            start.StartedAt,
            new UsageSeries(start.KeyId, start.User, start.Team ?? "", start.Project ?? "", start.Model, start.Provider, start.Client ?? "", AttemptCause.Of(end.Outcome, end.Fault)),
            start.Session,
            [
                start.Ordinal == 1 ? 1 : 0, 1,
                Count(usage.Input), Count(usage.CacheRead), Count(usage.CacheWrite5m), Count(usage.CacheWrite1h), Count(usage.Output), Count(usage.Reasoning),
                Count(usage.AudioInput), Count(usage.AudioOutput), Count(usage.WebSearches), Count(end.CostNanoUsd),
                end.UsageIsEstimated ? 1 : 0, end.IsUnpriced ? 1 : 0,
            ]);
    }

    /// <summary>Counts a request without any attempt: refused, or answered from what was kept.</summary>
    public void Add(RequestSettled request) => Add(
        request.StartedAt,
        new UsageSeries(request.KeyId, request.User, request.Team ?? "", request.Project ?? "", request.Model ?? "", "", request.Client ?? "", AttemptCause.Of(request)),
        request.Session,
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

    /// <summary>Adds <paramref name="measures"/> to the sum of <paramref name="key"/>.</summary>
    public static void AddTo<TKey>(IDictionary<TKey, long[]> sums, TKey key, ReadOnlySpan<long> measures)
        where TKey : notnull
    {
        if (!sums.TryGetValue(key, out var sum))
        {
            sums[key] = sum = new long[Measures];
        }

        for (var i = 0; i < Measures; i++)
        {
            sum[i] = checked(sum[i] + measures[i]);
        }
    }

    private void Add(DateTimeOffset at, in UsageSeries series, string? session, ReadOnlySpan<long> measures) =>
        AddTo(Hours, (LedgerRows.Ms(at) / HourMs, series, session ?? ""), measures);

    // The contract has no negative counts; one would credit money, so it is not left to the contract.
    private static long Count(long? value) => Math.Max(0, value ?? 0);
}
