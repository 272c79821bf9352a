using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

/// <summary>Limits that are run into week after week; beside each planting that is one, the same number of refusals that is none.</summary>
public sealed class RecurringLimitsTests
{
    [Fact]
    public void I12_RefusalsOnFourMondaysAtTheSameHour_RecurWithTheirNumbersAndARemedy()
    {
        var planted = new PlantedWeeks(4).Calls("a");
        foreach (var monday in (string[])["2026-10-26 13", "2026-11-02 13", "2026-11-09 13", "2026-11-16 13"])
        {
            planted.Fail(monday, "a", "rate_limit", 6);
        }

        // 28 days of 50 answered calls and 24 refused ones: 24 / 1,424.
        var limit = Assert.Single(planted.Advice.RecurringLimits);
        Assert.Equal(("a", PlantedWeeks.Model, "rate_limit", 24, 1_424, 4, 4), (limit.Provider, limit.Model, limit.Cause, limit.Refused, limit.Calls, limit.WeeksHit, limit.WeeksAsked));
        Assert.Equal([6, 6, 6, 6], limit.ByWeek);
        Assert.Equal(["Monday 13:00"], limit.Slots);
        Assert.Equal("a refused 24 calls of 1,424 for x/coder (rate_limit, 1.7 %), at least 5 in 4 of 4 weeks, again and again at Monday 13:00 UTC; it is steady.", limit.Found);
        Assert.Equal(
            "Add a credential of another account at a or another provider for x/coder; or set providers[].limits for a to what the account allows, so that requests wait in line or go elsewhere before they are refused; or ask a for a higher tier.",
            limit.Remedy);
    }

    [Fact]
    public void I12_AsManyRefusalsOnOneMonday_DoNotRecur() =>
        Assert.Empty(new PlantedWeeks(4).Calls("a").Fail("2026-11-09 13", "a", "rate_limit", 24).Advice.RecurringLimits);

    [Fact]
    public void I12_RefusalsAtAnyHourInSixOfEightWeeks_Recur()
    {
        var limit = Assert.Single(Eight(["2026-09-26 01", "2026-10-04 02", "2026-10-12 03", "2026-10-20 04", "2026-11-11 05", "2026-11-19 06"]).Advice.RecurringLimits);

        Assert.Equal((6, 8), (limit.WeeksHit, limit.WeeksAsked));
        Assert.Equal([5, 5, 5, 5, 0, 0, 5, 5], limit.ByWeek);
        Assert.Empty(limit.Slots);
    }

    [Fact]
    public void I12_RefusalsInFiveOfEightWeeks_DoNotRecur() =>
        Assert.Empty(Eight(["2026-09-26 01", "2026-10-04 02", "2026-10-12 03", "2026-10-20 04", "2026-11-19 06"]).Advice.RecurringLimits);

    [Fact]
    public void I12_RefusalsInSixOfEightWeeksButNotTheLastTwo_AreOver() =>
        Assert.Empty(Eight(["2026-09-26 01", "2026-10-04 02", "2026-10-12 03", "2026-10-20 04", "2026-10-27 05", "2026-11-04 06"]).Advice.RecurringLimits);

    [Fact]
    public void I12_FewRefusalsAtTheSameHourOfThreeWeeks_Recur_ElsewhereTheyDoNot()
    {
        var same = new PlantedWeeks(4).Calls("a").Fail("2026-10-28 09", "a", "rate_limit", 3).Fail("2026-11-04 09", "a", "rate_limit", 3).Fail("2026-11-11 09", "a", "rate_limit", 3);
        var other = new PlantedWeeks(4).Calls("a").Fail("2026-10-28 09", "a", "rate_limit", 3).Fail("2026-11-04 10", "a", "rate_limit", 3).Fail("2026-11-12 09", "a", "rate_limit", 3);

        Assert.Equal(["Wednesday 09:00"], Assert.Single(same.Advice.RecurringLimits).Slots);
        Assert.Empty(other.Advice.RecurringLimits);
    }

    [Fact]
    public void I12_TwoWeeksWithCalls_AreTooFew_ThreeAreEnough()
    {
        Assert.Empty(new PlantedWeeks(4).Calls("a", 2, 3).Fail("2026-11-09 13", "a", "rate_limit", 20).Fail("2026-11-16 13", "a", "rate_limit", 20).Advice.RecurringLimits);

        var three = new PlantedWeeks(4).Calls("a", 1, 2, 3);
        three.Fail("2026-11-02 13", "a", "rate_limit", 20).Fail("2026-11-09 14", "a", "rate_limit", 20).Fail("2026-11-16 15", "a", "rate_limit", 20);
        Assert.Equal((3, 3), (three.Advice.RecurringLimits[0].WeeksHit, three.Advice.RecurringLimits[0].WeeksAsked));
    }

    [Fact]
    public void I12_AQuotaThatIsUsedUpWeekly_HasARemedyOfItsOwn()
    {
        var planted = new PlantedWeeks(4).Calls("a");
        foreach (var hour in (string[])["2026-10-30 20", "2026-11-06 21", "2026-11-13 22", "2026-11-20 23"])
        {
            planted.Fail(hour, "a", "quota_exhausted", 5);
        }

        Assert.Equal("Raise the quota of the account at a, add a credential of another account, or add another provider for x/coder.", Assert.Single(planted.Advice.RecurringLimits).Remedy);
    }

    [Fact]
    public void I12_OverloadThatRecurs_IsNoLimit()
    {
        var planted = new PlantedWeeks(4).Calls("a");
        foreach (var monday in (string[])["2026-10-26 13", "2026-11-02 13", "2026-11-09 13", "2026-11-16 13"])
        {
            planted.Fail(monday, "a", "overloaded", 6);
        }

        Assert.Empty(planted.Advice.RecurringLimits);
    }

    private static PlantedWeeks Eight(string[] hours)
    {
        var planted = new PlantedWeeks(8).Calls("a");
        Array.ForEach(hours, hour => planted.Fail(hour, "a", "rate_limit", 5));
        return planted;
    }
}
