using Sluice.Core.Catalogue;
using Sluice.Core.Pricing;
using Sluice.Core.Tests.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Catalogue;

public sealed class CatalogueResolveTests
{
    private static readonly CatalogueTable Vendors = Configs.Good(null, ("ANTHROPIC_API_KEY", "a"), ("OPENAI_API_KEY", "o"), ("OPENROUTER_API_KEY", "r"), ("DEEPSEEK_API_KEY", "d")).Catalogue;
    private static readonly CatalogueTable Simulator = Configs.Good(null).Catalogue;

    [Theory]
    [InlineData("anthropic/claude-sonnet-4.6", "anthropic/claude-sonnet-4.6", "exact")]
    [InlineData("anthropic/claude-sonnet-4-6", "anthropic/claude-sonnet-4.6", "spelling")]
    [InlineData("claude-sonnet-4-6", "anthropic/claude-sonnet-4.6", "bare name")]
    [InlineData("claude-sonnet-4.6", "anthropic/claude-sonnet-4.6", "bare name")]
    [InlineData("openrouter/anthropic/claude-sonnet-4.6", "anthropic/claude-sonnet-4.6", "prefix")]
    [InlineData("claude-sonnet-4-6[1m]", "anthropic/claude-sonnet-4.6", "suffix")]
    [InlineData("anthropic/claude-opus-4-7", "anthropic/claude-opus-4.7", "spelling")]
    [InlineData("claude-opus-4-8", "anthropic/claude-opus-4.8", "bare name")]
    [InlineData("claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5", "date")]
    [InlineData("anthropic/claude-sonnet-4-20250514", "anthropic/claude-sonnet-4", "date")]
    [InlineData("claude-sonnet-4-20250514", "anthropic/claude-sonnet-4", "date")]
    [InlineData("anthropic/claude-opus-4-20250514", "anthropic/claude-opus-4", "date")]
    [InlineData("anthropic/claude-3-haiku-20240307", "anthropic/claude-3-haiku", "date")]
    [InlineData("claude-fable-5", "anthropic/claude-fable-5", "bare name")]
    [InlineData("openai/gpt-4o-mini", "openai/gpt-4o-mini", "exact")]
    [InlineData("gpt-5.4", "openai/gpt-5.4", "bare name")]
    [InlineData("gpt-5.4-2026-03-05", "openai/gpt-5.4", "date")]
    [InlineData("deepseek-chat", "deepseek/deepseek-chat", "bare name")]
    [InlineData("google/gemini-2.5-pro", "google/gemini-2.5-pro", "exact")]
    [InlineData("claude-3-5-sonnet-latest", "anthropic/claude-3.5-sonnet", "latest")]
    [InlineData("claude-opus-latest", "anthropic/claude-opus-5", "latest")]
    [InlineData("~anthropic/claude-opus-latest", "anthropic/claude-opus-5", "latest")]
    public void C1_C3_C5_C6_CatalogueName_LeadsToItsModel(string name, string id, string how)
    {
        var resolved = Vendors.Resolve(name)!;

        Assert.Equal((id, how), (resolved.Model.Id, resolved.How));
        Assert.NotEmpty(resolved.Endpoints);
    }

    [Theory]
    [InlineData("claude-sonnet-4-6")]
    [InlineData("anthropic/claude-sonnet-4-6")]
    [InlineData("claude-4.6-sonnet-20260217")]
    [InlineData("~anthropic/claude-sonnet-latest")]
    public void Resolve_OtherSpellingOfAModelInTheFile_HasTheFilesEndpoints(string name)
    {
        var snapshot = Configuration.Configs.Good("""
            providers:
              - { name: b, kind: bedrock, region: us-east-1, api_keys: [k] }
            models: [{ id: anthropic/claude-sonnet-4.6, endpoints: [{ provider: b, model: us.anthropic.claude-sonnet-4-6 }] }]
            """);

        Assert.Equal("b/us.anthropic.claude-sonnet-4-6", Assert.Single(snapshot.Catalogue.Resolve(name)!.Endpoints).Id);
    }

