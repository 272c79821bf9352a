using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Requirements;

/// <summary>OpenRouter's filters of the list of models.</summary>
public sealed class ModelFilterTests
{
    private const string Listed = """
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: b, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: acme/coder, context: 100000, capabilities: [tools, structured_output], endpoints: [{ provider: a, model: coder, price: { input: 1 } }] }
          - { id: acme/old, context: 5000, capabilities: [sampling], endpoints: [{ provider: a, model: old, price: { input: 1 } }] }
          - { id: other/eye, context: 200000, capabilities: [tools, images], endpoints: [{ provider: b, model: eye, price: { input: 1 } }] }
        """;

    [Theory]
    [InlineData("", "acme/coder acme/old other/eye")]
    [InlineData("supported_parameters=tools", "acme/coder other/eye")]
    [InlineData("supported_parameters=tools,structured_outputs", "acme/coder")]
    [InlineData("supported_parameters=no-such-thing", "")]
    [InlineData("input_modalities=image", "other/eye")]
    [InlineData("output_modalities=all", "acme/coder acme/old other/eye")]
    [InlineData("output_modalities=image", "")]
    [InlineData("model_authors=acme", "acme/coder acme/old")]
    [InlineData("model_authors=acme,other&context=60000", "acme/coder other/eye")]
    [InlineData("providers=b", "other/eye")]
    [InlineData("q=EY", "other/eye")]
    [InlineData("sort=context-high-to-low", "other/eye acme/coder acme/old")]
    [InlineData("category=programming", "acme/coder acme/old other/eye")]
    public async Task C13_Filters_LeaveWhatTheyAskFor(string query, string expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Listed);

        var answer = (await GetAsync(gateway, "/api/v1/models?" + query)).Json;

        Assert.Equal(expected, string.Join(' ', answer.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString())));
        Assert.Equal(answer.GetProperty("data").GetArrayLength(), answer.GetProperty("total_count").GetInt32());
    }

    [Theory]
    [InlineData("max_price=0.5", "google/gemini-2.5-flash")]
    [InlineData("min_price=2&max_output_price=15", "anthropic/claude-sonnet-4.6")]
    [InlineData("sort=pricing-low-to-high", "google/gemini-2.5-flash anthropic/claude-sonnet-4.6 anthropic/claude-opus-5 acme/unpriced sluice/auto")]
    [InlineData("sort=pricing-high-to-low", "anthropic/claude-opus-5 anthropic/claude-sonnet-4.6 google/gemini-2.5-flash acme/unpriced sluice/auto")]
    public async Task C13_Prices_AreThoseOfTheList(string query, string expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            providers: [{ name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }]
            models:
              - { id: acme/unpriced, endpoints: [{ provider: a, model: m }] }
              - { id: anthropic/claude-sonnet-4.6, endpoints: [{ provider: a, model: m }] }
              - { id: anthropic/claude-opus-5, endpoints: [{ provider: a, model: m }] }
              - { id: google/gemini-2.5-flash, endpoints: [{ provider: a, model: m }] }
            """);

        var answer = (await GetAsync(gateway, "/api/v1/models?" + query)).Json;

        Assert.Equal(expected, string.Join(' ', answer.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString())));
    }

    [Fact]
    public async Task C13_NextPage_KeepsTheFilter()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Listed);
        var ids = new List<string?>();
        for (var next = "/api/v1/models?limit=1&model_authors=acme"; next is not null;)
        {
            var page = (await GetAsync(gateway, next)).Json;
            ids.Add(Assert.Single(page.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
            next = page.GetProperty("links").GetProperty("next").GetString();
        }

        Assert.Equal(["acme/coder", "acme/old"], ids);
    }

    private static async Task<ClientAnswer> GetAsync(GatewayUnderTest gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-api-key", gateway.Key);
        return await gateway.SendAsync(request);
    }
}
