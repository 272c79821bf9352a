using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;
using Sluice.Protocols.Formats;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class OrderTests
{
    private static readonly ProviderPreferences ByThroughput = new() { Sort = RouteSort.Throughput };
    private static readonly ProviderPreferences ByLatency = new() { Sort = RouteSort.Latency };

    [Fact]
    public void D4_MeasuredSort_GoesByHealth()
    {
        var fleet = new Fleet(new Ship("a") { Speed = Fleet.Speed(20, 0.2) }, new Ship("b") { Speed = Fleet.Speed(90, 3) }, new Ship("c") { Speed = Fleet.Speed(50, 1) });

        var plan = fleet.Plan(ByThroughput);
        Assert.Equal(["b", "c", "a"], Fleet.Providers(plan));
        Assert.Equal("highest throughput", plan.Candidates[0].Reason);
        Assert.Empty(plan.Notes);
        Assert.Equal(["a", "c", "b"], fleet.Order(ByLatency));
        Assert.Equal(["b", "c", "a"], fleet.Order(ProviderPreferences.None, model: "x/one:nitro"));
    }

    [Fact]
    public void MeasuredSort_Unmeasured_ComeAfterMeasuredAndAreTriedFirstOnceInTwenty()
    {
        var fleet = new Fleet(new Ship("new"), new Ship("newer"), new Ship("slow") { Speed = Fleet.Speed(5, 5) }, new Ship("fast") { Speed = Fleet.Speed(50, 1) });
        var firsts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < 10_000; i++)
        {
            var plan = fleet.Plan(ByThroughput);
            var order = Fleet.Providers(plan);
            firsts[order[0]] = firsts.GetValueOrDefault(order[0]) + 1;
            if (order[0] == "fast")
            {
                Assert.Equal(["fast", "slow", "new", "newer"], order);
            }
            else
            {
                Assert.Equal(("tried to be measured", "fast"), (plan.Candidates[0].Reason, order[1]));
            }
        }

        // 1 in 20 of 10,000 is 500, half of it each; four standard deviations of 250 are 63.
        Assert.InRange(firsts["new"], 187, 313);
        Assert.InRange(firsts["newer"], 187, 313);
        Assert.False(firsts.ContainsKey("slow"));
    }

    [Fact]
    public void Speeds_OfManyEndpoints_AreReadOnceASecond()
    {
        var fleet = new Fleet([.. Enumerable.Range(0, 40).Select(i => new Ship($"p{i}") { Speed = Fleet.Speed(100 - i, 1) })]);

        Assert.Equal("p0", fleet.Order(ByThroughput)[0]);
        fleet.Order(ByThroughput);
        Assert.Equal(40, fleet.SpeedsAsked);

        fleet.Time.Advance(TimeSpan.FromSeconds(1));
        fleet.Order(ByThroughput);
        Assert.Equal(80, fleet.SpeedsAsked);
    }

    [Fact]
    public void PreferredSpeeds_NotReached_MovesToTheEndAndLeavesNobodyOut()
    {
        var fleet = new Fleet(
            new Ship("slow") { Price = 1, Speed = Fleet.Speed(10, 4) },
            new Ship("silent") { Price = 2 },
            new Ship("fast") { Price = 3, Speed = Fleet.Speed(80, 0.5) });

        Assert.Equal(["silent", "fast", "slow"], fleet.Order(new ProviderPreferences { PreferredMinThroughput = new Percentiles(null, null, 50, null) }));
        Assert.Equal(["silent", "fast", "slow"], fleet.Order(new ProviderPreferences { PreferredMaxLatency = new Percentiles(1, null, null, null), Sort = RouteSort.Price }));
        Assert.Equal(["slow", "silent", "fast"], fleet.Order(new ProviderPreferences { PreferredMinThroughput = new Percentiles(10, 10, 10, 10) }));
    }

    [Fact]
    public void Failed_Recently_ComesLastWhateverTheSort()
    {
        var fleet = new Fleet(new Ship("a") { Price = 1 }, new Ship("b") { Price = 2 });
        fleet.Failed.Add("a");

        foreach (var sort in Enum.GetValues<RouteSort>())
        {
            Assert.Equal(["b", "a"], fleet.Order(new ProviderPreferences { Sort = sort }));
        }

        Assert.Equal(["b", "a"], fleet.Order(new ProviderPreferences { Order = ["a"] }));
    }

    [Fact]
    public void Partition_None_SortsTheEndpointsOfAllModelsTogether()
    {
        var fleet = new Fleet(
            new Ship("a") { Price = 3 }, new Ship("b") { Price = 9 },
            new Ship("c") { Model = "y/two", Price = 1 }, new Ship("d") { Model = "y/two", Price = 5 });

        Assert.Equal(["a", "b", "c", "d"], fleet.Order(new ProviderPreferences { Sort = RouteSort.Price }, fallbacks: ["y/two"]));
        Assert.Equal(["c", "a", "d", "b"], fleet.Order(new ProviderPreferences { Sort = RouteSort.Price, SortAcrossModels = true }, fallbacks: ["y/two"]));
    }

    [Theory]
    [InlineData("x/one:online", true, null)]
    [InlineData("x/one:thinking", true, null)]
    [InlineData("x/one:thinking", false, "':thinking' asks x/one to think, which it cannot: it answers without.")]
    public void Variant_ThatAddsToTheRequest_ChangesNoOrder(string model, bool reasons, string? note)
    {
        var traits = new ModelTraits { Reasoning = reasons };
        var plan = new Fleet(new Ship("a") { Traits = traits }, new Ship("b") { Traits = traits }).Plan(ProviderPreferences.None, model: model);

        Assert.Equal(["a", "b"], Fleet.Providers(plan));
        Assert.Equal(note is null ? [] : [note], plan.Notes);
    }

    [Fact]
    public void Batch_BehindAName_IsRefusedWithTheReason()
    {
        var plan = new Fleet(new Ship("a")).Planner.Plan(new Fleet(new Ship("a")).Snapshot, new RoutingRequest("y/two:batch"));

        Assert.Equal(404, plan.Refusal!.Status);
        Assert.Contains("endpoints for batches, which this gateway does not serve", plan.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Extended_LongestWindowsGoFirst() =>
        Assert.Equal(["long", "short"], new Fleet(new Ship("short") { Context = 8_000 }, new Ship("long") { Context = 64_000 }).Order(ProviderPreferences.None, model: "x/one:extended"));

    [Fact]
    public void DefaultSort_OfThePath_HoldsUntilTheRequestSaysOtherwise()
    {
        var fleet = new Fleet(new Ship("dear") { Price = 100 }, new Ship("cheap") { Price = 1 });
        var request = new RoutingRequest("x/one") { DefaultSort = RouteSort.Balanced };

        Assert.Equal("drawn by price", fleet.Planner.Plan(fleet.Snapshot, request).Candidates[0].Reason);
        Assert.Equal("lowest price", fleet.Planner.Plan(fleet.Snapshot, request with { Model = "x/one:floor" }).Candidates[0].Reason);
        Assert.Equal(["dear", "cheap"], Fleet.Providers(fleet.Planner.Plan(fleet.Snapshot, request with { Preferences = new ProviderPreferences { Order = ["dear"] } })));
    }

    [Fact]
    public void D9_Balanced_TenThousandDraws_FollowTheInverseSquareOfThePrice()
    {
        decimal[] prices = [1, 2, 3, 4];
        var fleet = new Fleet(20261121, [.. prices.Select(price => new Ship($"p{price}") { Price = price })]);
        var firsts = new double[prices.Length];
        var seconds = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var order = fleet.Order(new ProviderPreferences { Sort = RouteSort.Balanced });
            firsts[order[0][1] - '1']++;
            seconds += order[0] == "p1" && order[1] == "p2" ? 1 : 0;
        }

        var total = prices.Sum(price => 1 / ((double)price * (double)price));
        var chiSquare = prices.Select((price, i) =>
        {
            var expected = 10_000 / ((double)price * (double)price) / total;
            return (firsts[i] - expected) * (firsts[i] - expected) / expected;
        }).Sum();

        // Three degrees of freedom: 16.27 is exceeded once in a thousand.
        Assert.True(chiSquare < 16.27, $"χ² is {chiSquare:F2} for {string.Join(", ", firsts)}");

        // Behind the first the draw goes on by the same weights: 1/4 against 1/9 and 1/16.
        var share = seconds / firsts[0];
        Assert.InRange(share, 0.5902 - 0.025, 0.5902 + 0.025);
    }

    // So many endpoints that the first sixteen are drawn one by one; where one is so cheap that it has nearly all of the weight, that is given up
    // for keys on the way. The first, and the second behind a given first, must follow the same weights in both.
    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public void D9_BalancedAmongMany_TenThousandDraws_FollowTheInverseSquareOfThePrice(int cheapness)
    {
        const int Ships = 60;
        decimal[] prices = [1, .. Enumerable.Range(1, Ships - 1).Select(i => (decimal)cheapness * (1 + (i % 3)))];
        var fleet = new Fleet(20261121, [.. prices.Select((price, i) => new Ship($"p{i}") { Price = price })]);
        var firsts = new double[4];
        var seconds = new double[4];
        for (var i = 0; i < 10_000; i++)
        {
            var order = fleet.Order(new ProviderPreferences { Sort = RouteSort.Balanced });
            Assert.Equal(Planner.MostCandidates, order.Distinct(StringComparer.Ordinal).Count());
            firsts[Group(order[0])]++;
            if (order[0] == "p0")
            {
                seconds[Group(order[1])]++;
            }
        }

        double[] weights = [1, .. Enumerable.Range(0, 3).Select(group => Enumerable.Range(1, Ships - 1).Where(i => i % 3 == group).Sum(i => 1 / ((double)prices[i] * (double)prices[i])))];
        AssertFollows(weights, firsts, 16.27);
        AssertFollows(weights[1..], seconds[1..], 13.82);

        static int Group(string name) => name == "p0" ? 0 : 1 + (int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) % 3);
    }

    [Fact]
    public void Balanced_AllDrawnFailed_TheRestComesAsListedAndTheUnpricedLast()
    {
        // Two have nearly all of the weight, twenty have next to none, and 38 no known price: whoever is well stands behind the draw.
        var ships = Enumerable.Range(0, 60).Select(i => new Ship($"p{i:00}") { Price = i % 3 == 0 ? 1000 : i > 57 ? 0.001m : null }).ToArray();
        var fleet = new Fleet(20261121, ships);
        var balanced = new ProviderPreferences { Sort = RouteSort.Balanced };

        Assert.Equal(["p58", "p59"], fleet.Order(balanced)[..2].Order());
        Assert.All(fleet.Order(balanced)[2..], provider => Assert.Equal(1000, ships[int.Parse(provider.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)].Price));

        foreach (var ship in ships.Where(ship => ship.Price is not null))
        {
            fleet.Out[ship.Provider] = new Exclusion(fleet.Time.GetUtcNow().AddMinutes(1), ExclusionCause.Cooldown);
        }

        Assert.Equal(ships.Where(ship => ship.Price is null).Take(16).Select(ship => ship.Provider), fleet.Order(balanced));
    }

    [Fact]
    public void Balanced_AmongMany_EveryEndpointIsACandidateOrLeftOut()
    {
        var ships = Enumerable.Range(0, 60).Select(i => new Ship($"p{i:00}") { Price = 1 + (i % 3) }).ToArray();
        var fleet = new Fleet(20261121, ships);
        foreach (var ship in ships.Take(30))
        {
            fleet.Failed.Add(ship.Provider);
        }

        for (var i = 0; i < 100; i++)
        {
            var plan = fleet.Plan(new ProviderPreferences { Sort = RouteSort.Balanced });
            Assert.Equal(16, Fleet.Providers(plan).Distinct(StringComparer.Ordinal).Count(provider => !fleet.Failed.Contains(provider)));
            Assert.Empty(plan.LeftOut.Select(one => one.Endpoint).Intersect(plan.Candidates.Select(candidate => candidate.Endpoint.Id), StringComparer.Ordinal));
            Assert.Equal(16, plan.Candidates.Count);
        }
    }

    // The bounds are exceeded once in a thousand.
    private static void AssertFollows(double[] weights, double[] counts, double bound)
    {
        var (weight, count) = (weights.Sum(), counts.Sum());
        var chiSquare = weights.Select((one, i) => (counts[i] - (count * one / weight)) * (counts[i] - (count * one / weight)) / (count * one / weight)).Sum();
        Assert.True(chiSquare < bound, $"χ² is {chiSquare:F2} for {string.Join(", ", counts)}");
    }

    [Fact]
    public void Plan_SameRequestSameHealth_IsTheSamePlan()
    {
        var random = new Random(99);
        for (var round = 0; round < 200; round++)
        {
            var fleet = RandomFleet.Of(random, measured: true);
            var preferences = RandomFleet.Preferences(random);
            var needs = RandomFleet.Needs(random);
            if (preferences.Sort == RouteSort.Balanced)
            {
                continue;
            }

            var first = fleet.Plan(preferences, needs);
            var again = fleet.Plan(preferences, needs);
            Assert.Equal(first.Candidates, again.Candidates);
            Assert.Equal(first.LeftOut, again.LeftOut);
        }
    }

    [Fact]
    public void Order_EqualKeys_KeepTheConfiguredOrderInsideAndBeyondOneBatch()
    {
        // 60 endpoints of three prices; the planner picks sixteen at a time.
        var ships = Enumerable.Range(0, 60).Select(i => new Ship($"p{i:00}") { Price = 1 + (i % 3) }).ToArray();
        var fleet = new Fleet(ships);
        var expected = ships.OrderBy(ship => ship.Price).Select(ship => ship.Provider).ToArray();
        var byPrice = new ProviderPreferences { Sort = RouteSort.Price };

        Assert.Equal(expected[..16], fleet.Order(byPrice));
        Assert.Equal(new LeftOutEndpoint("…", "28 more are further down than a plan goes"), fleet.Plan(byPrice).LeftOut[^1]);
        foreach (var failed in expected[..30])
        {
            fleet.Failed.Add(failed);
        }

        Assert.Equal(expected[30..46], fleet.Order(byPrice));
        Assert.Equal(44, fleet.Plan(byPrice).LeftOut.Count);
    }
}
