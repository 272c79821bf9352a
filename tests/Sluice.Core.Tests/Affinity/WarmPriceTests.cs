using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Pricing;
using Sluice.Core.Routing.Endpoints;
using Xunit;

namespace Sluice.Core.Tests.Affinity;

public sealed class WarmPriceTests
{
    private static readonly PriceSheet Dear = new() { Input = 3m, CacheRead = 0.3m, CacheWrite5m = 3.75m, Output = 15m };

    [Theory]
    // In millionths of a dollar, with 500 tokens of output. 50,000 of 52,000 cached: 15,000 + 6,000 + 7,500 at home, 62,500 + 2,000 + 2,500 elsewhere.
    [InlineData(1.0, 1.25, 5, 50_000, 52_000, 0.0285, 0.067)]
    // 12,500 + 400 + 500.
    [InlineData(0.2, 0.25, 1, 50_000, 52_000, 0.0285, 0.0134)]
    // Nothing is cached: 156,000 + 7,500 against 150,800 + 7,500.
    [InlineData(2.9, 3.6, 15, 0, 52_000, 0.1635, 0.1583)]
    // As dear.
    [InlineData(3.0, 3.75, 15, 0, 52_000, 0.1635, 0.1635)]
    // A hundred tokens of cache are not worth three times the price: 30 + 155,700 + 7,500 against 125 + 51,900 + 2,500.
    [InlineData(1.0, 1.25, 5, 100, 52_000, 0.16323, 0.054525)]
    // Cheaper input, 12,500 + 400, and output that is dearer by more than that saves: 20,000.
    [InlineData(0.2, 0.25, 40, 50_000, 52_000, 0.0285, 0.0329)]
    public void Compare_CountsReadingAndWritingTheCacheAndTheOutput(double input, double write, double output, long cached, long tokens, double atHome, double elsewhere)
    {
        var other = new PriceSheet { Input = (decimal)input, CacheWrite5m = (decimal)write, Output = (decimal)output };

        var compared = WarmPrice.Compare(At(Dear), cached, At(other), tokens, outputLimit: null)!;

        Assert.Equal(((decimal)atHome, (decimal)elsewhere), (compared.AtHome, compared.Elsewhere));
        Assert.Equal(atHome <= elsewhere, compared.IsWorthStaying);
    }

    // Hundreds of endpoints are told apart by the quick reckoning, so it must say what the exact one says.
    [Fact]
    public void ColdPrice_RandomPricesAndSizes_IsWhatCompareSaysOfElsewhere()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 1_000; i++)
        {
            var sheet = new PriceSheet
            {
                Input = random.Next(1, 40_000) / 1_000m,
                Output = random.Next(1, 90_000) / 1_000m,
                CacheWrite5m = random.Next(2) == 0 ? random.Next(1, 50_000) / 1_000m : null,
            };
            var (cached, tokens, limit) = (random.Next(100_000), random.Next(200_000), random.Next(2) == 0 ? random.Next(2_000) : (long?)null);

            var exact = WarmPrice.Compare(At(Dear), cached, At(sheet), tokens, limit)!;

            var (toCache, input, output) = WarmPrice.Split(cached, tokens, limit);
            Assert.Equal((double)exact.Elsewhere, FactsOf(At(sheet)).ColdPrice(toCache, input, output) / 1e6, 1e-9);
        }

        Assert.Equal(double.PositiveInfinity, FactsOf(At(Dear with { Output = null })).ColdPrice(1, 1, 1));
    }

    // 200 tokens at 15 and at 40 dollars a million: 3,000 and 8,000; beyond 500 nothing more is expected: 7,500 and 20,000.
    [Theory]
    [InlineData(200L, 0.003, 0.008)]
    [InlineData(500L, 0.0075, 0.02)]
    [InlineData(64_000L, 0.0075, 0.02)]
    [InlineData(0L, 0, 0)]
    public void Compare_ExpectsNoMoreOutputThanTheRequestAllows(long limit, double atHome, double elsewhere)
    {
        var compared = WarmPrice.Compare(At(Dear), 0, At(new PriceSheet { Input = 1, Output = 40 }), 0, limit)!;

        Assert.Equal(((decimal)atHome, (decimal)elsewhere), (compared.AtHome, compared.Elsewhere));
    }

    [Fact]
    public void Compare_WithoutAPrice_IsNothing()
    {
        Assert.Null(WarmPrice.Compare(At(Dear), 0, At(null), 1000, null));
        Assert.Null(WarmPrice.Compare(At(null), 0, At(Dear), 1000, null));
        Assert.Null(WarmPrice.Compare(At(Dear), 0, At(new PriceSheet { Output = 1 }), 1000, null));
        Assert.Null(WarmPrice.Compare(At(Dear), 0, At(new PriceSheet { Input = 1 }), 1000, null));
    }

    [Fact]
    public void Compare_MoreCachedThanSent_CountsWhatIsSent()
    {
        var compared = WarmPrice.Compare(At(Dear), 1_000_000, At(new PriceSheet { Input = 0.1m, Output = 15 }), 1000, null)!;

        Assert.Equal((0.0078m, 0.0076m, 1000L), (compared.AtHome, compared.Elsewhere, compared.Cached));
    }

    [Fact]
    public void Sentence_SaysWhatMovingCosts()
    {
        var more = WarmPrice.Compare(At(Dear), 50_000, At(new PriceSheet { Input = 1, CacheWrite5m = 1.25m, Output = 5 }), 52_000, null)!;
        var less = WarmPrice.Compare(At(Dear), 50_000, At(new PriceSheet { Input = 0.2m, CacheWrite5m = 0.25m, Output = 1 }), 52_000, null)!;

        Assert.Equal("moving from p/up to p/up would cost 0.038500 USD more: 0.067000 USD without a cache, 0.028500 USD with 50,000 tokens cached, both with 500 tokens of output", more.ToString());
        Assert.StartsWith("moving from p/up to p/up would cost 0.015100 USD less: 0.013400 USD without a cache", less.ToString(), StringComparison.Ordinal);
    }

    private static EndpointFacts FactsOf(ModelEndpoint endpoint) =>
        new(endpoint, new ProviderSettings { Name = "p", Kind = ProviderKind.OpenAI, BaseUrl = new Uri("http://127.0.0.1:1/v1") }, 0, 0, DateTimeOffset.UnixEpoch);

    private static ModelEndpoint At(PriceSheet? price) => new(new Model("m"), "p", "up", price);
}
