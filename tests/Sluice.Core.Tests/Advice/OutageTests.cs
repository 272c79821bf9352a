using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

/// <summary>Minutes in which a provider was down, and who was answered in them.</summary>
public sealed class OutageTests
{
    [Fact]
    public void I14_MinutesOfAnOutage_AreBridgedPassedOrQuiet()
    {
        var planted = new PlantedWeeks(4)
            .Request("13:00:10", "a answered")
            .Request("13:02:00", "a overloaded", "b answered")
            .Request("13:02:30", "b answered")
            .Request("13:03:00", "a timeout", "b answered x/other")
            .Request("13:05:00", "a connection", "b overloaded")
            .Request("13:05:20", "b answered")
            .Request("13:07:59", "a upstream_error", "b answered")
            .Request("13:08:30", "a answered");

        // 13:02 to 13:07 are six minutes: in 02, 03 and 07 all were answered elsewhere, in 05 one failed, in 04 and 06 nobody asked.
        var outage = Assert.Single(planted.Advice.Outages.Outages);
        Assert.Equal(
            new Outage("a", PlantedWeeks.Model, new DateTimeOffset(2026, 11, 20, 13, 2, 0, TimeSpan.Zero), new DateTimeOffset(2026, 11, 20, 13, 7, 59, TimeSpan.Zero), Minutes: 6, Bridged: 3, Passed: 1, Answered: 5, Failed: 1),
            outage);
        Assert.Equal("1 outage, 6 minutes: 3 in which others answered everybody, 1 in which requests failed, 2 in which nobody asked.", planted.Advice.Outages.Found);
    }

    [Fact]
    public void I14_FailuresWithAnAnswerBetween_AreNoOutage()
    {
        var planted = new PlantedWeeks(4)
            .Request("13:02:00", "a overloaded", "b answered")
            .Request("13:03:00", "a overloaded", "b answered")
            .Request("13:04:00", "a answered")
            .Request("13:05:00", "a overloaded", "b answered")
            .Request("13:06:00", "a overloaded", "b answered");

        Assert.Empty(planted.Advice.Outages.Outages);
        Assert.Equal("No model at any provider was down for everybody.", planted.Advice.Outages.Found);
    }

    [Fact]
    public void I14_OneRequestThatFailsAgainAndAgain_IsNoOutage() =>
        Assert.Empty(new PlantedWeeks(4).Request("13:02:00", "a overloaded", "a overloaded", "a overloaded", "b answered").Request("13:03:00", "a overloaded", "b answered").Advice.Outages.Outages);

    [Fact]
    public void I14_RefusalsOfOneAccountsLimit_AreNoOutage() =>
        Assert.Empty(new PlantedWeeks(4).Request("13:02:00", "a rate_limit").Request("13:03:00", "a rate_limit").Request("13:04:00", "a quota_exhausted").Advice.Outages.Outages);

    [Fact]
    public void I14_SilenceOfMoreThanAQuarterOfAnHour_EndsAnOutage()
    {
        string[] times = ["13:00:00", "13:05:00", "13:20:00"];
        var shorter = new PlantedWeeks(4);
        var longer = new PlantedWeeks(4);
        foreach (var time in times)
        {
            shorter.Request(time, "a timeout");
            longer.Request(time == "13:20:00" ? "13:20:01" : time, "a timeout");
        }

        Assert.Equal((21, 0, 3), (shorter.Advice.Outages.Minutes, shorter.Advice.Outages.Bridged, shorter.Advice.Outages.Passed));
        Assert.Empty(longer.Advice.Outages.Outages);
    }

    [Fact]
    public void I14_AClientThatLeft_NeitherPassedNorBridged()
    {
        var planted = new PlantedWeeks(4).Request("13:00:00", "a timeout", "b client_gone").Request("13:01:00", "a timeout", "b answered").Request("13:02:00", "a timeout", "b answered");

        var outage = Assert.Single(planted.Advice.Outages.Outages);
        Assert.Equal((3, 2, 0), (outage.Minutes, outage.Bridged, outage.Passed));
    }

    [Fact]
    public void I14_MoreHoursThanWereRead_AreTold()
    {
        var facts = new PlantedWeeks(4).Request("13:00:00", "a timeout").Request("13:00:01", "a timeout").Request("13:00:02", "a timeout").Facts with { HoursRead = 200, HoursWithOutages = 231 };

        Assert.EndsWith(" Only the 200 hours with the most failures were looked at, of 231.", Advisor.Advise(facts).Outages.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void OutageHours_AreThoseWithTheMostFailuresFirst_AndNoOthers()
    {
        var facts = new PlantedWeeks(4).Fail("2026-11-10 03", "a", "timeout", 2).Fail("2026-11-11 03", "a", "timeout", 2).Fail("2026-11-11 03", "b", "overloaded", 1).Fail("2026-11-12 03", "a", "rate_limit", 99).Facts;

        Assert.Equal([new DateTimeOffset(2026, 11, 11, 3, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 11, 10, 3, 0, 0, TimeSpan.Zero)], OutageHours.Of(facts.Failures));
    }
}
