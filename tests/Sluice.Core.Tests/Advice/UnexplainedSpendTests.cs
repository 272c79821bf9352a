using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

/// <summary>The part of the cost that nothing says what for.</summary>
public sealed class UnexplainedSpendTests
{
    private const long Dollar = 1_000_000_000;

    [Fact]
    public void I13_SpendingThatNothingExplains_IsAShareWithNames()
    {
        var spend = Spend([new("dev1", "shop", 60 * Dollar), new("dev1", null, 10 * Dollar), new("dev2", null, 30 * Dollar)], [new("dev1", 5 * Dollar), new("dev2", 15 * Dollar)]);

        Assert.Equal((100 * Dollar, 20 * Dollar, 20.0m, 40 * Dollar), (spend.CostNanoUsd, spend.UnexplainedNanoUsd, spend.UnexplainedPercent, spend.WithoutProjectNanoUsd));
        Assert.Equal(["dev2", "dev1"], spend.Who.Select(who => who.User));
        Assert.Equal(
            "20.00 USD of 100.00 USD (20.0 %) have neither project nor session nor tags, of dev2 (15.00 USD), dev1 (5.00 USD); 40.00 USD (40.0 %) have no project.",
            spend.Found);
        Assert.Equal("Give their keys a project (sluice keys create --user NAME --project NAME), or let their programs send x-sluice-project or x-sluice-tags.", spend.Remedy);
    }

    [Fact]
    public void I13_ATenthUnexplained_NeedsNothing()
    {
        var spend = Spend([new("dev1", "shop", 90 * Dollar), new("dev2", null, 10 * Dollar)], [new("dev2", 10 * Dollar)]);

        Assert.Equal((10.0m, null), (spend.UnexplainedPercent, spend.Remedy));
    }

    [Fact]
    public void I13_TokensWithoutAPrice_AreSaidToCostMore()
    {
        var spend = Spend([new("dev1", "shop", 2 * Dollar, Unpriced: 3)], []);

        Assert.Equal("0.00 USD of 2.00 USD (0.0 %) have neither project nor session nor tags; 0.00 USD (0.0 %) have no project. More was spent: 3 attempts had tokens without a known price.", spend.Found);
        Assert.Equal("Write the missing price beside the endpoint, under models.", spend.Remedy);
    }

    [Fact]
    public void NothingSpent_SaysSo() => Assert.Equal(("Nothing was spent.", null), (Spend([], []).Found, Spend([], []).Remedy));

    private static UnexplainedSpend Spend(Spending[] spending, UntracedSpending[] untraced) =>
        Advisor.Advise(new PlantedWeeks(4).Facts with { Spending = spending, Untraced = untraced }).Spend;
}
