using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class FilterTests
{
    private static readonly DataPolicy Trains = new() { Trains = true, Retains = false };
    private static readonly DataPolicy KeepsNothing = new() { Retains = false };
    private static readonly DataPolicy Zero = new() { ZeroRetention = true };

    private static RequestNeeds Needs(long input = 0, long? output = null, bool images = false, bool documents = false, bool tools = false, RequestParameters parameters = RequestParameters.None) =>
        new(input, output, images, documents, tools, parameters);

    [Theory]
    [InlineData("a", "a")]
    [InlineData("B,a", "a,b")]
    [InlineData("c/eu", "c")]
    [InlineData("c/us", "")]
    [InlineData("c/up", "c")]
    [InlineData("nobody", "")]
    public void D5_Only_LetsNobodyElseThrough(string only, string expected)
    {
        var fleet = new Fleet(new Ship("a"), new Ship("b"), new Ship("c") { Region = "eu" });

        var plan = fleet.Plan(new ProviderPreferences { Only = only.Split(',') });

        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), Fleet.Providers(plan));
        Assert.All(plan.LeftOut, left => Assert.Equal("not among provider.only", left.Why));
    }

    [Fact]
    public void D5_Only_NothingLeft_Is404ThatNamesTheMemberAndTheFunnel()
    {
        var plan = new Fleet(new Ship("a"), new Ship("b") { Price = null }).Plan(new ProviderPreferences { Only = ["b"], MaxPrice = new PriceLimit(5, null, null, null, null) });

        Assert.Equal((404, ErrorKind.NoEndpoint, "provider.max_price"), (plan.Refusal!.Status, plan.Refusal.Kind, plan.Refusal.Param!));
        Assert.Equal("No endpoint of 'x/one' is what the request asks for: of 2, provider.only leaves 1, provider.max_price leaves 0.", plan.Refusal.Message);
        Assert.Equal(
            [new FunnelStep("Endpoints of the Model", 2), new FunnelStep("Filter by Allowed Providers", 1), new FunnelStep("Filter by Max Price", 0)],
            plan.Funnel);
        Assert.NotNull(plan.Refusal.Remedy);
        Assert.Equal(["not among provider.only", "costs more than provider.max_price or its price is not known"], plan.LeftOut.Select(left => left.Why));
    }

    [Fact]
    public void D6_Ignore_LeavesTheNamedOut() =>
        Assert.Equal(["b"], new Fleet(new Ship("a"), new Ship("b"), new Ship("c")).Order(new ProviderPreferences { Ignore = ["C", "a"] }));

    [Fact]
    public void D7_Order_GoesFirstAndTheRestFollow()
    {
        var plan = new Fleet(new Ship("a"), new Ship("b"), new Ship("c")).Plan(new ProviderPreferences { Order = ["c", "b"] });

        Assert.Equal(["c", "b", "a"], Fleet.Providers(plan));
        Assert.Equal(["named in provider.order", "named in provider.order", "next in order"], plan.Candidates.Select(c => c.Reason));
    }

    [Fact]
    public void D1_AllowFallbacksFalse_WithOrder_LeavesOnlyThose()
    {
        var plan = new Fleet(new Ship("a"), new Ship("b"), new Ship("c")).Plan(new ProviderPreferences { Order = ["c"], AllowFallbacks = false });

        Assert.Equal(["c"], Fleet.Providers(plan));
    }

    [Fact]
    public void D1_AllowFallbacksFalse_WithoutOrder_LeavesTheBestAlone()
    {
        var fleet = new Fleet(new Ship("a") { Price = 3 }, new Ship("b") { Price = 1 }, new Ship("y") { Model = "y/two" });
        var none = new ProviderPreferences { Sort = RouteSort.Price, AllowFallbacks = false };

        Assert.Equal(["b"], fleet.Order(none));
        fleet.Failed.Add("b");
        Assert.Equal(["a"], fleet.Order(none));

        // A model that the request itself names is no fallback of ours.
        Assert.Equal(["a", "y"], fleet.Order(none, fallbacks: ["y/two"]));
    }

    [Fact]
    public void D1_AllowFallbacksFalse_ConfiguredChain_IsNotUsed()
    {
        var fleet = new Fleet(new Ship("a"), new Ship("y") { Model = "y/two" });
        fleet.Snapshot = fleet.Snapshot with { Fallbacks = new Dictionary<string, IReadOnlyList<string>> { ["*"] = ["y/two"] } };

        Assert.Equal(["a", "y"], fleet.Order(ProviderPreferences.None));
        Assert.Equal(["a"], fleet.Order(new ProviderPreferences { AllowFallbacks = false }));
    }

    [Theory]
    [InlineData("anthropic", "direct")]
    [InlineData("Amazon Bedrock", "cloud")]
    [InlineData("amazon-bedrock", "cloud")]
    [InlineData("deepinfra", "infra")]
    [InlineData("DeepInfra", "infra")]
    [InlineData("moonshotai", "moon")]
    [InlineData("Moonshot AI", "moon")]
    [InlineData("google-ai-studio", "g")]
    [InlineData("google", "g")]
    public void A20_Slugs_AndDisplayNames_MeanTheVendor(string name, string expected)
    {
        var fleet = new Fleet(
            new Ship("direct") { Kind = ProviderKind.Anthropic, Url = "https://api.anthropic.com" },
            new Ship("cloud") { Kind = ProviderKind.Bedrock, Url = "https://bedrock-runtime.us-east-1.amazonaws.com" },
            new Ship("infra") { Url = "https://api.deepinfra.com/v1/openai" },
            new Ship("moon") { Url = "https://api.moonshot.ai/v1" },
            new Ship("g") { Kind = ProviderKind.Gemini, Url = "https://generativelanguage.googleapis.com" });

        Assert.Equal([expected], fleet.Order(new ProviderPreferences { Only = [name] }));
        Assert.Equal(expected, fleet.Order(new ProviderPreferences { Order = [name] })[0]);
        Assert.DoesNotContain(expected, fleet.Order(new ProviderPreferences { Ignore = [name] }));
    }

    [Fact]
    public void A20_NameInTheFile_MeansThatProviderAlone()
    {
        var fleet = new Fleet(
            new Ship("anthropic") { Kind = ProviderKind.Anthropic, Url = "https://api.anthropic.com" },
            new Ship("anthropic-eu") { Kind = ProviderKind.Anthropic, Url = "https://api.anthropic.com" });

        Assert.Equal(["anthropic"], fleet.Order(new ProviderPreferences { Only = ["Anthropic"] }));
    }

    [Fact]
    public void A20_Suffix_MeansOneEndpointOfAProvider()
    {
        var fleet = new Fleet(new Ship("deep") { Tag = "turbo" }, new Ship("deep") { Tag = "base" });

        Assert.Equal("deep/up-base", Assert.Single(fleet.Plan(new ProviderPreferences { Only = ["deep/base"] }).Candidates).Endpoint.Id);
        Assert.Equal(2, fleet.Order(new ProviderPreferences { Only = ["deep"] }).Length);
    }

    [Fact]
    public void D8_DataCollectionDeny_LeavesOutWhoKeepsOrTrainsOrDoesNotSay() =>
        Assert.Equal(["nothing", "zero"], new Fleet(new Ship("silent"), new Ship("trains") { Policy = Trains }, new Ship("nothing") { Policy = KeepsNothing }, new Ship("zero") { Policy = Zero })
            .Order(new ProviderPreferences { DenyDataCollection = true }));

    [Fact]
    public void Zdr_LeavesOnlyAgreed() =>
        Assert.Equal(["zero"], new Fleet(new Ship("silent"), new Ship("nothing") { Policy = KeepsNothing }, new Ship("zero") { Policy = Zero })
            .Order(new ProviderPreferences { ZeroDataRetention = true }));

    [Fact]
    public void Quantizations_UnknownIsAWordOfItsOwn()
    {
        var fleet = new Fleet(new Ship("silent"), new Ship("eight") { Quantization = "fp8" }, new Ship("four") { Quantization = "int4" });

        Assert.Equal(["eight"], fleet.Order(new ProviderPreferences { Quantizations = ["fp8", "bf16"] }));
        Assert.Equal(["silent", "four"], fleet.Order(new ProviderPreferences { Quantizations = ["int4", "unknown"] }));
    }

    [Theory]
    [InlineData(2.0, null, "cheap")]
    [InlineData(null, 3.0, "cheap,dear")]
    [InlineData(0.5, null, "")]
    [InlineData(null, null, "cheap,dear,unknown")]
    public void MaxPrice_UnknownPrice_IsNeverBelowALimit(double? prompt, double? completion, string expected)
    {
        var fleet = new Fleet(new Ship("cheap") { Price = 2 }, new Ship("dear") { Price = 3 }, new Ship("unknown") { Price = null });

        var order = fleet.Order(new ProviderPreferences { MaxPrice = new PriceLimit((decimal?)prompt, (decimal?)completion, null, null, null) });

        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), order);
    }

    [Fact]
    public void MaxPrice_LongRequest_CountsItsTier()
    {
        var tiered = new PriceSheet { Input = 1, Output = 1, Tiers = [new PriceTier(200_000, new PriceSheet { Input = 4 })] };
        var fleet = new Fleet(new Ship("tiered") { Sheet = tiered }, new Ship("flat") { Price = 2 });
        var limit = new ProviderPreferences { MaxPrice = new PriceLimit(2, null, null, null, null) };

        Assert.Equal(["tiered", "flat"], fleet.Order(limit, Needs(input: 200_000)));
        Assert.Equal(["flat"], fleet.Order(limit, Needs(input: 200_001)));
    }

    [Fact]
    public void Price_AnnouncedChange_CountsFromItsDay()
    {
        var day = DateOnly.FromDateTime(new Fleet().Time.GetUtcNow().UtcDateTime).AddDays(1);
        var fleet = new Fleet(
            new Ship("rising") { Sheet = new PriceSheet { Input = 1, Output = 1, Changes = [new PriceChange(day, new PriceSheet { Input = 9, Output = 9 })] } },
            new Ship("flat") { Price = 2 });
        var byPrice = new ProviderPreferences { Sort = RouteSort.Price };

        Assert.Equal(["rising", "flat"], fleet.Order(byPrice));
        fleet.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(["flat", "rising"], fleet.Order(byPrice));
    }

    [Fact]
    public void RequireParameters_LeavesOutWhoMissesOne()
    {
        var fleet = new Fleet(
            new Ship("claude") { Kind = ProviderKind.Anthropic, Url = "https://api.anthropic.com" },
            new Ship("chat"),
            new Ship("listed") { Parameters = RequestParameters.Temperature });
        var seed = Needs(parameters: RequestParameters.Seed | RequestParameters.Temperature);

        Assert.Equal(["claude", "chat", "listed"], fleet.Order(seed));
        Assert.Equal(["chat"], fleet.Order(new ProviderPreferences { RequireParameters = true }, seed));
    }

    [Fact]
    public void Tools_SomeTakeThem_OnlyThoseAreUsed()
    {
        var needs = Needs(tools: true, parameters: RequestParameters.Tools);
        var able = new Ship("able");
        var unable = new Ship("unable") { Parameters = RequestParameters.Temperature };

        Assert.Equal(["able"], new Fleet(unable, able).Order(needs));

        // Where nobody can, the model asked for is tried all the same.
        Assert.Equal(["unable"], new Fleet(unable).Order(needs));
        Assert.Equal(["able", "unable"], new Fleet(able, unable).Order(Needs()));
    }

    [Theory]
    [InlineData(RequestParameters.ResponseFormat)]
    [InlineData(RequestParameters.StructuredOutputs)]
    [InlineData(RequestParameters.Verbosity)]
    public void SoftParameters_SomeTakeThem_OnlyThoseAreUsed(RequestParameters parameter)
    {
        var needs = Needs(parameters: parameter | RequestParameters.TopK);
        var fleet = new Fleet(new Ship("without") { Parameters = RequestParameters.TopK }, new Ship("with") { Parameters = parameter });

        Assert.Equal(["with"], fleet.Order(needs));
        Assert.Equal(["without"], new Fleet(new Ship("without") { Parameters = RequestParameters.TopK }).Order(needs));
    }

    [Fact]
    public void OutputLength_SomeReachIt_OnlyThoseAreUsed()
    {
        var fleet = new Fleet(new Ship("short") { MaxOutput = 4096 }, new Ship("long") { MaxOutput = 64_000 }, new Ship("silent"));

        Assert.Equal(["long", "silent"], fleet.Order(Needs(output: 8192)));
        Assert.Equal(["short", "long", "silent"], fleet.Order(Needs(output: 4096)));
        Assert.Equal(["short"], new Fleet(new Ship("short") { MaxOutput = 4096 }).Order(Needs(output: 8192)));
    }

    [Fact]
    public void ContextLength_OfTheModelAskedFor_LargerWindowsGoFirstAndNobodyIsLeftOut()
    {
        var fleet = new Fleet(new Ship("small") { Context = 8_000 }, new Ship("large") { Context = 128_000 }, new Ship("silent"));

        Assert.Equal(["large", "silent", "small"], fleet.Order(Needs(input: 7_000, output: 2_000)));
        Assert.Equal(["small", "large", "silent"], fleet.Order(Needs(input: 7_000, output: 1_000)));
        Assert.Equal(["small"], new Fleet(new Ship("small") { Context = 8_000 }).Order(Needs(input: 50_000)));
    }

    [Fact]
    public void Substitutes_MustBeAble()
    {
        var fleet = new Fleet(
            new Ship("a"),
            new Ship("small") { Model = "y/small", Context = 8_000 },
            new Ship("blind") { Model = "y/blind", Traits = new ModelTraits { Images = false } },
            new Ship("pdfless") { Model = "y/pdfless", Traits = new ModelTraits { Documents = false } },
            new Ship("able") { Model = "y/able", Context = 100_000 });
        string[] fallbacks = ["y/small", "y/blind", "y/pdfless", "y/able"];

        var plan = fleet.Plan(ProviderPreferences.None, Needs(input: 9_000, images: true, documents: true), fallbacks: fallbacks);

        Assert.Equal(["a", "able"], Fleet.Providers(plan));
        Assert.Equal(
            ["fallback: the window is too small", "fallback: the model takes no images", "fallback: the model takes no documents"],
            plan.LeftOut.Select(left => left.Why));
    }

    [Fact]
    public void Preferences_HoldForSubstitutesToo()
    {
        var fleet = new Fleet(new Ship("a"), new Ship("b") { Model = "y/two" });

        Assert.Equal(["b"], fleet.Order(new ProviderPreferences { Only = ["b"] }, fallbacks: ["y/two"]));
    }

    [Fact]
    public void RouterUpstream_NamesAndPoliciesOfThoseBehindIt_AreLeftToItWhereItReadsThem()
    {
        var fleet = new Fleet(new Ship("direct"), new Ship("router") { Kind = ProviderKind.OpenRouter, Url = "https://openrouter.ai/api/v1", Price = null });

        string[] Order(ProviderPreferences preferences, bool travels) =>
            Fleet.Providers(fleet.Planner.Plan(fleet.Snapshot, new RoutingRequest("x/one") { Preferences = preferences, PreferencesTravel = travels }));

        var elsewhere = new ProviderPreferences { Only = ["deepinfra"] };
        Assert.Equal(["router"], Order(elsewhere, travels: true));
        Assert.Empty(Order(elsewhere, travels: false));
        Assert.Equal(["direct"], Order(new ProviderPreferences { Only = ["direct"] }, travels: true));
        Assert.Equal(["direct"], Order(new ProviderPreferences { Ignore = ["openrouter"] }, travels: true));
        Assert.Equal(["router"], Order(new ProviderPreferences { DenyDataCollection = true }, travels: true));
        Assert.Empty(Order(new ProviderPreferences { DenyDataCollection = true }, travels: false));
    }

    // "anthropic" is configured and does not serve the model; at OpenRouter it may.
    [Fact]
    public void RouterUpstream_NameOfAConfiguredProviderWithoutTheModel_IsLeftToItToo()
    {
        var fleet = new Fleet(
            new Ship("direct"), new Ship("router") { Kind = ProviderKind.OpenRouter, Url = "https://openrouter.ai/api/v1", Price = null },
            new Ship("anthropic") { Model = "y/two" });

        string[] Order(params string[] only) => Fleet.Providers(fleet.Planner.Plan(fleet.Snapshot,
            new RoutingRequest("x/one") { Preferences = new ProviderPreferences { Only = only }, PreferencesTravel = true }));

        Assert.Equal(["router"], Order("anthropic"));
        Assert.Equal(["direct"], Order("direct", "anthropic"));
    }

    [Fact]
    public void AllOpen_Answers503WithRetryAfter_AllCoolingStays429()
    {
        var fleet = new Fleet(new Ship("a"), new Ship("b"));
        var now = fleet.Time.GetUtcNow();
        fleet.Out["a"] = new Exclusion(now.AddSeconds(12), ExclusionCause.Cooldown);
        fleet.Out["b"] = new Exclusion(now.AddSeconds(7), ExclusionCause.Cooldown);
        Assert.Equal((429, TimeSpan.FromSeconds(7)), (fleet.Plan(ProviderPreferences.None).Refusal!.Status, fleet.Plan(ProviderPreferences.None).Refusal!.RetryAfter));

        fleet.Out["b"] = new Exclusion(now.AddSeconds(7), ExclusionCause.Circuit);
        var refusal = fleet.Plan(ProviderPreferences.None).Refusal!;
        Assert.Equal((503, ErrorKind.NoEndpoint, TimeSpan.FromSeconds(7)), (refusal.Status, refusal.Kind, refusal.RetryAfter!.Value));
    }
}
