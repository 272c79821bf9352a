using Sluice.Core.Pricing;
using Sluice.Protocols.Conversation;
using Xunit;

namespace Sluice.Core.Tests.Pricing;

public sealed class PricerTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly PriceSheet Sonnet4 = new() { Input = 3, Output = 15, CacheRead = 0.3m, CacheWrite5m = 3.75m, CacheWrite1h = 6, WebSearch = 0.01m };
    private static readonly PriceSheet Haiku45 = new() { Input = 1, Output = 5, CacheRead = 0.1m, CacheWrite5m = 1.25m, CacheWrite1h = 2, WebSearch = 0.01m };
    private static readonly PriceSheet Sonnet5 = new() { Input = 2, Output = 10 };
    private static readonly PriceSheet Opus48 = new() { Input = 5, Output = 25 };

    // Counts as real providers reported them, already in disjoint buckets; amounts computed by hand.
    public static TheoryData<string, PriceSheet, TokenUsage, long> Examples() => new()
    {
        { "one-hour write", Sonnet4, new() { Input = 17, CacheWrite1h = 2056, Output = 100 }, 13_887_000 },
        { "both write durations", Sonnet4, new() { Input = 3, CacheWrite5m = 14, CacheWrite1h = 2056, Output = 459 }, 19_282_500 },
        { "read and write", Sonnet4, new() { Input = 6, CacheRead = 1069, CacheWrite5m = 85, Output = 110 }, 2_307_450 },
        { "write of unsaid duration and a search", Haiku45, new() { Input = 2254, CacheWrite5m = 17269, Output = 110, WebSearches = 1 }, 34_390_250 },
        { "cached part of the prompt", new() { Input = 2.5m, Output = 10, CacheRead = 1.25m }, new() { Input = 140, CacheRead = 1280, Output = 100 }, 2_950_000 },
        { "predictions inside the output", new() { Input = 0.15m, Output = 0.6m }, new() { Input = 58, Output = 17 }, 18_900 },
        { "sound in", new() { Input = 2.5m, Output = 10, AudioInput = 40, AudioOutput = 80 }, new() { Input = 27, AudioInput = 1, Output = 17 }, 277_500 },
        { "two searches", new() { Input = 0.25m, Output = 2, CacheRead = 0.025m, WebSearch = 0.01m }, new() { Input = 21566, CacheRead = 3712, Output = 1390, Reasoning = 1088, WebSearches = 2 }, 28_264_300 },
        { "priced write of a Responses model", new() { Input = 0.22m, Output = 1.32m, CacheRead = 0.022m, CacheWrite5m = 0.275m }, new() { Input = 115, CacheWrite5m = 43, Output = 32 }, 79_365 },
        { "through OpenRouter", Sonnet4, new() { Input = 1, CacheRead = 2569, CacheWrite5m = 79, Output = 100 }, 2_569_950 },
        { "through OpenRouter again", Sonnet4, new() { Input = 3, CacheRead = 2240, CacheWrite5m = 329, Output = 100 }, 3_414_750 },
        { "thinking beside the output, added by the reader", new() { Input = 0.3m, Output = 0.5m, CacheRead = 0.075m }, new() { Input = 1, CacheRead = 290, Output = 222 }, 133_050 },
        { "a search at five dollars a thousand", new() { Input = 0.2m, Output = 0.5m, CacheRead = 0.05m, WebSearch = 0.005m }, new() { Input = 551, CacheRead = 3519, Output = 617, WebSearches = 1 }, 5_594_650 },
        { "tool-use prompt, added by the reader", new() { Input = 0.3m, Output = 2.5m, CacheRead = 0.03m }, new() { Input = 943 + 1934, CacheRead = 901, Output = 432 + 91 }, 2_197_630 },
        { "sound beside text", new() { Input = 0.3m, Output = 2.5m, AudioInput = 1 }, new() { Input = 70, AudioInput = 104, Output = 35 + 104 }, 472_500 },
        { "images at the text rate", new() { Input = 1.5m, Output = 9 }, new() { Input = 1089, Output = 10 + 151 }, 3_082_500 },
        { "cached, with thinking", new() { Input = 1.5m, Output = 9, CacheRead = 0.15m }, new() { Input = 249, CacheRead = 92, Output = 10 + 499 }, 4_968_300 },
        { "a regional profile", new() { Input = 3.3m, Output = 16.5m, CacheRead = 0.33m, CacheWrite5m = 4.125m }, new() { Input = 3, CacheRead = 1712, CacheWrite5m = 236, Output = 121 }, 3_544_860 },
        { "a fee for each request", new() { Input = 2, Output = 8, WebSearch = 0.006m }, new() { Input = 25, Output = 18, WebSearches = 1 }, 6_194_000 },
        { "hit and miss", new() { Input = 0.28m, Output = 0.42m, CacheRead = 0.028m }, new() { Input = 112, CacheRead = 384, Output = 31 }, 55_132 },
        { "plain", new() { Input = 0.075m, Output = 0.3m }, new() { Input = 151, Output = 88 }, 37_725 },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void F27_Price_RealUsage_IsExactToTheNanoDollar(string what, PriceSheet sheet, TokenUsage usage, long expected)
    {
        Assert.NotEmpty(what);
        Assert.Equal(new Cost(expected, IsUnpriced: false), Pricer.Price(sheet, usage, Now));
    }

    [Fact]
    public void F27_Price_CompactionIteration_IsAddedToTheLastMessage()
    {
        var usage = new TokenUsage
        {
            Input = 181,
            Output = 8,
            Iterations =
            [
                new("compaction", null, new() { Input = 100, CacheRead = 55_096, Output = 83 }),
                new("message", null, new() { Input = 181, Output = 8 }),
            ],
        };

        Assert.Equal(new Cost(18_736_800, false), Pricer.Price(Sonnet4, usage, Now));
    }

    [Fact]
    public void F27_Price_AdvisorIteration_HasItsOwnModelsRates()
    {
        var usage = new TokenUsage
        {
            Input = 2390,
            Output = 121,
            Iterations =
            [
                new("message", null, new() { Input = 1128, Output = 61 }),
                new("advisor_message", "claude-opus-4-8", new() { Input = 2518, Output = 22 }),
                new("message", null, new() { Input = 1262, Output = 60 }),
            ],
        };
        var terms = new PricingTerms { SheetOfModel = name => name == "claude-opus-4-8" ? Opus48 : null };

        Assert.Equal(new Cost(19_130_000, false), Pricer.Price(Sonnet5, usage, Now, terms));
    }

    [Fact]
    public void F28_Price_IterationOfAnUnknownModel_IsFlaggedAndTheRestIsCharged()
    {
        var usage = new TokenUsage { Iterations = [new("message", null, new() { Input = 1000 }), new("advisor_message", "nobody", new() { Input = 5 })] };

        Assert.Equal(new Cost(2_000_000, true), Pricer.Price(Sonnet5, usage, Now));
    }

    [Theory]
    [InlineData(200_000, 600_000_000 + 1_500_000)]
    [InlineData(200_001, 1_200_006_000 + 2_250_000)]
    public void F27_Price_LongInput_IsAStepOnTheWholeRequest(long input, long expected)
    {
        var sheet = Sonnet4 with { Tiers = [new PriceTier(200_000, new PriceSheet { Input = 6, Output = 22.5m })] };

        Assert.Equal(new Cost(expected, false), Pricer.Price(sheet, new() { Input = input, Output = 100 }, Now));
    }

    [Fact]
    public void F27_Price_LongInput_CountsCachedTokensAndKeepsRatesThatTheTierLacks()
    {
        var sheet = Sonnet4 with { Tiers = [new PriceTier(200_000, new PriceSheet { Input = 6, Output = 22.5m })] };

        // 1 × 6 + 200,000 × 0.3 (the tier has no rate for reads) + 2 × 22.5
        Assert.Equal(new Cost(6_000 + 60_000_000 + 45_000, false), Pricer.Price(sheet, new() { Input = 1, CacheRead = 200_000, Output = 2 }, Now));
    }

    [Fact]
    public void F27_Price_IterationsBelowATier_AreNotLiftedByTheirSum()
    {
        var sheet = Sonnet4 with { Tiers = [new PriceTier(200_000, new PriceSheet { Input = 6, Output = 22.5m })] };
        var inner = new UsageIteration("message", null, new() { Input = 150_000 });

        Assert.Equal(new Cost(900_000_000, false), Pricer.Price(sheet, new() { Input = 300_000, Iterations = [inner, inner] }, Now));
    }

    [Theory]
    [InlineData(null, 3_000_000, false)]
    [InlineData("default", 3_000_000, false)]
    [InlineData("standard", 3_000_000, false)]
    [InlineData("flex", 1_500_000, false)]
    [InlineData("batch", 1_500_000, false)]
    [InlineData("priority", 3_000_000, true)]
    public void F27_Price_ServiceTier_IsAFactorOnTokens(string? tier, long expected, bool isUnpriced)
    {
        Assert.Equal(new Cost(expected, isUnpriced), Pricer.Price(new() { Input = 3 }, new() { Input = 1000, ServiceTier = tier }, Now));
    }

    [Fact]
    public void F27_Price_ServiceTierOfTheSheet_WinsAndLeavesSearchesAlone()
    {
        var sheet = new PriceSheet { Input = 3, WebSearch = 0.01m, ServiceTiers = new Dictionary<string, decimal> { ["priority"] = 1.75m } };

        Assert.Equal(new Cost(5_250_000 + 10_000_000, false), Pricer.Price(sheet, new() { Input = 1000, WebSearches = 1, ServiceTier = "priority" }, Now));
    }

    [Theory]
    [InlineData("2026-08-31T23:59:59Z", 2_000)]
    [InlineData("2026-09-01T00:00:00Z", 3_000)]
    public void F27_Price_AnnouncedChange_CountsFromItsDay(string at, long expected)
    {
        var sheet = new PriceSheet { Input = 2, Changes = [new PriceChange(new DateOnly(2026, 9, 1), new PriceSheet { Input = 3 })] };

        Assert.Equal(new Cost(expected, false), Pricer.Price(sheet, new() { Input = 1 }, DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData(1, 0.0005, 0)]
    [InlineData(3, 0.0005, 2)]
    [InlineData(5, 0.0005, 2)]
    [InlineData(7, 0.0005, 4)]
    public void Price_HalfANano_RoundsToEven(long tokens, double rate, long expected)
    {
        Assert.Equal(expected, Pricer.Price(new() { Input = (decimal)rate }, new() { Input = tokens }, Now).NanoUsd);
    }

    [Fact]
    public void Price_MissingCacheRates_FallBackToDearerKnownOnes()
    {
        var sheet = new PriceSheet { Input = 3, Output = 15 };

        Assert.Equal(new Cost(9_000, false), Pricer.Price(sheet, new() { CacheRead = 1, CacheWrite5m = 1, CacheWrite1h = 1 }, Now));
        Assert.Equal(new Cost(7_500, false), Pricer.Price(sheet with { CacheWrite5m = 3.75m }, new() { CacheWrite5m = 1, CacheWrite1h = 1 }, Now));
    }

    [Fact]
    public void F28_Price_UnknownRate_IsFlaggedNeverZeroInSilence()
    {
        Assert.Equal(Cost.Unpriced, Pricer.Price(null, new() { Input = 1, Output = 1 }, Now));
        Assert.Equal(new Cost(3_000, true), Pricer.Price(new() { Input = 3 }, new() { Input = 1, Output = 1 }, Now));
        Assert.Equal(new Cost(3_000, true), Pricer.Price(new() { Input = 3 }, new() { Input = 1, AudioInput = 1 }, Now));
        Assert.Equal(new Cost(3_000, true), Pricer.Price(new() { Input = 3 }, new() { Input = 1, WebSearches = 1 }, Now));
        Assert.Null(Pricer.EstimateInput(null, 10, Now));
        Assert.Equal(30_000, Pricer.EstimateInput(new() { Input = 3 }, 10, Now));
    }

    [Fact]
    public void F28_Price_UnusedUnknownRate_IsNoAlarm()
    {
        Assert.Equal(new Cost(3_000, false), Pricer.Price(new() { Input = 3 }, new() { Input = 1, Output = 0 }, Now));
        Assert.Equal(Cost.Zero, Pricer.Price(null, TokenUsage.Unknown, Now));
    }

    [Fact]
    public void Price_ReportedCost_CountsWhereItIsTheBillOrNothingElseIsKnown()
    {
        var usage = new TokenUsage { Input = 1, ReportedCostNanoUsd = 42 };

        Assert.Equal(new Cost(42, false), Pricer.Price(Sonnet4, usage, Now, new PricingTerms { PreferReportedCost = true }));
        Assert.Equal(new Cost(3_000, false), Pricer.Price(Sonnet4, usage, Now));
        Assert.Equal(new Cost(42, false), Pricer.Price(null, usage, Now));
        Assert.Equal(new Cost(3_000, false), Pricer.Price(Sonnet4, usage with { ReportedCostNanoUsd = -42 }, Now, new PricingTerms { PreferReportedCost = true }));
    }

    [Fact]
    public void F26_Price_GarbageCounts_StayWithinZeroAndTheWorstCase()
    {
        long?[] counts = [null, long.MinValue, -1, 0, 1, 1_000_000, 1_000_000_000_000_000_000, long.MaxValue];
        var random = new Random(26);
        long? Pick() => counts[random.Next(counts.Length)];
        var sheet = Sonnet4 with { AudioInput = 40, AudioOutput = 80, Tiers = [new PriceTier(200_000, new PriceSheet { Input = 6, Output = 22.5m })] };

        // Seven buckets full to the brim at the dearest rate, and as many searches.
        const long WorstCase = 7 * Pricer.MaxTokens * 80_000 + Pricer.MaxTokens * 10_000_000;
        for (var round = 0; round < 5_000; round++)
        {
            var usage = new TokenUsage
            {
                Input = Pick(),
                CacheRead = Pick(),
                CacheWrite5m = Pick(),
                CacheWrite1h = Pick(),
                Output = Pick(),
                AudioInput = Pick(),
                AudioOutput = Pick(),
                WebSearches = Pick(),
                ServiceTier = random.Next(3) == 0 ? "flex" : null,
            };

            var cost = Pricer.Price(sheet, random.Next(4) == 0 ? usage with { Iterations = [new("message", null, usage)] } : usage, Now);

            Assert.InRange(cost.NanoUsd, 0, WorstCase);
            Assert.False(cost.IsUnpriced);
        }
    }

    [Fact]
    public void F26_Price_NegativeCounts_NeverCreditMoney()
    {
        Assert.Equal(new Cost(15_000, false), Pricer.Price(Sonnet4, new() { Input = -1_000_000, CacheRead = -5, Output = 1 }, Now));
    }

    [Fact]
    public void F26_Price_AbsurdRates_SaturateInPlaceOfOverflowing()
    {
        var usage = new TokenUsage { Input = long.MaxValue, Output = long.MaxValue };

        Assert.Equal(long.MaxValue, Pricer.Price(new() { Input = 1_000_000_000, Output = 1_000_000_000 }, usage, Now).NanoUsd);
    }
}
