using Sluice.Core.Routing;
using Sluice.Core.Routing.Rules;
using Xunit;

namespace Sluice.Core.Tests.Routing.Rules;

public sealed class CanaryTests
{
    // Five standard deviations of a binomial draw over 10,000: a right implementation fails once in two million.
    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    [InlineData(9_000)]
    public void I19_TenThousandSessions_ShareIsWithinStatisticalBounds(int hundredths)
    {
        var share = hundredths / 10_000.0;
        var deviation = Math.Sqrt(10_000 * share * (1 - share));

        var chosen = Enumerable.Range(0, 10_000).Count(i => Holds("new model", "dev1", $"session-{i}", hundredths));

        Assert.InRange(chosen, (10_000 * share) - (5 * deviation), (10_000 * share) + (5 * deviation));
    }

    [Fact]
    public void Canary_Growing_KeepsWhoWasIn()
    {
        var sessions = Enumerable.Range(0, 2_000).Select(i => $"s{i}").ToList();

        Assert.All(sessions.Where(session => Holds("r", "u", session, 1_000)), session => Assert.True(Holds("r", "u", session, 2_000)));
    }

    // A tenth of a tenth: about 100 of 10,000, were the two drawn independently; all 1,000 if they were the same.
    [Fact]
    public void Canary_OfAnotherName_ChoosesOthers() =>
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => Holds("one", "u", $"s{i}", 1_000) && Holds("two", "u", $"s{i}", 1_000)), 50, 150);

    [Fact]
    public void I19_WithoutSession_GoesByUser()
    {
        var chosen = Enumerable.Range(0, 10_000).Count(i => Holds("r", $"dev{i}", null, 1_000));

        Assert.InRange(chosen, 850, 1_150);
    }

    // Fixed for good: another hash would move every running conversation on the day of the upgrade.
    [Fact]
    public void Canary_AcrossVersions_ChoosesTheSame() =>
        Assert.Equal("s5 s8 s17", string.Join(' ', Enumerable.Range(0, 20).Select(i => $"s{i}").Where(session => Holds("new model", "dev1", session, 1_000))));

    private static bool Holds(string seed, string user, string? session, int hundredths) =>
        Canary.Holds(seed, new RequestOrigin("k", user) { Session = session }, hundredths);
}
