using Sluice.Core.Pricing;
using Xunit;

namespace Sluice.Core.Tests.Budgets;

public sealed class WorstCaseTests
{
    // A dollar and five per million: 1,000 and 5,000 nano-dollars a token.
    private static readonly PriceSheet Sheet = new() { Input = 1m, Output = 5m, CacheWrite5m = 1.25m };

    [Theory]
    [InlineData(100, 0, false, 100_000)]
    [InlineData(100, 10, false, 150_000)]
    [InlineData(100, 10, true, 175_000)]
    public void TheMost_IsAllInputUncached_AndAllOutput(long input, long output, bool writesCache, long nano) =>
        Assert.Equal(nano, new WorstCase(Sheet, input, writesCache, Tier: null, default).Of(output));

    [Theory]
    [InlineData(150_000, 10)]
    [InlineData(154_999, 10)]
    [InlineData(155_000, 11)]
    [InlineData(100_000, 0)]
    [InlineData(99_999, 0)]
    public void WhatIsAffordable_IsWholeTokensBehindTheInput(long nano, long tokens) =>
        Assert.Equal(tokens, new WorstCase(Sheet, 100, WritesCache: false, Tier: null, default).AffordableOutput(nano));

    [Fact]
    public void FlexTokens_CostHalf() => Assert.Equal((75_000, 20), (new WorstCase(Sheet, 100, false, "flex", default).Of(10), new WorstCase(Sheet, 100, false, "flex", default).AffordableOutput(100_000)));

    [Fact]
    public void WithoutARate_NobodyKnows() => Assert.Null(new WorstCase(new PriceSheet { Input = 1m }, 1, false, null, default).Of(1));
}
