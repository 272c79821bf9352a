using System.Globalization;
using System.Text.Json.Serialization;
using Sluice.Core.Diagnosis;

namespace Sluice.Core.Advice;

/// <summary>What the whole comes to.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdviceKind>))]
public enum AdviceKind
{
    /// <summary>There is too little to judge by.</summary>
    [JsonStringEnumMemberName("too_little")]
    TooLittle,

    /// <summary>Nothing that recurs asks for a change.</summary>
    [JsonStringEnumMemberName("stay")]
    Stay,

    /// <summary>Outages reach clients, or a quota is used up again and again.</summary>
    [JsonStringEnumMemberName("add_provider")]
    AddProvider,

    /// <summary>An account's limits are run into again and again.</summary>
    [JsonStringEnumMemberName("set_limits")]
    SetLimits,

    /// <summary>And one user alone makes most of the calls that run into them.</summary>
    [JsonStringEnumMemberName("fair_share")]
    FairShare,
}

/// <summary>One verdict with the numbers that it stands on.</summary>
public sealed record AdviceVerdict(AdviceKind Advice, string Found);

/// <summary>Several may hold at once, but <see cref="AdviceKind.Stay"/> and <see cref="AdviceKind.TooLittle"/> stand alone.</summary>
internal static class AdviceVerdicts
{
    // Fewer say nothing about weeks.
    private const long FewestRequests = 100;

    // A shorter outage that clients felt is one that their own repeats bridge.
    private const int OutageMinutes = 5;
    private const int FewestUsers = 3;

    public static IReadOnlyList<AdviceVerdict> Of(AdviceFacts facts, IReadOnlyList<RecurringLimit> limits, BridgedTime time, AbsorbedErrors errors)
    {
        var weeks = facts.Days.Where(day => day.Requests > 0).Select(day => facts.Span.WeekOf(day.Day)).Distinct().Count();
        if (weeks < WeeklyPattern.FewestWeeks || errors.Requests < FewestRequests)
        {
            return
            [
                new(AdviceKind.TooLittle, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Wording.Count(errors.Requests, "request")} in {Wording.Count(weeks, "week")}: too little to say. It takes {FewestRequests} requests and {WeeklyPattern.FewestWeeks} weeks with some.")),
            ];
        }

        List<AdviceVerdict> verdicts = [.. ProviderWanted(limits, time), .. LimitsWanted(limits), .. ShareWanted(facts, limits)];
        return verdicts.Count > 0
            ? verdicts
            : [new(AdviceKind.Stay, $"No limit is run into week after week, and outages reached clients in {Wording.Count(time.Passed, "minute")} of {Wording.Count(weeks, "week")}.")];
    }

    private static IEnumerable<AdviceVerdict> ProviderWanted(IReadOnlyList<RecurringLimit> limits, BridgedTime time)
    {
        if (time.Passed >= OutageMinutes)
        {
            var felt = time.Outages.Where(outage => outage.Passed > 0);
            yield return new(AdviceKind.AddProvider,
                $"{Wording.Count(time.Failed, "request")} failed in {Wording.Count(time.Passed, "minute")} of outages, of {Wording.Names(felt.Select(outage => $"{outage.Model} at {outage.Provider}"))}: another provider or a fallback would have answered them.");
        }

        var quotas = limits.Where(limit => limit.Cause == Causes.Quota).ToList();
        if (quotas.Count > 0)
        {
            yield return new(AdviceKind.AddProvider, $"The quota at {Wording.Names(quotas.Select(limit => limit.Provider))} is used up again and again: {Wording.Count(quotas.Sum(limit => limit.Refused), "call")} refused.");
        }
    }

    private static IEnumerable<AdviceVerdict> LimitsWanted(IReadOnlyList<RecurringLimit> limits) =>
        limits.Where(limit => limit.Cause == Causes.RateLimit)
            .GroupBy(limit => limit.Provider)
            .Select(group => new AdviceVerdict(AdviceKind.SetLimits,
                $"{group.Key} refuses for its rate limit week after week ({Wording.Count(group.Sum(limit => limit.Refused), "call")} of {Wording.Names(group.Select(limit => limit.Model))}): providers[].limits let requests wait or go elsewhere before they are refused."));

    private static IEnumerable<AdviceVerdict> ShareWanted(AdviceFacts facts, IReadOnlyList<RecurringLimit> limits)
    {
        foreach (var provider in limits.Where(limit => limit.Cause == Causes.RateLimit).Select(limit => limit.Provider).Distinct())
        {
            var users = facts.Users.Where(asks => asks.Provider == provider).ToList();
            var (all, most) = (users.Sum(asks => asks.Attempts), users.MaxBy(asks => asks.Attempts));
            if (users.Count >= FewestUsers && most is not null && 2 * most.Attempts >= all)
            {
                yield return new(AdviceKind.FairShare,
                    $"{most.User} alone makes {Share.Of(most.Attempts, all)} of the calls at {provider}, which {Wording.Count(users.Count, "user")} share and whose limit is run into: give {most.User} a limit (sluice limits set --scope user:{most.User}), so that others are not refused on that account.");
            }
        }
    }
}
