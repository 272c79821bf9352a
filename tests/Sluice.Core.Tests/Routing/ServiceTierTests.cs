using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class ServiceTierTests
{
    // In configured order: the priority tier of b is dearer than all, the flex tier of a cheaper than all.
    private static Fleet Tiered() => new(
        new Ship("a") { Price = 4, Tiers = [("flex", 2), ("priority", 8)], Region = "eu" },
        new Ship("b") { Price = 3, Tiers = [("priority", 6)] },
        new Ship("c") { Price = 5 });

    private static string[] Order(string? tier, ProviderPreferences? preferences = null, string model = "x/one", Fleet? fleet = null) => Fleet.Endpoints(Plan(tier, preferences, model, fleet));

    private static Plan Plan(string? tier, ProviderPreferences? preferences = null, string model = "x/one", Fleet? fleet = null)
    {
        fleet ??= Tiered();
        return fleet.Planner.Plan(fleet.Snapshot, new RoutingRequest(model) { ServiceTier = tier, Preferences = preferences ?? ProviderPreferences.None });
    }

    [Theory]
    [InlineData(null, "a,b,c")]
    [InlineData("default", "a,b,c")]
    [InlineData("flex", "a#flex")]
    [InlineData("priority", "a#priority,b#priority,a,b,c")]
    public void Asked_TakesFlexAloneAndPriorityFirst(string? tier, string expected) => Assert.Equal(expected.Split(','), Order(tier));

    [Theory]
    [InlineData("x/one:floor", null, "a#flex,b,a,c")]
    [InlineData("x/one:nitro", null, "a,b,c,a#priority,b#priority")]
    [InlineData("x/one:floor", "default", "b,a,c")]
    [InlineData("x/one:nitro", "default", "a,b,c")]
    [InlineData("x/one:floor", "priority", "b#priority,a#priority,b,a,c")]
    public void Variant_AdmitsItsTier_UnlessTheRequestNamesOne(string model, string? tier, string expected) => Assert.Equal(expected.Split(','), Order(tier, model: model));

    [Fact]
    public void Nitro_PriorityMeasuredFaster_GoesFirst()
    {
        var fleet = new Fleet(new Ship("a") { Speed = Fleet.Speed(50, 1), Tiers = [("priority", 8)] });
        fleet.Measure("a/up#priority", Fleet.Speed(90, 1));

        Assert.Equal(["a#priority", "a"], Order(null, model: "x/one:nitro", fleet: fleet));
    }

    [Fact]
    public void Order_Named_AdmitsNoTierByTheModelsName() =>
        Assert.Equal(["c", "b", "a"], Order(null, new ProviderPreferences { Order = ["c"] }, "x/one:floor"));

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a/flex", "a#flex")]
    [InlineData("A/Priority,c", "c,a#priority")]
    [InlineData("a/eu", "a")]
    [InlineData("b/flex", "")]
    public void Only_ProvidersNameMeansTheOrdinaryTier_AndASlugItsTier(string only, string expected) =>
        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), Order(null, new ProviderPreferences { Only = only.Split(',') }));

    [Fact]
    public void Order_TierSlugs_GoFirstAndOtherTiersStayClosed() =>
        Assert.Equal(["b#priority", "a#flex", "a", "b", "c"], Order(null, new ProviderPreferences { Order = ["b/priority", "a/flex"] }));

    [Theory]
    [InlineData("flex", "a", "a#flex")]
    [InlineData("flex", "b", "b")]
    [InlineData("priority", "b", "b#priority,b")]
    public void Asked_WithProviders_TakesTheirTiersAndElseTheOrdinaryOne(string tier, string only, string expected) =>
        Assert.Equal(expected.Split(','), Order(tier, new ProviderPreferences { Only = [only] }));

    [Theory]
    [InlineData("a", "b,c")]
    [InlineData("a/flex", "b,a,c")]
    public void Ignore_ProvidersName_KeepsItsTiersOutToo(string ignored, string expected) =>
        Assert.Equal(expected.Split(','), Order(null, new ProviderPreferences { Ignore = [ignored] }, "x/one:floor"));

    [Fact]
    public void Flex_CoolingDown_IsNotReplacedByTheOrdinaryTier()
    {
        var fleet = Tiered();
        fleet.Out["a/up#flex"] = new Exclusion(fleet.Time.GetUtcNow().AddSeconds(9), ExclusionCause.Cooldown);

        var plan = Plan("flex", fleet: fleet);

        Assert.Empty(plan.Candidates);
        Assert.Equal(429, plan.Refusal!.Status);
    }

    [Fact]
    public void Flex_OfferedByNobody_IsAskedAsUsualAndTold()
    {
        var plan = Plan("flex", fleet: new Fleet(new Ship("a"), new Ship("b")));

        Assert.Equal(["a", "b"], Fleet.Endpoints(plan));
        Assert.Equal(
            ["No endpoint of x/one is known to be offered in the service tier 'flex': the ordinary ones were asked, with the tier as the request names it."],
            plan.Notes);
    }

    [Fact]
    public void MaxPrice_GoesByTheTiersOwnPrice() =>
        Assert.Equal(["a#flex"], Order(null, new ProviderPreferences { MaxPrice = new PriceLimit(2, null, null, null, null) }, "x/one:floor"));

    [Fact]
    public void Closed_Tiers_AreNamedAsLeftOut()
    {
        var plan = Plan("flex");

        Assert.Contains(new LeftOutEndpoint("a/up#priority", "its service tier was not asked for"), plan.LeftOut);
        Assert.Contains(new LeftOutEndpoint("a/up", "others are in the tier flex that was asked for"), plan.LeftOut);
    }

    [Fact]
    public void Session_AtHomeInTheOrdinaryTier_DoesNotStandBeforePriority()
    {
        var world = new World().Provider("a").Provider("b").Model("x/one", ("b", 1m), ("a", 1m));
        world.Affinity.Remember("s", "x/one", "a/up-x-one", "a#1");
        Assert.Equal("a#1", world.Order("x/one", "s")[0]);

        var fleet = new Fleet(new Ship("b") { Tiers = [("priority", 2)] }, new Ship("a"));
        fleet.Affinity.Remember("s", "x/one", "a/up", "a#1");
        var plan = fleet.Planner.Plan(fleet.Snapshot, new RoutingRequest("x/one") { ServiceTier = "priority", Session = "s" });

        Assert.Equal(["b#priority", "b", "a"], Fleet.Endpoints(plan));
    }

    [Theory]
    [InlineData("flex", null, "flex")]
    [InlineData("priority", null, "priority")]
    [InlineData("fast", null, "priority")]
    [InlineData(null, "fast", "priority")]
    [InlineData("auto", "fast", "priority")]
    [InlineData("default", "fast", "default")]
    [InlineData("auto", null, null)]
    [InlineData("standard_only", null, null)]
    [InlineData(null, "standard", null)]
    public void Words_OfARequest_MeanATier(string? tier, string? speed, string? expected) => Assert.Equal(expected, ServiceTiers.Asked(tier, speed));

    [Fact]
    public void Price_OfAnAnswer_IsThatOfTheTierServed()
    {
        var ordinary = new PriceSheet { Input = 4, Output = 8, WebSearch = 1, ServiceTiers = new Dictionary<string, decimal> { ["priority"] = 2 } };
        var endpoint = new ModelEndpoint(new Model("x/one"), "a", "up", ordinary).OfferedIn(
            [("flex", TierPrices.Own(new PriceSheet { Input = 1, Output = 3 }, "flex")), ("priority", TierPrices.Of(ordinary, "priority"))]);
        var (flex, priority) = (endpoint.Tiers[0], endpoint.Tiers[1]);

        Assert.Equal((8m, 16m, 1m), (priority.Price!.Input, priority.Price.Output, priority.Price.WebSearch));
        Assert.Equal(1_000_000, Cost(flex, "flex"));
        Assert.Equal(1_000_000, Cost(flex, served: null));
        Assert.Equal(4_000_000, Cost(flex, "default"));
        Assert.Equal(8_000_000, Cost(priority, "priority"));
        Assert.Equal(4_000_000, Cost(priority, "default"));
        Assert.Equal(1_000_000, Cost(endpoint, "flex"));
        Assert.Equal(4_000_000, Cost(endpoint, served: null));

        // 1,000 input tokens.
        static long Cost(ModelEndpoint endpoint, string? served) =>
            Pricer.Price(endpoint.PriceOf(served), new Protocols.Conversation.TokenUsage { Input = 1000, ServiceTier = served }, DateTimeOffset.UnixEpoch).NanoUsd;
    }

    [Fact]
    public void PlannedTiers_AnyConfigurationAndRequest_AreOnlyThoseThatWereAskedFor()
    {
        var random = new Random(1234);
        var tiered = 0;
        for (var round = 0; round < 3000; round++)
        {
            var fleet = new Fleet([.. RandomFleet.Ships(random, measured: false).Select(ship => ship with { Tiers = Tiers(random) })]);
            var preferences = RandomFleet.Preferences(random);
            preferences = preferences with { Only = Slugs(random, preferences.Only), Order = Slugs(random, preferences.Order) };
            var tier = new[] { null, null, "flex", "priority", "default" }[random.Next(5)];
            var variant = new[] { null, "floor", "nitro", "exacto" }[random.Next(4)];
            var plan = Plan(tier, preferences, variant is null ? "x/one" : $"x/one:{variant}", fleet);

            var served = plan.Candidates.Select(candidate => candidate.Endpoint.ServiceTier).ToList();
            foreach (var candidate in plan.Candidates.Where(candidate => candidate.Endpoint.ServiceTier is not null))
            {
                tiered++;
                var endpoint = candidate.Endpoint;
                var slug = $"{endpoint.Provider}/{endpoint.ServiceTier}";
                var byName = tier is null && preferences.Order.Count == 0
                    && ((variant == "floor" && endpoint.ServiceTier == "flex") || (variant == "nitro" && endpoint.ServiceTier == "priority"));
                Assert.True(endpoint.ServiceTier == tier || byName || preferences.Only.Contains(slug) || preferences.Order.Contains(slug), $"round {round}: {endpoint.Id}");
                Assert.DoesNotContain(endpoint.Provider, preferences.Ignore);
                Assert.True(preferences.Only.Count == 0 || preferences.Only.Contains(slug) || (endpoint.ServiceTier == tier && preferences.Only.Contains(endpoint.Provider)), $"round {round}: {endpoint.Id}");
            }

            // Flex is never mixed with others, priority never behind the ordinary tier but for a window that is too small, an order or a limit of speed.
            Assert.True(tier != "flex" || served.Distinct().Count() <= 1, $"round {round}: {string.Join(',', served)}");
            Assert.True(tier != "priority" || preferences.Order.Count > 0 || served.LastIndexOf("priority") <= served.IndexOf(null) || served.IndexOf(null) < 0, $"round {round}: {string.Join(',', served)}");
        }

        Assert.True(tiered > 1000, $"{tiered} candidates in tiers: the test says little");
    }

    private static (string, decimal?)[] Tiers(Random random) => random.Next(4) switch
    {
        0 => [("flex", random.Next(5))],
        1 => [("priority", null)],
        2 => [("flex", random.Next(5)), ("priority", random.Next(5))],
        _ => [],
    };

    private static IReadOnlyList<string> Slugs(Random random, IReadOnlyList<string> names) =>
        [.. names.Select(name => name.Contains('/', StringComparison.Ordinal) || random.Next(2) == 0 ? name : $"{name}/{(random.Next(2) == 0 ? "flex" : "priority")}")];
}
