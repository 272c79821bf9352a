using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>OpenRouter's routing members in the body of every client: they steer Sluice and never reach a model vendor.</summary>
public sealed class ProviderPreferenceTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: dear, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789], data_policy: { trains: true } }
          - { name: cheap, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789], data_policy: { retains: false, zdr: true } }
        models:
          - id: "m"
            endpoints:
              - { provider: dear, model: dear-m, price: { input: 3, output: 15 } }
              - { provider: cheap, model: cheap-m, price: { input: 1, output: 2 }, quantization: fp8 }
          - id: "n"
            endpoints:
              - { provider: cheap, model: cheap-n, price: { input: 1, output: 2 } }
        """;

    private static ClientRequest Ask(Wire client, string members, string model = "m")
    {
        var ask = Wires.Ask(client, model, "who answers?", stream: false);
        var body = JsonNode.Parse(ask.Body)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        return ask with { Body = body.ToJsonString() };
    }

    [Theory]
    [InlineData(Wire.Anthropic, "cheap")]
    [InlineData(Wire.Chat, "dear")]
    [InlineData(Wire.Responses, "dear")]
    [InlineData(Wire.Gemini, "dear")]
    public async Task Translated_WhatSluiceItselfDoes_IsNotToldAsLost_AndTheRestIs(Wire client, string other)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var heeded = Ask(client, $$"""{"provider":{"only":["{{other}}"]},"models":["n"],"transforms":["middle-out"],"plugins":[{"id":"context-compression"}],"session_id":"s-1"}""");
        var lost = Ask(client, $$"""{"provider":{"only":["{{other}}"]},"plugins":[{"id":"file-parser"}]}""");

        var strict = await gateway.PostAsync(client, heeded, ("x-sluice-strict", "1"));
        var told = await gateway.PostAsync(client, lost);

        Assert.True(strict.Status == 200, strict.Text);
        Assert.Null(strict.Header("x-sluice-degraded"));
        Assert.Equal(200, told.Status);
        Assert.Equal("plugins=dropped", told.Header("x-sluice-degraded"));
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task A20_Provider_OnEverySurface_SteersAndReachesNoVendor(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (members, expected) in new[]
        {
            ("""{"provider":{"only":["cheap"]}}""", "cheap-m"),
            ("""{"provider":{"ignore":["dear"]}}""", "cheap-m"),
            ("""{"provider":{"order":["cheap","dear"]}}""", "cheap-m"),
            ("""{"provider":{"order":["dear"],"allow_fallbacks":false}}""", "dear-m"),
            ("""{"provider":{"sort":"price"}}""", "cheap-m"),
            ("""{"provider":{"sort":{"by":"price","partition":"none"}},"route":"sort"}""", "cheap-m"),
            ("""{"provider":{"data_collection":"deny"}}""", "cheap-m"),
            ("""{"provider":{"zdr":true}}""", "cheap-m"),
            ("""{"provider":{"quantizations":["fp8"]}}""", "cheap-m"),
            ("""{"provider":{"max_price":{"prompt":"2"}}}""", "cheap-m"),
            ("""{"provider":null}""", "dear-m"),
        })
        {
            gateway.A.Record.Clear();
            gateway.B.Record.Clear();

            var answer = await gateway.PostAsync(client, Ask(client, members));

            Assert.True(answer.Status == 200, members + answer.Text);
            var received = Assert.Single(gateway.A.Record.Requests.Concat(gateway.B.Record.Requests));
            Assert.Equal((members, expected), (members, received.Model!));
            using var sent = JsonDocument.Parse(received.Body);
            Assert.False(sent.RootElement.TryGetProperty("provider", out _), members);
            Assert.False(sent.RootElement.TryGetProperty("route", out _), members);
        }
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task D2_Fallbacks_OnEverySurface_AnswerInThatOrder(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var members in (string[])["""{"models":["n"],"provider":{"ignore":["dear"]}}""", """{"fallbacks":[{"model":"n"}],"provider":{"ignore":["dear"]}}"""])
        {
            var plan = await gateway.PostAsync(client, Ask(client, members), ("x-sluice-explain", "1"));

            Assert.Equal(["cheap-m", "cheap-n"], plan.Json.GetProperty("candidates").EnumerateArray().Select(candidate => candidate.GetProperty("model").GetString()));
            Assert.Equal("named in provider.ignore", Assert.Single(plan.Json.GetProperty("left_out").EnumerateArray()).GetProperty("why").GetString());
        }
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task Members_NotUnderstood_AreA400OnEverySurfaceAndNobodyIsAsked(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (members, name) in new[]
        {
            ("""{"provider":{"sort":"cheapest"}}""", "provider.sort"),
            ("""{"provider":["cheap"]}""", "provider"),
            ("""{"models":["m"],"fallbacks":[{"model":"n"}]}""", "fallbacks"),
            ("""{"fallbacks":[{"model":"n","temperature":0}]}""", "fallbacks"),
        })
        {
            var answer = await gateway.PostAsync(client, Ask(client, members));

            Assert.True(answer.Status == 400, members + answer.Text);
            Assert.Contains($"`{name}`", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal((0, 0), (gateway.A.Record.Count, gateway.B.Record.Count));
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task D5_NothingLeft_Is404ThatSaysWhichMemberLeftNothing(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var answer = await gateway.PostAsync(client, Ask(client, """{"provider":{"only":["dear"],"zdr":true}}"""));
        var plan = await gateway.PostAsync(client, Ask(client, """{"provider":{"only":["dear"],"zdr":true}}"""), ("x-sluice-explain", "1"));

        Assert.Equal(404, answer.Status);
        Assert.Contains("provider.only leaves 1, provider.zdr leaves 0", answer.Text, StringComparison.Ordinal);
        Assert.Equal([2, 1, 0], plan.Json.GetProperty("routing_funnel").EnumerateArray().Select(step => step.GetProperty("endpoint_count").GetInt32()));
    }

    [Fact]
    public async Task Models_WithoutModel_TheFirstIsAskedFor()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var body = JsonNode.Parse(Ask(Wire.Chat, """{"models":["n","m"]}""").Body)!.AsObject();
        body.Remove("model");

        var answer = await gateway.PostAsync(Wire.Chat, body.ToJsonString());

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("cheap-n", Assert.Single(gateway.B.Record.Requests).Model);
    }

    // A Chat request takes its provider object along; a translated one does not, and nobody would hold to it (docs/preferences.md).
    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task D5_NamesBehindOpenRouter_AreLeftToItForChat_AndFailClosedElsewhere(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            routing: { retries: 0 }
            providers:
              - { name: router, kind: openrouter, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
              - { name: elsewhere, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
            models:
              - { id: "m", endpoints: [{ provider: router, model: acme/m, price: { input: 1, output: 2 } }] }
              - { id: "n", endpoints: [{ provider: elsewhere, model: n, price: { input: 1, output: 2 } }] }
            """);

        // Nobody of the configuration has that name; and somebody has, who does not serve the model.
        foreach (var name in new[] { "acme-cloud", "elsewhere" })
        {
            var answer = await gateway.PostAsync(client, Ask(client, $$$"""{"provider":{"only":["{{{name}}}"]}}"""));

            if (client == Wire.Chat)
            {
                Assert.Equal(200, answer.Status);
                Assert.Equal($$"""{"only":["{{name}}"]}""", JsonNode.Parse(gateway.A.Record.Last.Body)!["provider"]!.ToJsonString());
            }
            else
            {
                Assert.Equal((404, "client"), (answer.Status, answer.Header("x-sluice-error-source")));
                Assert.Contains("provider.only leaves 0", answer.Error(client).Message, StringComparison.Ordinal);
                Assert.Equal(0, gateway.A.Record.Count);
            }
        }

        Assert.Equal(0, gateway.B.Record.Count);
    }

    [Fact]
    public async Task OpenRouterPath_WithoutASort_IsDrawnByPrice()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var ask = Ask(Wire.Chat, "{}");

        using var request = gateway.Request(Wire.Chat, ask, "/api/v1/chat/completions");
        request.Headers.Add("x-sluice-explain", "1");
        var byApi = await gateway.SendAsync(request);
        var plain = await gateway.PostAsync(Wire.Chat, ask, ("x-sluice-explain", "1"));

        Assert.Equal("drawn by price", byApi.Json.GetProperty("candidates")[0].GetProperty("why").GetString());
        Assert.Equal("first in order", plain.Json.GetProperty("candidates")[0].GetProperty("why").GetString());
    }
}
