using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class PlannerTests
{
    private static World TwoProviders() => new World().Provider("a").Provider("b").Model("x/one", ("a", 5m), ("b", 2m));

    [Fact]
    public void Order_Sorted_KeepsWhatTheFileLists()
    {
        var plan = TwoProviders().Plan("x/one");

        Assert.Equal(["a#1", "b#1"], World.Names(plan));
        Assert.Equal(["first in order", "next in order"], plan.Candidates.Select(c => c.Reason));
        Assert.Null(plan.Refusal);
        Assert.Equal("x/one", plan.Model!.Id);
    }

    [Theory]
    [InlineData("x/one", RouteSort.Price)]
    [InlineData("x/one:floor", RouteSort.Order)]
    public void Price_AskedFor_CheapestFirstAndUnknownPriceLast(string model, RouteSort configured)
    {
        var world = new World { Routing = new RoutingSettings { Sort = configured } }
            .Provider("unknown").Provider("dear").Provider("cheap").Model("x/one", ("unknown", null), ("dear", 5m), ("cheap", 2m));

        Assert.Equal(["cheap#1", "dear#1", "unknown#1"], world.Order(model));
    }

    [Fact]
    public void RequestSort_Given_WinsOverConfiguredSort()
    {
        var world = TwoProviders();

        Assert.Equal(["b#1", "a#1"], World.Names(world.Plan(new RoutingRequest("x/one") { Preferences = new ProviderPreferences { Sort = RouteSort.Price } })));
    }

    [Fact]
    public void Balanced_PriceOneToTwo_CheaperIsFirstFourTimesInFive()
    {
        // Weights 1/1² and 1/2²: four to one.
        var world = new World { Routing = new RoutingSettings { Sort = RouteSort.Balanced } }.Provider("dear").Provider("cheap").Model("x/one", ("dear", 2m), ("cheap", 1m));

        var cheapFirst = Enumerable.Range(0, 4000).Count(_ => world.Order("x/one")[0] == "cheap#1");

        Assert.InRange(cheapFirst, 3080, 3320);
    }

    [Theory]
    [InlineData(RouteSort.Latency, "latency")]
    [InlineData(RouteSort.Throughput, "throughput")]
    public void MeasuredSort_NothingMeasured_KeepsOrderAndSaysSo(RouteSort sort, string word)
    {
        var world = new World { Routing = new RoutingSettings { Sort = sort } }.Provider("a").Provider("b").Model("x/one", ("a", 5m), ("b", 2m));

        var plan = world.Plan("x/one");

        Assert.Equal(["a#1", "b#1"], World.Names(plan));
        Assert.Contains(word, Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void FailedEndpoint_Within30Seconds_IsTriedLastAndThenFirstAgain()
    {
        var world = TwoProviders();
        world.Fail("x/one", "a#1");

        var plan = world.Plan("x/one");
        Assert.Equal(["b#1", "a#1"], World.Names(plan));
        Assert.Equal("failed recently", plan.Candidates[1].Reason);

        world.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(["a#1", "b#1"], world.Order("x/one"));
    }

    [Fact]
    public void F20_Sessions_OverThreeCredentials_SpreadAndStay()
    {
        var world = new World().Provider("a", credentials: 3).Model("x/one", ("a", 1m));
        var firsts = new HashSet<string>();
        for (var session = 0; session < 60; session++)
        {
            var name = $"session-{session}";
            var first = world.Order("x/one", name)[0];
            firsts.Add(first);
            for (var turn = 0; turn < 30; turn++)
            {
                Assert.Equal(first, world.Order("x/one", name)[0]);
            }
        }

        Assert.Equal(3, firsts.Count);
    }

    [Fact]
    public void F20_Session_CredentialCools_MovesAtOnceAndStaysWhereItMoved()
    {
        var world = new World().Provider("a", credentials: 3).Model("x/one", ("a", 1m));
        var home = world.Order("x/one", "s")[0];
        world.Affinity.Remember("s", "x/one", "a/up-x-one", home);
        world.Fail("x/one", home, ErrorKind.RateLimit, TimeSpan.FromSeconds(60));

        var moved = world.Order("x/one", "s");
        Assert.Equal(2, moved.Length);
        Assert.DoesNotContain(home, moved);
        world.Affinity.Remember("s", "x/one", "a/up-x-one", moved[0]);

        world.Time.Advance(TimeSpan.FromSeconds(61));
        var plan = world.Plan("x/one", "s");
        Assert.Equal(moved[0], plan.Candidates[0].Credential!.Id);
        Assert.Equal("session stays", plan.Candidates[0].Reason);
        Assert.Equal(3, plan.Candidates.Count);
    }

    [Fact]
    public void Affinity_HomeFailedRecently_IsNotPutFirst()
    {
        var world = TwoProviders();
        world.Affinity.Remember("s", "x/one", "b/up-x-one", "b#1");
        Assert.Equal(["b#1", "a#1"], world.Order("x/one", "s"));

        world.Fail("x/one", "b#1");
        Assert.Equal(["a#1", "b#1"], world.Order("x/one", "s"));
    }

    [Fact]
    public void Affinity_SwitchedOff_IsIgnored()
    {
        var world = new World { Routing = new RoutingSettings { SessionAffinity = false } }.Provider("a").Provider("b").Model("x/one", ("a", 5m), ("b", 2m));
        world.Affinity.Remember("s", "x/one", "b/up-x-one", "b#1");

        Assert.Equal(["a#1", "b#1"], world.Order("x/one", "s"));
    }

    [Fact]
    public void RateLimitedCredential_WithoutHint_OthersOfItsPoolStayAheadOfTheNextEndpoint()
    {
        var world = new World().Provider("a", credentials: 2).Provider("b").Model("x/one", ("a", 1m), ("b", 1m));
        world.Fail("x/one", "a#1", ErrorKind.RateLimit);

        Assert.Equal(["a#2", "b#1", "a#1"], world.Order("x/one"));
    }

    [Fact]
    public void Cooling_OneOfTwo_IsLeftOutWithReasonAndTimeLeft()
    {
        var world = TwoProviders();
        world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(42));
        world.Time.Advance(TimeSpan.FromSeconds(2));

        var plan = world.Plan("x/one");

        Assert.Equal(["b#1"], World.Names(plan));
        var left = Assert.Single(plan.LeftOut);
        Assert.Equal("a/up-x-one", left.Endpoint);
        Assert.Equal("credential a#1 is cooling down at the provider's wish, 40 s left", left.Why);
    }

    [Theory]
    [InlineData(20, 15, 15)]
    [InlineData(200, 150, 55)]
    [InlineData(0.2, 90, 1)]
    public void F32_AllCooling_Answers429WithTheShortestRest(double first, double second, int expected)
    {
        var world = TwoProviders();
        world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(first));
        world.Fail("x/one", "b#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(second));

        var plan = world.Plan("x/one");

        Assert.Empty(plan.Candidates);
        Assert.Equal((ErrorKind.RateLimit, 429, ErrorSource.Provider), (plan.Refusal!.Kind, plan.Refusal.Status, plan.Refusal.Source));
        Assert.Equal(TimeSpan.FromSeconds(expected), plan.Refusal.RetryAfter);
        Assert.Equal(2, plan.LeftOut.Count);
    }

    [Fact]
    public void F32_SingleEndpoint_CoolingEnds_IsTriedAgain()
    {
        var world = new World().Provider("a").Model("x/one", ("a", 1m));
        Assert.Equal(["a#1"], world.Order("x/one"));
        world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(10));
        Assert.Equal(429, world.Plan("x/one").Refusal!.Status);

        world.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["a#1"], world.Order("x/one"));
    }

    [Fact]
    public void AllDead_Answers502ThatIsNotWorthRepeating()
    {
        var world = TwoProviders();
        world.Fail("x/one", "a#1", ErrorKind.Authentication, dead: true);
        world.Fail("x/one", "b#1", ErrorKind.Credits, dead: true);

        var refusal = world.Plan("x/one").Refusal!;

        Assert.Equal((502, ErrorSource.Provider, (bool?)false), (refusal.Status, refusal.Source, refusal.ShouldRetry));
        Assert.NotEqual(ErrorKind.Authentication, refusal.Kind);
    }

    [Fact]
    public void C2_C11_UnknownModel_Answers404WithNearNames()
    {
        var refusal = TwoProviders().Plan("x/own").Refusal!;

        Assert.Equal((ErrorKind.ModelNotFound, 404), (refusal.Kind, refusal.Status));
        Assert.Equal("The model 'x/own' does not exist here. Did you mean x/one?", refusal.Message);
    }

    [Fact]
    public void UnknownModel_NearNamesThatTheKeyMayNotUse_AreNotGivenAway()
    {
        var world = TwoProviders().Model("y/two", ("a", 1m));

        var refusal = world.Plan(new RoutingRequest("x/own") { AllowedModels = ["y/*"] }).Refusal!;

        Assert.Equal("The model 'x/own' does not exist here.", refusal.Message);
    }

    [Theory]
    [InlineData("x/one", true)]
    [InlineData("X/ONE", true)]
    [InlineData("x/*", true)]
    [InlineData("*", true)]
    [InlineData("x/one:floor", true)]
    [InlineData("x/on", false)]
    [InlineData("y/*", false)]
    public void AllowedModels_Checked_Answer403OtherwiseAndNeverACandidate(string allowed, bool passes)
    {
        var plan = TwoProviders().Plan(new RoutingRequest("x/one") { AllowedModels = [allowed] });

        Assert.Equal(passes, plan.Candidates.Count > 0);
        Assert.Equal(passes ? null : 403, plan.Refusal?.Status);
        Assert.Equal(passes ? null : ErrorKind.Permission, plan.Refusal?.Kind);
    }

    [Fact]
    public void AllowedModels_AfterACachedPlan_StillRefuse()
    {
        var world = new World().Provider("a").Model("x/one", ("a", 1m));
        Assert.Null(world.Plan("x/one").Refusal);
        Assert.Null(world.Plan("x/one").Refusal);

        Assert.Equal(403, world.Plan(new RoutingRequest("x/one") { AllowedModels = ["z"] }).Refusal!.Status);
    }

    [Fact]
    public void NoEndpoint_ModelKnown_Answers404NoEndpoint()
    {
        var plan = new World().Model("x/one").Plan("x/one");

        Assert.Equal((ErrorKind.NoEndpoint, 404, ErrorSource.Gateway), (plan.Refusal!.Kind, plan.Refusal.Status, plan.Refusal.Source));
    }

    [Fact]
    public void Fallbacks_Configured_FollowInOrder_OwnChainBeforeStar()
    {
        var world = TwoProviders().Model("y/two", ("a", 1m)).Model("z/three", ("b", 1m)).Fallback("x/one", "y/two", "x/one").Fallback("*", "z/three");

        var plan = world.Plan("x/one");
        Assert.Equal(["x/one", "x/one", "y/two"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
        Assert.Equal("fallback model", plan.Candidates[2].Reason);
        Assert.Equal(["y/two", "z/three"], world.Plan("y/two").Candidates.Select(c => c.Endpoint.Model.Id));
    }

    [Fact]
    public void D14_Fallbacks_OfTheRequest_ReplaceTheConfigured()
    {
        var world = TwoProviders().Model("y/two", ("a", 1m)).Model("z/three", ("b", 1m)).Fallback("x/one", "y/two");

        var plan = world.Plan(new RoutingRequest("x/one") { FallbackModels = ["nobody/knows", "z/three"] });

        Assert.Equal(["x/one", "x/one", "z/three"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
        Assert.Equal("fallback: no such model", Assert.Single(plan.LeftOut).Why);
    }

    [Fact]
    public void Fallbacks_ThatCannotDoTheWork_AreLeftOut()
    {
        var world = TwoProviders()
            .Model("y/blind", new ModelTraits { Images = false }, ("a", 1m))
            .Model("y/armless", new ModelTraits { Tools = false }, ("a", 1m))
            .Model("y/able", new ModelTraits { Images = true }, ("a", 1m))
            .Fallback("*", "y/blind", "y/armless", "y/able");

        var plan = world.Plan(new RoutingRequest("x/one") { Needs = new RequestNeeds(0, null, Images: true, Documents: false, Tools: true, RequestParameters.None) });

        Assert.Equal(["x/one", "x/one", "y/able"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
        Assert.Equal(["fallback: the model takes no images", "fallback: the model calls no tools"], plan.LeftOut.Select(l => l.Why));
    }

    [Fact]
    public void Fallbacks_PrimaryFailedRecently_StillComeAfterIt()
    {
        var world = new World().Provider("a").Provider("b").Model("x/one", ("a", 1m)).Model("y/two", ("b", 1m)).Fallback("*", "y/two");
        world.Fail("x/one", "a#1");

        Assert.Equal(["x/one", "y/two"], world.Plan("x/one").Candidates.Select(c => c.Endpoint.Model.Id));
    }

    [Fact]
    public void Candidates_ManyCredentials_AreBoundedAndTheRestNamed()
    {
        var plan = new World().Provider("a", credentials: 40).Model("x/one", ("a", 1m)).Plan("x/one", "s");

        Assert.Equal(16, plan.Candidates.Count);
        Assert.Equal(24, plan.LeftOut.Count);
        Assert.Equal(16, plan.Candidates.Select(c => c.Credential!.Id).Distinct().Count());
    }

    [Fact]
    public void Reason_OfEveryCandidate_HasNoComma()
    {
        var world = new World().Provider("a", credentials: 3).Provider("b").Model("x/one", ("a", 1m), ("b", 2m)).Model("y/two", ("b", 1m)).Fallback("*", "y/two");
        world.Fail("x/one", "b#1");

        Assert.All(world.Plan("x/one").Candidates, c => Assert.True(c.Reason.Length > 0 && !c.Reason.Contains(','), c.Reason));
    }

    [Fact]
    public void SingleEndpoint_PlannedAgain_IsTheSamePlanUntilTheSnapshotChanges()
    {
        var world = new World().Provider("a").Model("x/one", ("a", 1m));
        world.Plan("x/one");
        var plan = world.Plan("x/one");
        Assert.Same(plan, world.Plan("x/one", "some session"));
        Assert.Equal("only endpoint", plan.Candidates[0].Reason);

        world.Provider("b").Model("x/one", ("b", 1m), ("a", 1m));

        Assert.Equal(["b#1", "a#1"], world.Order("x/one"));
    }

    [Fact]
    public void ProviderWithoutCredentials_IsOneCandidate()
    {
        var world = new World().Provider("local", credentials: 0).Model("x/one", ("local", 0m));

        var candidate = Assert.Single(world.Plan("x/one").Candidates);

        Assert.Null(candidate.Credential);
    }
}