    [Fact]
    public void Resolve_ListedName_AllocatesNothing()
    {
        string[] names = ["anthropic/claude-sonnet-4.6", "claude-sonnet-4-6", "claude-haiku-4-5-20251001", "gpt-5.4"];
        Assert.All(names, name => Assert.NotNull(Vendors.Resolve(name)));

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var name in names)
        {
            Vendors.Resolve(name);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Resolve_OneModelAtTwoHosts_HasEachHostsNameInTheProvidersOrder()
    {
        var endpoints = Vendors.Resolve("anthropic/claude-sonnet-4.6")!.Endpoints;

        Assert.Equal(["anthropic/claude-sonnet-4-6", "openrouter/anthropic/claude-sonnet-4.6"], endpoints.Select(endpoint => endpoint.Id));
        Assert.Equal((3m, 15m, 0.3m, 3.75m, 6m), Rates(endpoints[0].Price!));
    }

    [Fact]
    public void Resolve_HostWithItsOwnPrice_IsPricedThere()
    {
        var endpoints = Vendors.Resolve("deepseek/deepseek-chat")!.Endpoints;

        Assert.Equal(["openrouter", "deepseek"], endpoints.Select(endpoint => endpoint.Provider));
        Assert.Equal([0.2574m, 0.14m], endpoints.Select(endpoint => endpoint.Price!.Input!.Value));
    }

    [Theory]
    [InlineData("deepseek/deepseek-v4-flash:fre", "spelling")]
    [InlineData("deepseek/deepseek-v4-flash:free", "variant")]
    public void C4_C7_FreeVariant_IsServedOnlyByWhoOffersItForNothing(string name, string how)
    {
        var resolved = Vendors.Resolve(name)!;

        Assert.Equal(("deepseek/deepseek-v4-flash", "free", how), (resolved.Model.Id, resolved.Variant, resolved.How));
        var endpoint = Assert.Single(resolved.Endpoints);
        Assert.Equal(("openrouter", "deepseek/deepseek-v4-flash:free", 0m, 0m), (endpoint.Provider, endpoint.UpstreamModel, endpoint.Price!.Input, endpoint.Price.Output));
    }

    [Fact]
    public void C7_ListedFreeModel_IsAModelOfItsOwn()
    {
        Assert.Equal(("openai/gpt-oss-20b:free", "exact"), (Vendors.Resolve("openai/gpt-oss-20b:free")!.Model.Id, Vendors.Resolve("openai/gpt-oss-20b:free")!.How));
        Assert.Equal("openai/gpt-oss-20b:free", Vendors.Resolve("openai/gpt-oss-20b:fre")!.Model.Id);
    }

    [Fact]
    public void Resolve_OtherVariant_IsKeptForTheRouter()
    {
        var resolved = Vendors.Resolve("claude-sonnet-4-6:nitro")!;

        Assert.Equal(("anthropic/claude-sonnet-4.6", "nitro"), (resolved.Model.Id, resolved.Variant));
        Assert.Equal(2, resolved.Endpoints.Count);
    }

    [Fact]
    public void Resolve_NewerVersionOfAKnownFamily_IsSentAsNamedAndUnpriced()
    {
        var resolved = Vendors.Resolve("claude-opus-5-5")!;

        Assert.Equal(("anthropic/claude-opus-5.5", "newer than the catalogue"), (resolved.Model.Id, resolved.How));
        Assert.Equal(["anthropic/claude-opus-5-5", "openrouter/anthropic/claude-opus-5.5"], resolved.Endpoints.Select(endpoint => endpoint.Id));
        Assert.All(resolved.Endpoints, endpoint => Assert.Null(endpoint.Price));
        Assert.True(resolved.Model.Traits.AdaptiveThinking);
    }

    [Theory]
    [InlineData("claude-sonet-4-6", "claude-sonnet-4.6")]
    [InlineData("anthropic/claude-sonet-4.6", "anthropic/claude-sonnet-4.6")]
    [InlineData("openai/gtp-5.4", "openai/gpt-5.4")]
    public void C11_SlipOfThePen_IsNothingAndGetsASuggestion(string name, string suggestion)
    {
        Assert.Null(Vendors.Resolve(name));
        Assert.Equal(suggestion, Vendors.Suggest(name)[0]);
        Assert.InRange(Vendors.Suggest(name).Count, 1, 3);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData(":")]
    [InlineData("[1m]")]
    [InlineData("completely-unlike-anything")]
    public void Resolve_Nothing_IsNothing(string name)
    {
        Assert.Null(Vendors.Resolve(name));
        Assert.Empty(Vendors.Suggest(name));
    }

    [Fact]
    public void Resolve_EndlessName_IsNothing()
    {
        Assert.Null(Vendors.Resolve(new string('a', 100_000)));
        Assert.Empty(Vendors.Suggest(new string('a', 100_000)));
        Assert.Null(Vendors.Resolve(string.Concat(Enumerable.Repeat("[1m]", 60))));
    }

    [Fact]
    public void Resolve_ForeignHost_ServesOnlyWhatIsListedOrNamedWithIt()
    {
        var table = Configs.Good("""
            providers:
              - { name: proxy, kind: anthropic, base_url: http://127.0.0.1:9 }
            models:
              - { id: acme/coder-1, endpoints: [{ provider: proxy, model: coder, price: { input: 1, output: 2 } }] }
            """).Catalogue;

        Assert.Empty(table.Resolve("claude-sonnet-4-6")!.Endpoints);
        Assert.Equal(["acme/coder-1"], table.Servable.Select(model => model.Model.Id));
        Assert.Equal("coder", table.Resolve("acme/coder-1")!.Endpoints[0].UpstreamModel);
        var named = table.Resolve("proxy/claude-sonnet-4-6")!;
        Assert.Equal(("anthropic/claude-sonnet-4.6", "provider"), (named.Model.Id, named.How));
        Assert.Equal(("proxy", "claude-sonnet-4-6", (PriceSheet?)null), (named.Endpoints[0].Provider, named.Endpoints[0].UpstreamModel, named.Endpoints[0].Price));
        Assert.Equal("llama3:8b", table.Resolve("proxy/llama3:8b")!.Endpoints[0].UpstreamModel);
    }

    [Fact]
    public void Resolve_ProviderNamedAsAnAuthorOnAForeignHost_TakesItsPrefixedNames()
    {
        var table = Configs.Good("providers: [{ name: anthropic, kind: anthropic, base_url: 'http://127.0.0.1:9' }]").Catalogue;

        var resolved = table.Resolve("anthropic/claude-sonnet-4-6")!;

        Assert.Equal(("anthropic/claude-sonnet-4.6", "claude-sonnet-4-6"), (resolved.Model.Id, resolved.Endpoints[0].UpstreamModel));
    }

    [Fact]
    public void Resolve_DeclaredDialect_NamesTheVendor()
    {
        var table = Configs.Good("providers: [{ name: p, kind: openai, base_url: 'http://127.0.0.1:9', dialect: deepseek }]").Catalogue;

        Assert.Equal("p/deepseek-chat", table.Resolve("deepseek/deepseek-chat")!.Endpoints[0].Id);
    }

    [Fact]
    public void Resolve_FileModelsAndAliases_ComeBeforeTheCatalogue()
    {
        var table = Configs.Good("""
            providers:
              - { name: anthropic, kind: anthropic }
              - { name: local, kind: openai, base_url: "http://127.0.0.1:1" }
            models:
              - { id: anthropic/claude-opus-4.7, endpoints: [{ provider: local, model: opus-at-home, price: { input: 1 } }] }
              - { id: plain-name, context: 10, endpoints: [{ provider: anthropic, model: claude-sonnet-4-6 }] }
            aliases:
              sonnet: claude-sonnet-4-6
              big: sonnet
              "claude-3-5-sonnet-*": anthropic/claude-sonnet-4.6
              "claude-*": anthropic/claude-haiku-4.5
              anthropic/claude-opus-4.7: anthropic/claude-haiku-4.5
              claude-fable-5: anthropic/claude-haiku-4.5
            """).Catalogue;

        Assert.Equal("local/opus-at-home", Assert.Single(table.Resolve("anthropic/claude-opus-4.7")!.Endpoints).Id);
        Assert.Equal(1_000_000, table.Resolve("anthropic/claude-opus-4.7")!.Model.Traits.ContextLength);
        Assert.Equal((10L, 3m), (table.Resolve("plain-name")!.Model.Traits.ContextLength, table.Resolve("plain-name")!.Endpoints[0].Price!.Input));
        Assert.Equal(("anthropic/claude-sonnet-4.6", "alias"), (table.Resolve("sonnet")!.Model.Id, table.Resolve("sonnet")!.How));
        Assert.Equal("anthropic/claude-sonnet-4.6", table.Resolve("big")!.Model.Id);
        Assert.Equal("anthropic/claude-sonnet-4.6", table.Resolve("claude-3-5-sonnet-20241022")!.Model.Id);
        Assert.Equal("anthropic/claude-sonnet-4.6", table.Resolve("claude-3-5-sonnet-20990101")!.Model.Id);
        Assert.Equal("anthropic/claude-haiku-4.5", table.Resolve("claude-opus-4-8")!.Model.Id);
        Assert.Equal("anthropic/claude-haiku-4.5", table.Resolve("claude-fable-5")!.Model.Id);
        Assert.Equal("anthropic/claude-opus-4.8", table.Resolve("anthropic/claude-opus-4.8")!.Model.Id);
    }

    [Fact]
    public void Resolve_AliasToNothing_IsAWarningAndNoName()
    {
        var snapshot = Configs.Good("providers: [{ name: a, kind: anthropic }]\naliases: { x: no-such-thing }");

        Assert.Null(snapshot.Catalogue.Resolve("x"));
        Assert.Equal(["aliases[\"x\"] leads to no known model: the alias is not used."], snapshot.Warnings);
    }

    [Fact]
    public void Simulator_Alone_ServesItsOwnFirstAndEveryOtherName()
    {
        Assert.Equal(["sim/echo", "sim/tools", "sim/think"], Simulator.Servable.Take(3).Select(model => model.Model.Id));
        Assert.All(Simulator.Servable, model => Assert.Single(model.Endpoints));

        var echo = Simulator.Resolve("sim/echo")!.Endpoints[0];
        Assert.Equal(("sim", "sim/echo", (1m, 5m, 0.1m, 1.25m, 2m)), (echo.Provider, echo.UpstreamModel, Rates(echo.Price!)));
        var known = Simulator.Resolve("claude-sonnet-4-6")!;
        Assert.Equal(("anthropic/claude-sonnet-4.6", "claude-sonnet-4-6", 3m), (known.Model.Id, known.Endpoints[0].UpstreamModel, known.Endpoints[0].Price!.Input));
        var unknown = Simulator.Resolve("acme/whatever-9:x")!;
        Assert.Equal(("acme/whatever-9:x", "acme/whatever-9:x", 1m), (unknown.Model.Id, unknown.Endpoints[0].UpstreamModel, unknown.Endpoints[0].Price!.Input));
        Assert.Null(Simulator.Resolve(""));
    }

    [Fact]
    public void Simulator_BesideOthers_ServesOnlyItsOwn()
    {
        var table = Configs.Good("providers: [{ name: s, kind: simulator }, { name: a, kind: anthropic }]").Catalogue;

        Assert.Equal("s/sim/tools", table.Resolve("sim/tools")!.Endpoints[0].Id);
        Assert.Equal("sim/echo", table.Servable[0].Model.Id);
        Assert.Equal("a/claude-sonnet-4-6", Assert.Single(table.Resolve("claude-sonnet-4-6")!.Endpoints).Id);
        Assert.Null(table.Resolve("acme/whatever"));
    }

    private static (decimal?, decimal?, decimal?, decimal?, decimal?) Rates(PriceSheet sheet) => (sheet.Input, sheet.Output, sheet.CacheRead, sheet.CacheWrite5m, sheet.CacheWrite1h);
}
