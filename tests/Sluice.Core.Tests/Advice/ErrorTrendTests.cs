using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

/// <summary>Errors week by week: what is a trend, and what is a bad day.</summary>
public sealed class ErrorTrendTests
{
    [Fact]
    public void ReqF36_ErrorsOfEveryWeek_AreFlaggedRecurring()
    {
        var planted = new PlantedWeeks(4).Calls("a");
        foreach (var hour in (string[])["2026-10-24 01", "2026-11-02 02", "2026-11-10 03", "2026-11-18 04"])
        {
            planted.Fail(hour, "a", "overloaded", 10);
        }

        var trend = Assert.Single(planted.Advice.Trends);

        Assert.Equal(("a", "overloaded", Pattern.Recurring, Direction.Steady), (trend.Provider, trend.Cause, trend.Pattern, trend.Direction));
        Assert.Equal([10, 10, 10, 10], trend.ByWeek);
        Assert.Equal([360, 360, 360, 360], trend.CallsByWeek);
        Assert.Equal("40 errors in 1,440 calls, at least 5 in 4 of 4 weeks.", trend.Found);
    }

    [Fact]
    public void ReqF36_AsManyErrorsOnOneDay_AreABadDayAndNoTrend()
    {
        var trend = Assert.Single(new PlantedWeeks(4).Calls("a").Fail("2026-11-10 03", "a", "overloaded", 20).Fail("2026-11-10 04", "a", "overloaded", 16).Fail("2026-11-18 04", "a", "overloaded", 4).Advice.Trends);

        Assert.Equal(Pattern.BadDay, trend.Pattern);
        Assert.Equal("36 of 40 errors on 2026-11-10 alone: a bad day, no trend.", trend.Found);
    }

    [Fact]
    public void ReqF36_TwoBadDaysInTwoWeeks_AreNoTrendEither()
    {
        var trend = Assert.Single(new PlantedWeeks(4).Calls("a").Fail("2026-11-10 03", "a", "timeout", 20).Fail("2026-11-18 03", "a", "timeout", 20).Advice.Trends);

        Assert.Equal((Pattern.Scattered, "40 errors in 1,440 calls, at least 5 in 2 of 4 weeks: no pattern."), (trend.Pattern, trend.Found));
    }

    [Fact]
    public void ReqF36_WhatStoppedTwoWeeksAgo_IsOver()
    {
        var planted = new PlantedWeeks(8).Calls("a");
        foreach (var hour in (string[])["2026-09-26 01", "2026-10-04 02", "2026-10-12 03", "2026-10-20 04", "2026-10-27 05", "2026-11-04 06"])
        {
            planted.Fail(hour, "a", "connection", 5);
        }

        Assert.Equal((Pattern.Over, "30 errors in 2,830 calls, at least 5 in 6 of 8 weeks, but not in the last two."), (planted.Advice.Trends[0].Pattern, planted.Advice.Trends[0].Found));
    }

    [Fact]
    public void ReqF36_CallsInTwoWeeksOnly_AreTooLittle()
    {
        var trend = Assert.Single(new PlantedWeeks(4).Calls("a", 2, 3).Fail("2026-11-10 03", "a", "timeout", 9).Fail("2026-11-18 03", "a", "timeout", 9).Advice.Trends);

        Assert.Equal((Pattern.TooLittle, "18 errors; calls in 2 weeks only, and a trend needs 3."), (trend.Pattern, trend.Found));
    }

    // 350 answered calls a week. Earlier half: 10 of 710. Later half: 30 of 730, which is more than twice the share; 16 of 716 is not.
    [Theory]
    [InlineData(5, 5, 10, 20, Direction.Rising)]
    [InlineData(20, 10, 5, 5, Direction.Falling)]
    [InlineData(5, 5, 8, 8, Direction.Steady)]
    public void ReqF36_Direction_ComparesTheHalvesOfTheWeeks(int first, int second, int third, int fourth, Direction expected)
    {
        var planted = new PlantedWeeks(4).Calls("a").Fail("2026-10-24 01", "a", "timeout", first).Fail("2026-11-02 02", "a", "timeout", second).Fail("2026-11-10 03", "a", "timeout", third).Fail("2026-11-18 04", "a", "timeout", fourth);

        Assert.Equal(expected, Assert.Single(planted.Advice.Trends).Direction);
    }

    [Fact]
    public void ReqF36_WhatRecurs_StandsBeforeABadDayWithMoreErrors_AndClientsThatLeftAreNoErrors()
    {
        var planted = new PlantedWeeks(4).Calls("a").Calls("b").Fail("2026-11-10 03", "b", "overloaded", 500).Fail("2026-11-10 03", "a", "client_gone", 900);
        foreach (var hour in (string[])["2026-10-24 01", "2026-11-02 02", "2026-11-18 04"])
        {
            planted.Fail(hour, "a", "timeout", 5);
        }

        Assert.Equal([("a", "timeout", Pattern.Recurring), ("b", "overloaded", Pattern.BadDay)], planted.Advice.Trends.Select(trend => (trend.Provider, trend.Cause, trend.Pattern)));
    }
}
