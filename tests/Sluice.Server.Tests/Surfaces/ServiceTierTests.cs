using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Simulator.Faults;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Service tiers over real sockets: what the provider is asked, what it is charged as, and what the client is told.</summary>
public sealed class ServiceTierTests
{
    private static readonly Upstream[] Kinds = [Upstream.Chat, Upstream.Responses, Upstream.Gemini, Upstream.Bedrock];

    private static string Config => $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(Kinds.Select(kind => UpstreamKinds.Provider(kind, "A")))}}
          - { name: anthropic, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
        {{string.Concat(Kinds.Select(Model))}}
          - id: "claude"
            endpoints: [{ provider: anthropic, model: claude-m, price: { input: 1, output: 5 } }]
        """;

    private static string Model(Upstream kind) => $$"""
          - id: "{{UpstreamKinds.NameOf(kind)}}"
            endpoints:
              - provider: {{UpstreamKinds.ProviderName(kind, "A")}}
                model: {{UpstreamKinds.ModelName(kind, "m")}}
                price: { input: 4, output: 20 }
                tiers: { flex: {}, priority: { price: { input: 9, output: 30 } } }

        """;

    private static ClientRequest Ask(Wire client, string model, string members, bool stream = false)
    {
        var ask = Wires.Ask(client, model, "how fast?", stream);
        var body = JsonNode.Parse(ask.Body)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        return ask with { Body = body.ToJsonString() };
    }

    private static string? TierOf(Upstream kind, ReceivedRequest received)
    {
        using var sent = JsonDocument.Parse(received.Body);
        Assert.False(sent.RootElement.TryGetProperty("speed", out _));
        return !sent.RootElement.TryGetProperty("service_tier", out var tier) && !sent.RootElement.TryGetProperty("serviceTier", out tier) ? null
            : kind == Upstream.Bedrock ? tier.GetProperty("type").GetString() : tier.GetString();
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task ModelsName_FromEveryClientToEveryKind_AsksForItsTierAndPaysForIt(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var kind in Kinds)
        {
            foreach (var stream in new[] { false, true })
            {
                gateway.A.Record.Clear();

                var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{UpstreamKinds.NameOf(kind)}:floor", "how fast?", stream));

                Assert.True(answer.Status == 200, answer.Text);
                var received = Assert.Single(gateway.A.Record.Requests);
                Assert.Equal("flex", TierOf(kind, received));
                var attempt = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts")[0];
                var used = received.Usage!;

                // Half of 4 and 20 USD per million: 2,000 and 10,000 nano-dollars a token.
                Assert.Equal((kind, stream, "flex"), (kind, stream, attempt.GetProperty("service_tier").GetString()!));
                Assert.Equal((2_000L * used.Input) + (10_000L * used.Output), attempt.GetProperty("cost_nano_usd").GetInt64());
            }
        }
    }

    [Theory]
    [InlineData(Upstream.Chat, Wire.Chat, """{"service_tier":"priority"}""")]
    [InlineData(Upstream.Chat, Wire.Chat, """{"service_tier":"fast"}""")]
    [InlineData(Upstream.Chat, Wire.Chat, """{"speed":"fast"}""")]
    [InlineData(Upstream.Chat, Wire.Anthropic, """{"speed":"fast"}""")]
    [InlineData(Upstream.Responses, Wire.Responses, """{"service_tier":"priority"}""")]
    [InlineData(Upstream.Gemini, Wire.Gemini, """{"service_tier":"priority"}""")]
    [InlineData(Upstream.Gemini, Wire.Chat, """{"service_tier":"priority"}""")]
    [InlineData(Upstream.Bedrock, Wire.Responses, """{"speed":"fast"}""")]
    [InlineData(Upstream.Chat, Wire.Gemini, """{"provider":{"only":["a-chat/priority"]}}""")]
    public async Task Priority_AskedForInAnyWords_IsWhatTheProviderIsAskedFor(Upstream kind, Wire client, string members)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var answer = await gateway.PostAsync(client, Ask(client, UpstreamKinds.NameOf(kind), members));

        Assert.True(answer.Status == 200, answer.Text);
        var received = Assert.Single(gateway.A.Record.Requests);
        Assert.Equal("priority", TierOf(kind, received));
        var attempt = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts")[0];
        Assert.Equal((9_000L * received.Usage!.Input) + (30_000L * received.Usage.Output), attempt.GetProperty("cost_nano_usd").GetInt64());
    }

    [Theory]
    [InlineData(Upstream.Chat, Wire.Chat, "default")]
    [InlineData(Upstream.Gemini, Wire.Gemini, "standard")]
    [InlineData(Upstream.Bedrock, Wire.Chat, "default")]
    public async Task Priority_Failed_TheOrdinaryTierIsAskedByItsName(Upstream kind, Wire client, string ordinary)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Enqueue(Fault.Of(503));

        var answer = await gateway.PostAsync(client, Ask(client, UpstreamKinds.NameOf(kind), """{"service_tier":"priority"}"""));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(["priority", ordinary], gateway.A.Record.Requests.Select(received => TierOf(kind, received)));
        var attempt = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts")[1];
        var used = gateway.A.Record.Requests[1].Usage!;
        Assert.Equal((4_000L * used.Input) + (20_000L * used.Output), attempt.GetProperty("cost_nano_usd").GetInt64());
    }

    [Theory]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    public async Task TierServed_OfAnAnswer_IsToldToTheClient(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var kind in Kinds)
        {
            var answer = await gateway.PostAsync(client, Ask(client, UpstreamKinds.NameOf(kind), """{"service_tier":"flex"}"""));

            Assert.True(answer.Json.TryGetProperty("service_tier", out var tier) && tier.GetString() == "flex", $"{kind}: {answer.Text}");
        }
    }

    [Fact]
    public async Task NoTier_KnownOfTheModel_LeavesTheRequestAsItIs()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var answer = await gateway.PostAsync(Wire.Anthropic, Ask(Wire.Anthropic, "claude", """{"speed":"fast"}"""));

        Assert.True(answer.Status == 200, answer.Text);
        using var sent = JsonDocument.Parse(Assert.Single(gateway.B.Record.Requests).Body);
        Assert.Equal("fast", sent.RootElement.GetProperty("speed").GetString());
    }
}
