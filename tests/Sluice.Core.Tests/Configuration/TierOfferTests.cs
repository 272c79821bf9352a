using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

public sealed class TierOfferTests
{
    private static ModelEndpoint Endpoint(string provider, string endpoint) => ConfigLoader.Load(Configs.Sources($$"""
        providers: [{ name: p, {{provider}} }]
        models: [{ id: x/one, endpoints: [{ provider: p, model: up{{endpoint}} }] }]
        """)).Snapshot!.Catalogue.Resolve("x/one")!.Endpoints[0];

    [Fact]
    public void File_NamesTiers_EachIsAnEndpointWithItsPrice()
    {
        var endpoint = Endpoint("kind: openai, api_keys: [k]", ", price: { input: 4, output: 8, cache_read: 1 }, context: 5000, tiers: { priority: { price: { input: 9, output: 18 } }, flex: {} }");

        Assert.Equal([("p/up#priority", "priority", 9m, (decimal?)null), ("p/up#flex", "flex", 2m, 0.5m)],
            endpoint.Tiers.Select(tier => (tier.Id, tier.ServiceTier!, tier.Price!.Input!.Value, tier.Price.CacheRead)));
        Assert.All(endpoint.Tiers, tier => Assert.Equal((5000L, "up"), (tier.ContextLength, tier.UpstreamModel)));
    }

    [Fact]
    public void File_PriorityWithoutPrice_HasNone() => Assert.Null(Endpoint("kind: openai, api_keys: [k]", ", price: { input: 4, output: 8 }, tiers: { priority: {} }").Tiers[0].Price);

    [Fact]
    public void File_KindWithoutTiers_IsAnError()
    {
        var result = ConfigLoader.Load(Configs.Sources("""
            providers: [{ name: p, kind: anthropic, api_keys: [k] }]
            models: [{ id: x/one, endpoints: [{ provider: p, model: up, tiers: { flex: {} } }] }]
            """));

        Assert.Contains("providers of kind anthropic take no service tiers", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: openai, api_keys: [k]", "openai/gpt-5", "gpt-5#flex,gpt-5#priority")]
    [InlineData("kind: openai-responses, api_keys: [k]", "openai/gpt-5", "gpt-5#flex,gpt-5#priority")]
    [InlineData("kind: openrouter, api_keys: [k]", "openai/gpt-5", "")]
    [InlineData("kind: anthropic, api_keys: [k]", "anthropic/claude-opus-4.5", "")]
    [InlineData("kind: gemini, api_keys: [k]", "google/gemini-3.6-flash", "gemini-3.6-flash#flex,gemini-3.6-flash#priority")]
    public void Catalogue_KnowsTheTiersOfTheVendorsOwnHost(string provider, string model, string expected)
    {
        var endpoint = ConfigLoader.Load(Configs.Sources($"providers: [{{ name: p, {provider} }}]")).Snapshot!.Catalogue.Resolve(model)!.Endpoints[0];

        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), endpoint.Tiers.Select(tier => tier.Id["p/".Length..]));
    }
}
