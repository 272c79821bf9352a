using Sluice.Core.Affinity;
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
    public void F20_HomeThatIsNoEndpointOfTheModelAnyMore_ChangesNothing()
    {
        var world = new World().Provider("a").Provider("b").Model("x/one", ("a", 5m), ("b", 5m));
        world.Affinity.Remember("s", "x/one", "gone/up", "gone#1");

        Assert.Equal(["a#1", "b#1"], world.Order("x/one", "s"));
    }
}
