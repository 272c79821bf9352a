namespace Sluice.Core.Advice;

/// <summary>Which hours' attempts are worth a look: sums by the hour tell that something failed, and only the attempts themselves tell in which minutes.</summary>
public static class OutageHours
{
    /// <summary>Most hours that one question reads. With ten million attempts a year an hour has about a thousand.</summary>
    public const int MostRead = 200;

    /// <summary>Hours in which a provider failed as in an outage, those with the most failures first.</summary>
    public static IReadOnlyList<DateTimeOffset> Of(IEnumerable<FailureHour> failures) =>
        [.. failures
            .Where(failure => Causes.IsOutage(failure.Cause))
            .GroupBy(failure => failure.Hour, failure => failure.Attempts)
            .OrderByDescending(hour => hour.Sum()).ThenByDescending(hour => hour.Key)
            .Select(hour => hour.Key)];
}
