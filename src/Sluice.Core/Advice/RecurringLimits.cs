using System.Globalization;
using Sluice.Core.Diagnosis;

namespace Sluice.Core.Advice;

/// <summary>A limit of an account that is run into week after week.</summary>
/// <param name="Provider">Whose.</param>
/// <param name="Model">Canonical.</param>
/// <param name="Cause"><c>rate_limit</c> or <c>quota_exhausted</c>.</param>
/// <param name="Refused">Attempts that were refused.</param>
/// <param name="Calls">Attempts in all.</param>
/// <param name="WeeksHit">Weeks in which it happened.</param>
/// <param name="WeeksAsked">Weeks with calls.</param>
/// <param name="ByWeek">Refused attempts, the oldest week first.</param>
/// <param name="Slots">Hours of the week in which it recurs (UTC); empty where it comes at any hour.</param>
/// <param name="Direction">Where it is going.</param>
/// <param name="Found">All of that in a sentence.</param>
/// <param name="Remedy">What to do.</param>
public sealed record RecurringLimit(
    string Provider, string Model, string Cause, long Refused, long Calls, int WeeksHit, int WeeksAsked, IReadOnlyList<long> ByWeek, IReadOnlyList<string> Slots, Direction Direction, string Found, string Remedy);

/// <summary>Refusals with 429 that recur, by model and provider.</summary>
internal static class RecurringLimits
{
    // A list that goes on further is not read; those with the most refusals are first.
    private const int MostListed = 20;

    public static IReadOnlyList<RecurringLimit> Of(AdviceFacts facts)
    {
        var calls = facts.Days.ToLookup(day => (day.Provider, day.Model));
        return [.. facts.Failures
            .Where(failure => failure.Cause == Causes.RateLimit || failure.Cause == Causes.Quota)
            .GroupBy(failure => (failure.Provider, failure.Model, failure.Cause))
            .Select(group => (group.Key, Weeks: WeeklyPattern.Of(facts.Span, calls[(group.Key.Provider, group.Key.Model)], [.. group])))
            .Where(found => found.Weeks.Pattern == Pattern.Recurring)
            .Select(found => Limit(found.Key.Provider, found.Key.Model, found.Key.Cause, found.Weeks))
            .OrderByDescending(limit => limit.Refused).ThenBy(limit => limit.Provider, StringComparer.Ordinal).ThenBy(limit => limit.Model, StringComparer.Ordinal)
            .Take(MostListed)];
    }

    private static RecurringLimit Limit(string provider, string model, string cause, WeeklyPattern weeks)
    {
        var direction = weeks.Direction ?? Direction.Steady;
        var (refused, calls) = (weeks.Errors.Sum(), weeks.Calls.Sum());
        var when = weeks.Slots.Count > 0 ? $", again and again at {Wording.Names(weeks.Slots)} UTC" : "";
        var found = string.Create(
            CultureInfo.InvariantCulture,
            $"{provider} refused {Wording.Count(refused, "call")} of {calls:N0} for {model} ({cause}, {Share.Of(refused, calls)}), at least {WeeklyPattern.HitErrors} in {weeks.WeeksHit} of {Wording.Count(weeks.WeeksAsked, "week")}{when}; {Way(direction)}.");
        return new RecurringLimit(provider, model, cause, refused, calls, weeks.WeeksHit, weeks.WeeksAsked, weeks.Errors, weeks.Slots, direction, found, Remedy(provider, model, cause));
    }

    private static string Remedy(string provider, string model, string cause) => cause == Causes.Quota
        ? $"Raise the quota of the account at {provider}, add a credential of another account, or add another provider for {model}."
        : $"Add a credential of another account at {provider} or another provider for {model}; or set providers[].limits for {provider} to what the account allows, so that requests wait in line or go elsewhere before they are refused; or ask {provider} for a higher tier.";

    private static string Way(Direction direction) => direction switch
    {
        Direction.Rising => "it is rising",
        Direction.Falling => "it is falling",
        _ => "it is steady",
    };
}
