using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Requirements;

/// <summary>Which model a client gets for the name that it sends, and that its answer says so.</summary>
public sealed class ModelNameTests
{
    private const string Router = """
        providers:
          - { name: router, kind: openrouter, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        """;

    private const string Two = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: b, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: acme/large, ends: 2087-01-31, endpoints: [{ provider: a, model: large-up, price: { input: 3, output: 15 } }] }
          - { id: acme/small, endpoints: [{ provider: b, model: small-up, price: { input: 1, output: 2 } }] }
        fallbacks: { acme/large: [acme/small] }
        """;

    [Fact]
    public async Task C4_FreMisspelling_MeansFreeWithAWarning()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Router);

        var slip = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "deepseek/deepseek-v4-flash:fre", "hello", stream: false));
        var right = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "deepseek/deepseek-v4-flash:free", "hello", stream: false));

        Assert.Equal((200, 200), (slip.Status, right.Status));
        Assert.Equal("':fre' was read as ':free'.", slip.Header("x-sluice-warning"));
        Assert.Null(right.Header("x-sluice-warning"));
        Assert.All(gateway.B.Record.Requests, request => Assert.Equal("deepseek/deepseek-v4-flash:free", request.Model));
        Assert.Equal(2, gateway.B.Record.Count);
    }

    [Theory]
    [InlineData("~anthropic/claude-opus-latest")]
    [InlineData("anthropic/claude-opus-latest")]
    public async Task C8_NameOfAFamily_AnswersWithTheConcreteModel(string name)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Router);

        var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, name, "hello", stream: false));

        Assert.Equal("anthropic/claude-opus-5", answer.Header("x-sluice-model"));
        Assert.Equal("anthropic/claude-opus-5", Assert.Single(gateway.B.Record.Requests).Model);
        Assert.Equal("anthropic/claude-opus-5", answer.Json.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task C10_D17_D20_AnotherModelAnswers_OnlyWhereFallbacksAreAllowed_AndIsNamed(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two.Replace(", ends: 2087-01-31", "", StringComparison.Ordinal));
        var plain = await gateway.PostAsync(client, Wires.Ask(client, "acme/large", "hello", stream: true));
        gateway.A.Script.Always(Fault.Of(500));
        var other = await gateway.PostAsync(client, Wires.Ask(client, "acme/large", "hello again", stream: true));

        Assert.Equal(("acme/large", "a", null), (plain.Header("x-sluice-model"), plain.Header("x-sluice-provider"), plain.Header("x-sluice-warning")));
        Assert.Equal(("acme/small", "b"), (other.Header("x-sluice-model"), other.Header("x-sluice-provider")));
        Assert.Equal("fallback model", other.Header("x-sluice-route"));
        Assert.Equal("acme/large was asked for and acme/small answers.", other.Header("x-sluice-warning"));
        Assert.Equal("Simulated answer to: hello again", other.AnswerText(client));

        var ask = Wires.Ask(client, "acme/large", "no other", stream: true);
        using var request = gateway.Request(client, ask.Body.Insert(ask.Body.LastIndexOf('}'), ""","provider":{"allow_fallbacks":false}"""), ask.Path);
        var refused = await gateway.SendAsync(request);

        Assert.True(refused.Status >= 500, refused.Text);
        Assert.Equal(1, gateway.B.Record.Count);
    }

    [Fact]
    public async Task C11_OneModel_UnderOpenRoutersPath_InItsShape()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Router);

        foreach (var path in new[] { "/api/v1/model/anthropic/claude-sonnet-4.6", "/v1/model/anthropic/claude-sonnet-4-6" })
        {
            var model = (await GetAsync(gateway, path)).Json.GetProperty("data");

            Assert.Equal("anthropic/claude-sonnet-4.6", model.GetProperty("id").GetString());
            Assert.Equal("0.000003", model.GetProperty("pricing").GetProperty("prompt").GetString());
        }
    }

    [Theory]
    [InlineData("/api/v1/model/anthropic/claude-sonet-4.6")]
    [InlineData("/v1/models/anthropic/claude-sonet-4.6")]
    public async Task C11_SlipInTheName_Is404WithTheRightOne(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Router);

        var answer = await GetAsync(gateway, path);

        Assert.Equal(404, answer.Status);
        Assert.Contains("Did you mean anthropic/claude-sonnet-4.6", answer.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await GetAsync(gateway, "/api/v1/model")).Status);
    }

    [Fact]
    public async Task C12_ModelThatEnds_SaysSoInListsAndAnswers_AndItsFallbackTakesOver()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two);

        var listed = (await GetAsync(gateway, "/api/v1/models")).Json.GetProperty("data").EnumerateArray().ToDictionary(model => model.GetProperty("id").GetString()!);
        var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "acme/large", "hello", stream: false));
        gateway.A.Script.Always(Fault.Of(404));
        var later = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "acme/large", "hello", stream: false));

        Assert.Equal("2087-01-31", listed["acme/large"].GetProperty("expiration_date").GetString());
        Assert.False(listed["acme/small"].TryGetProperty("expiration_date", out _));
        Assert.Equal("acme/large is announced to end on 2087-01-31.", answer.Header("x-sluice-warning"));
        Assert.Equal((200, "acme/small"), (later.Status, later.Header("x-sluice-model")));
        Assert.Equal("acme/large was asked for and acme/small answers. acme/large is announced to end on 2087-01-31.", later.Header("x-sluice-warning"));
    }

    [Fact]
    public async Task C12_ModelThatHasEnded_IsServedByItsFallback_OrRefusedWithDayAndSuccessors()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            providers:
            {{UpstreamKinds.Provider(Upstream.Chat, "A", name: "acme")}}
            models:
              - { id: acme/old-1, ends: 2026-01-31, endpoints: [{ provider: acme, model: old-1, price: { input: 1, output: 1 } }] }
              - { id: acme/old-2, endpoints: [{ provider: acme, model: old-2, price: { input: 1, output: 1 } }] }
              - { id: acme/lost-1, ends: 2026-01-31, endpoints: [{ provider: acme, model: lost-1, price: { input: 1, output: 1 } }] }
            fallbacks: { acme/lost-1: [acme/old-2] }
            """);

        var refused = await gateway.PostAsync(Wire.Chat, new ClientRequest("/api/v1/chat/completions", Wires.Ask(Wire.Chat, "acme/old-1", "hello", stream: false).Body));
        var served = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "acme/lost-1", "hello", stream: false));
        var listed = (await GetAsync(gateway, "/api/v1/models")).Json.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());

        var error = refused.Json.GetProperty("error");
        Assert.Equal((404, "The model 'acme/old-1' ended on 2026-01-31. Use acme/old-2."), (refused.Status, error.GetProperty("message").GetString()));
        Assert.Equal(["acme/old-2"], error.GetProperty("metadata").GetProperty("fallback_models").EnumerateArray().Select(model => model.GetString()));
        Assert.Equal(("acme/old-2", "acme/lost-1 ended on 2026-01-31: fallback model"), (served.Header("x-sluice-model"), served.Header("x-sluice-route")));
        Assert.Equal("acme/lost-1 was asked for and acme/old-2 answers. acme/lost-1 ended on 2026-01-31.", served.Header("x-sluice-warning"));
        Assert.Equal(["acme/old-2"], listed.Where(id => id!.StartsWith("acme/", StringComparison.Ordinal)));
    }

    private static async Task<ClientAnswer> GetAsync(GatewayUnderTest gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-api-key", gateway.Key);
        return await gateway.SendAsync(request);
    }
}
