using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

/// <summary>What the whole comes to: each verdict planted, and beside it what is just not enough for it.</summary>
public sealed class AdviceVerdictTests
{
    private static readonly string[] Mondays = ["2026-10-26 13", "2026-11-02 13", "2026-11-09 13", "2026-11-16 13"];

    [Fact]
    public void I93_WeeksWithoutAnythingThatRecurs_SayStay()
    {
        // One bad day of refusals, which others answered.
        var verdict = Assert.Single(new PlantedWeeks(4).Calls("a").Fail("2026-11-09 13", "a", "rate_limit", 40).Sum("b", "answered", 0, 40).Advice.Verdicts);

        Assert.Equal(new(AdviceKind.Stay, "No limit is run into week after week, and outages reached clients in 0 minutes of 4 weeks."), verdict);
    }

    [Fact]
    public void I93_OutagesThatReachClients_SayAddAProvider_AMinuteLessSaysStay()
    {
        string[] times = ["13:00:00", "13:01:00", "13:02:00", "13:03:00", "13:04:00"];
        var planted = new PlantedWeeks(4).Calls("a");
        var shorter = new PlantedWeeks(4).Calls("a");
        foreach (var time in times)
        {
            planted.Request(time, "a connection");
            shorter.Request(time, time == "13:04:00" ? ["a connection", "b answered"] : ["a connection"]);
        }

        Assert.Equal(
            new(AdviceKind.AddProvider, "5 requests failed in 5 minutes of outages, of x/coder at a: another provider or a fallback would have answered them."), Assert.Single(planted.Advice.Verdicts));
        Assert.Equal(new(AdviceKind.Stay, "No limit is run into week after week, and outages reached clients in 4 minutes of 4 weeks."), Assert.Single(shorter.Advice.Verdicts));
    }

    [Fact]
    public void I77_ALimitThatIsRunIntoWeekly_SaysSetLimits()
    {
        Assert.Equal(
            new(AdviceKind.SetLimits, "a refuses for its rate limit week after week (24 calls of x/coder): providers[].limits let requests wait or go elsewhere before they are refused."),
            Assert.Single(Refused("rate_limit").Advice.Verdicts));
    }

    [Fact]
    public void I77_AQuotaThatIsUsedUpWeekly_SaysAddAProvider() =>
        Assert.Equal(new(AdviceKind.AddProvider, "The quota at a is used up again and again: 24 calls refused."), Assert.Single(Refused("quota_exhausted").Advice.Verdicts));

    [Fact]
    public void I93_OneUserWithHalfOfTheCallsAtSuchAProvider_SaysFairShare()
    {
        var facts = Refused("rate_limit").Facts with { Users = [new("dev1", "a", 800), new("dev2", "a", 500), new("dev3", "a", 300), new("dev2", "b", 9_999)] };

        Assert.Equal([AdviceKind.SetLimits, AdviceKind.FairShare], Advisor.Advise(facts).Verdicts.Select(verdict => verdict.Advice));
        Assert.Equal(
            "dev1 alone makes 50.0 % of the calls at a, which 3 users share and whose limit is run into: give dev1 a limit (sluice limits set --scope user:dev1), so that others are not refused on that account.",
            Advisor.Advise(facts).Verdicts[1].Found);
    }

    [Fact]
    public void I93_OneUserWithLessThanHalf_OrOneOfTwo_IsNotUnfair()
    {
        var less = Refused("rate_limit").Facts with { Users = [new("dev1", "a", 799), new("dev2", "a", 500), new("dev3", "a", 300)] };
        var two = Refused("rate_limit").Facts with { Users = [new("dev1", "a", 900), new("dev2", "a", 100)] };

        Assert.Equal([AdviceKind.SetLimits], Advisor.Advise(less).Verdicts.Select(verdict => verdict.Advice));
        Assert.Equal([AdviceKind.SetLimits], Advisor.Advise(two).Verdicts.Select(verdict => verdict.Advice));
    }

    [Fact]
    public void I93_TwoWeeks_AreTooLittleToSay()
    {
        var verdict = Assert.Single(new PlantedWeeks(4).Calls("a", 2, 3).Fail("2026-11-09 13", "a", "rate_limit", 40).Fail("2026-11-16 13", "a", "rate_limit", 40).Advice.Verdicts);

        // 14 days of 50, and 80 more.
        Assert.Equal(new(AdviceKind.TooLittle, "780 requests in 2 weeks: too little to say. It takes 100 requests and 3 weeks with some."), verdict);
    }

    [Fact]
    public void I93_AnEmptyLedger_IsTooLittleToSay() =>
        Assert.Equal(new(AdviceKind.TooLittle, "0 requests in 0 weeks: too little to say. It takes 100 requests and 3 weeks with some."), Assert.Single(new PlantedWeeks(4).Advice.Verdicts));

    private static PlantedWeeks Refused(string cause)
    {
        var planted = new PlantedWeeks(4).Calls("a");
        Array.ForEach(Mondays, monday => planted.Fail(monday, "a", cause, 6));
        return planted;
    }
}
