using Sluice.Core.Affinity;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Affinity;

/// <summary>What plans make of a session's home.</summary>
public sealed class AffinityPlanTests
{
    [Fact]
    public void F20_SessionThatMoved_StaysWhileItsNewCacheIsWarm_ThenTheConfiguredOrderWins()
    {
        var world = new World().Provider("a").Provider("b").Model("x/one", ("a", 5m), ("b", 5m));
        world.Affinity.Remember("s", "x/one", world.Endpoint("x/one", "a").Id, "a#1");
        world.Fail("x/one", "a#1", ErrorKind.Overloaded);
        Assert.Equal(["b#1", "a#1"], world.Order("x/one", "s"));
        world.Affinity.Remember("s", "x/one", world.Endpoint("x/one", "b").Id, "b#1");

        for (var turn = 0; turn < 10; turn++)
        {
            world.Time.Advance(TimeSpan.FromMinutes(4));
            Assert.Equal(["b#1", "a#1"], world.Order("x/one", "s"));
            world.Affinity.Remember("s", "x/one", world.Endpoint("x/one", "b").Id, "b#1");
        }

        Assert.Equal(["a#1", "b#1"], world.Order("x/one", "another session"));
        world.Time.Advance(CacheLifetime.Shortest + TimeSpan.FromSeconds(1));
        Assert.Equal(["a#1", "b#1"], world.Order("x/one", "s"));
    }

    [Fact]
    public void F20_OrderOfTheRequest_KeepsTheSessionInsideIt()
    {
        var world = new World().Provider("a").Provider("b").Provider("c").Model("x/one", ("a", 5m), ("b", 5m), ("c", 5m));
        var request = new RoutingRequest("x/one") { Session = "s", Preferences = new ProviderPreferences { Order = ["a", "b"] } };
        world.Affinity.Remember("s", "x/one", world.Endpoint("x/one", "b").Id, "b#1");
        Assert.Equal(["b#1", "a#1", "c#1"], World.Names(world.Plan(request)));

        // Its home is outside: the order decides.
        world.Affinity.Remember("s", "x/one", world.Endpoint("x/one", "c").Id, "c#1");
        Assert.Equal(["a#1", "b#1", "c#1"], World.Names(world.Plan(request)));
        Assert.Equal(["a#1", "b#1"], World.Names(world.Plan(request with { Preferences = new ProviderPreferences { Only = ["a", "b"] } })));
        Assert.Equal(["a#1", "b#1"], World.Names(world.Plan(request with { Preferences = new ProviderPreferences { Ignore = ["c"] } })));
        Assert.Equal(["a#1", "b#1"], World.Names(world.Plan(request with { Preferences = new ProviderPreferences { Order = ["a", "b"], AllowFallbacks = false } })));
    }

    [Theory]
    // 50,000 tokens cached at home for 5 dollars a million (no rate of its own for reading) against 2 and 5.
    [InlineData(2, 50_000, "b#1")]
    [InlineData(5, 50_000, "a#1")]
    [InlineData(5, 0, "a#1")]
    public void F20_SortByPrice_LeavesAWarmCacheOnlyForWhatIsCheaperWithoutOne(int other, long cached, string first)
    {
        var world = new World().Provider("b").Provider("a").Model("x/one", ("b", other), ("a", 5m));
        world.Affinity.Remember("s", "x/one", world.Endpoint("x/one", "a").Id, "a#1", new CacheUse(cached, default, default));
        var request = new RoutingRequest("x/one")
        {
            Session = "s",
            Preferences = new ProviderPreferences { Sort = RouteSort.Price },
            Needs = new RequestNeeds(52_000, null, false, false, false, RequestParameters.None),
        };

        var plan = world.Plan(request);
        Assert.Equal((first, first == "a#1"), (World.Names(plan)[0], plan.Moving!.IsWorthStaying));
        Assert.Equal((world.Endpoint("x/one", "a").Id, world.Endpoint("x/one", "b").Id), (plan.Moving.Home, plan.Moving.Other));
        Assert.Equal("a#1", World.Names(world.Plan(request with { Preferences = ProviderPreferences.None }))[0]);
    }

    [Fact]
    public void F20_HomeThatIsNoEndpointOfTheModelAnyMore_ChangesNothing()
    {
        var world = new World().Provider("a").Provider("b").Model("x/one", ("a", 5m), ("b", 5m));
        world.Affinity.Remember("s", "x/one", "gone/up", "gone#1");

        Assert.Equal(["a#1", "b#1"], world.Order("x/one", "s"));
    }
}
