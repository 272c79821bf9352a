using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Pricing;
using Xunit;

namespace Sluice.Core.Tests.Affinity;

public sealed class WarmPriceTests
{
    private static readonly PriceSheet Dear = new() { Input = 3m, CacheRead = 0.3m, CacheWrite5m = 3.75m, Output = 15m };

    [Theory]
    // 50,000 of 52,000 cached: 15,000 + 6,000 at home against 62,500 + 2,000 elsewhere.
    [InlineData(1.0, 1.25, 50_000, 52_000, true)]
    // 0.2 a token elsewhere: 12,500 + 400.
    [InlineData(0.2, 0.25, 50_000, 52_000, false)]
    // Nothing is cached: the cheaper one is cheaper.
    [InlineData(2.9, 3.6, 0, 52_000, false)]
    // As dear: stays.
    [InlineData(3.0, 3.75, 0, 52_000, true)]
    // A hundred tokens of cache are not worth three times the price.
    [InlineData(1.0, 1.25, 100, 52_000, false)]
    public void Worth_ByTheInputOfOneRequest(double input, double write, long cached, long tokens, bool stays)
    {
        var other = new PriceSheet { Input = (decimal)input, CacheWrite5m = (decimal)write };

        Assert.Equal(stays, WarmPrice.IsWorthStaying(At(Dear), cached, At(other), tokens));
    }

    [Fact]
    public void Worth_WithoutAPrice_IsAlways()
    {
        Assert.True(WarmPrice.IsWorthStaying(At(Dear), 0, At(null), 1000));
        Assert.True(WarmPrice.IsWorthStaying(At(null), 0, At(Dear), 1000));
        Assert.True(WarmPrice.IsWorthStaying(At(Dear), 0, At(new PriceSheet { Output = 1 }), 1000));
    }

    [Fact]
    public void Worth_MoreCachedThanSent_CountsWhatIsSent() =>
        Assert.False(WarmPrice.IsWorthStaying(At(Dear), 1_000_000, At(new PriceSheet { Input = 0.1m }), 1000));

    private static ModelEndpoint At(PriceSheet? price) => new(new Model("m"), "p", "up", price);
}
