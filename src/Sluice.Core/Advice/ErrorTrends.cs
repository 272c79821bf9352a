using System.Globalization;
using Sluice.Core.Diagnosis;

namespace Sluice.Core.Advice;

/// <summary>One kind of error at one provider, week by week.</summary>
/// <param name="Provider">Whose.</param>
/// <param name="Cause">Its kind.</param>
/// <param name="Pattern">What the weeks say.</param>
/// <param name="Direction">Of what recurs; null of anything else.</param>
/// <param name="ByWeek">Errors, the oldest week first.</param>
/// <param name="CallsByWeek">Calls of the provider, the oldest week first.</param>
/// <param name="Found">What it comes to, in a sentence.</param>
public sealed record ErrorTrend(string Provider, string Cause, Pattern Pattern, Direction? Direction, IReadOnlyList<long> ByWeek, IReadOnlyList<long> CallsByWeek, string Found);

/// <summary>Every kind of error at every provider: what recurs first, then by how many there are.</summary>
internal static class ErrorTrends
{
    private const int MostListed = 50;

    public static IReadOnlyList<ErrorTrend> Of(AdviceFacts facts)
    {
        var calls = facts.Days.ToLookup(day => day.Provider);
        return [.. facts.Failures
            .Where(failure => Causes.IsFault(failure.Cause))
            .GroupBy(failure => (failure.Provider, failure.Cause))
            .Select(group => Trend(group.Key.Provider, group.Key.Cause, WeeklyPattern.Of(facts.Span, calls[group.Key.Provider], [.. group])))
            .OrderByDescending(trend => trend.Pattern == Pattern.Recurring)
            .ThenByDescending(trend => trend.ByWeek.Sum())
            .ThenBy(trend => trend.Provider, StringComparer.Ordinal).ThenBy(trend => trend.Cause, StringComparer.Ordinal)
            .Take(MostListed)];
    }

    private static ErrorTrend Trend(string provider, string cause, WeeklyPattern weeks) =>
        new(provider, cause, weeks.Pattern, weeks.Direction, weeks.Errors, weeks.Calls, Sentence(weeks));

    private static string Sentence(WeeklyPattern weeks)
    {
        var errors = Wording.Count(weeks.Errors.Sum(), "error");
        var hit = $"at least {WeeklyPattern.HitErrors} in {weeks.WeeksHit} of {Wording.Count(weeks.WeeksAsked, "week")}";
        var ofCalls = string.Create(CultureInfo.InvariantCulture, $"{errors} in {weeks.Calls.Sum():N0} calls, {hit}");
        return weeks.Pattern switch
        {
            Pattern.Recurring when weeks.Slots.Count > 0 => $"{ofCalls}, again and again at {Wording.Names(weeks.Slots)} UTC.",
            Pattern.Recurring => $"{ofCalls}.",
            Pattern.Over => $"{ofCalls}, but not in the last two.",
            Pattern.BadDay => string.Create(CultureInfo.InvariantCulture, $"{weeks.WorstDayErrors:N0} of {errors} on {weeks.WorstDay:yyyy-MM-dd} alone: a bad day, no trend."),
            Pattern.TooLittle => $"{errors}; calls in {Wording.Count(weeks.WeeksAsked, "week")} only, and a trend needs {WeeklyPattern.FewestWeeks}.",
            _ => $"{ofCalls}: no pattern.",
        };
    }
}
