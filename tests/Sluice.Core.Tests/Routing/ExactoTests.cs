using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class ExactoTests
{
    private static Ship Known(string name, int failedOf1000, double rate = 50) => new(name) { Tools = (100, 1000, failedOf1000), Speed = Fleet.Speed(rate, 1) };

    private static string[] Order(params Ship[] ships) => new Fleet(ships).Order(new ProviderPreferences { Sort = RouteSort.Exacto });

    [Fact]
    public void Success_OfToolCalls_SortsByWholePercentsAndThenByThroughput() =>
        Assert.Equal(["better", "fast", "slow"], Order(Known("slow", 50, rate: 40), Known("fast", 51, rate: 60), Known("better", 20, rate: 10)));

    [Theory]
    [InlineData(99, 200)]
    [InlineData(100, 199)]
    public void Known_TooLittle_StandsBehindWhoeverIsKnownInItsOrder(int requests, int answers) =>
        Assert.Equal(["known", "first", "second"], Order(
            new Ship("first") { Tools = (requests, answers, 0) }, new Ship("second"), Known("known", 500)));

    // Success 0.99, 0.98, 0.97, 0.90: median 0.975, deviations 0.015, 0.005, 0.005, 0.075, their median 0.01, times 1.4826; two of these below
    // the median is 0.945.
    [Fact]
    public void Success_FarBelowTheMedianOfFour_IsPutLast()
    {
        var plan = new Fleet(Known("bad", 100), Known("a", 10), new Ship("unknown"), Known("b", 20), Known("c", 30)).Plan(ProviderPreferences.None, model: "x/one:exacto");

        Assert.Equal(["a", "b", "c", "unknown", "bad"], Fleet.Providers(plan));
        Assert.Equal(["best tool calls", "next in order", "next in order", "next in order", "worse tool calls than others"], plan.Candidates.Select(candidate => candidate.Reason));
        Assert.Empty(plan.Notes);
    }

    [Fact]
    public void Success_OfThreeOnly_PutsNobodyLast() =>
        Assert.Equal(["a", "b", "bad", "unknown"], Order(new Ship("unknown"), Known("bad", 900), Known("a", 10), Known("b", 20)));

    // All but one succeed always; its 1 % is no outlier, 3 % is: two times the least deviation of one percent.
    [Theory]
    [InlineData(10, "a,b,c,odd,unknown")]
    [InlineData(30, "a,b,c,unknown,odd")]
    public void Success_HardlyDiffering_PutsNobodyLast(int failed, string expected) =>
        Assert.Equal(expected.Split(','), Order(new Ship("unknown"), Known("odd", failed), Known("a", 0), Known("b", 0), Known("c", 0)));

    // Rates 50, 52, 48, 20: median 49, deviations 1, 3, 1, 29, their median 2; 1.5 times 1.4826 times 2.45 (five percent of the median) is 5.4.
    [Fact]
    public void Throughput_FarBelowTheMedian_IsPutLast() =>
        Assert.Equal(["b", "a", "c", "unknown", "slow"], Order(new Ship("unknown"), Known("slow", 0, 20), Known("a", 0, 50), Known("b", 0, 52), Known("c", 0, 48)));

    [Fact]
    public void Nothing_Known_KeepsTheOrderAndSaysSo()
    {
        var plan = new Fleet(new Ship("a"), new Ship("b")).Plan(new ProviderPreferences { Sort = RouteSort.Exacto });

        Assert.Equal(["a", "b"], Fleet.Providers(plan));
        Assert.Equal(["Too few answers with tool calls lately to tell endpoints apart: sort 'exacto' kept the order that counts without it."], plan.Notes);
    }

    [Fact]
    public void Default_OfAPath_DrawsByPriceUntilSomethingIsKnownAndYieldsToAnOrder()
    {
        var fleet = new Fleet(new Ship("dear") { Price = 100 }, new Ship("cheap") { Price = 1 });
        var request = new RoutingRequest("x/one") { DefaultSort = RouteSort.Exacto };

        var plan = fleet.Planner.Plan(fleet.Snapshot, request);
        var ordered = fleet.Planner.Plan(fleet.Snapshot, request with { Preferences = new ProviderPreferences { Order = ["dear"] } });

        Assert.Equal(["cheap", "dear"], Fleet.Providers(plan));
        Assert.Equal("drawn by price", plan.Candidates[0].Reason);
        Assert.Empty(plan.Notes);
        Assert.Equal(["dear", "cheap"], Fleet.Providers(ordered));
    }

    [Fact]
    public void Board_CountsForTwoHours()
    {
        var world = new World().Provider("a").Provider("b").Model("x/one", ("a", 1m), ("b", 1m));
        _ = world.Snapshot;
        var endpoint = world.Endpoint("x/one", "b");
        for (var i = 0; i < 200; i++)
        {
            world.Health.Succeeded(endpoint, world.Credential("b#1"));
            world.Health.CalledTools(endpoint, (ToolCallOutcome)(i % 4));
        }

        Assert.Equal(new EndpointToolUse(200, new ToolCallCounts(50, 50, 50, 50)), world.Health.ToolUse(endpoint));
        Assert.Equal(["b#1", "a#1"], world.Order("x/one:exacto"));

        world.Time.Advance(TimeSpan.FromMinutes(40));
        Assert.Equal(new EndpointToolUse(0, new ToolCallCounts(50, 50, 50, 50)), world.Health.ToolUse(endpoint));

        world.Time.Advance(TimeSpan.FromMinutes(90));
        Assert.Equal(default, world.Health.ToolUse(endpoint));
    }
}
