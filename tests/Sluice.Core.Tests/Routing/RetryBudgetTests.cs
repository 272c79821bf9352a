using Sluice.Core.Routing;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class RetryBudgetTests
{
    private readonly ManualTimeProvider _time = new();

    private int TakeAll(RetryBudget budget)
    {
        var taken = 0;
        while (taken < 10_000 && budget.TryTake(0.10m))
        {
            taken++;
        }

        return taken;
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(50, 10)]
    [InlineData(100, 10)]
    [InlineData(1000, 100)]
    public void F33_ReqF37_Repeats_OfOneMinute_AreATenthOfTheTrafficAndAtLeastTen(int requests, int expected)
    {
        var budget = new RetryBudget(_time);
        for (var i = 0; i < requests; i++)
        {
            budget.CountRequest();
        }

        Assert.Equal(expected, TakeAll(budget));
    }

    [Fact]
    public void F33_Repeats_AMinuteLater_AreAllowedAgain()
    {
        var budget = new RetryBudget(_time);
        Assert.Equal(10, TakeAll(budget));

        _time.Advance(TimeSpan.FromSeconds(49));
        Assert.Equal(0, TakeAll(budget));

        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(10, TakeAll(budget));
    }

    [Fact]
    public void Traffic_OlderThanAMinute_GivesNoBudget()
    {
        var budget = new RetryBudget(_time);
        for (var i = 0; i < 1000; i++)
        {
            budget.CountRequest();
        }

        _time.Advance(TimeSpan.FromHours(3));

        Assert.Equal(10, TakeAll(budget));
    }
}
