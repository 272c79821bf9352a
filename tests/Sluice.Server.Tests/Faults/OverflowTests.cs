using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>A conversation longer than the model's window: agents compact by the provider's words, unless the operator named a model with a larger one.</summary>
public sealed class OverflowTests
{
    public static TheoryData<Wire, Upstream> Directions => RetryTests.Directions;

    private static Fault TooLong => Fault.Of(400, variant: "context");

    private static string Providers(Upstream upstream, string fallbacks) => $$"""
        routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(upstream, "A", name: "a").Replace("[key-of-a-0123456789]", "[key-one-0123456789, key-two-0123456789]", StringComparison.Ordinal)}}{{UpstreamKinds.Provider(upstream, "B", name: "b")}}
        models:
          - { id: small, context: 1000, endpoints: [{ provider: a, model: small-up }, { provider: b, model: small-up }] }
          - { id: same, context: 1000, endpoints: [{ provider: b, model: same-up }] }
          - { id: large, context: 5000, endpoints: [{ provider: b, model: large-up }] }
        fallbacks: { small: {{fallbacks}} }
        """;

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F22_D17_Overflow_FallbackWithALargerWindow_Answers(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers(upstream, "[same, large]"));
        gateway.A.Script.Enqueue(TooLong);

        var answer = await AskAsync(gateway, client);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("large", answer.Header("x-sluice-model"));
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(["large-up"], gateway.B.Record.Requests.Select(r => r.Model));
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F22_Overflow_WithoutALargerWindow_IsToldAndNobodyElseIsAsked(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers(upstream, "[same]"));
        gateway.A.Script.Enqueue(TooLong);

        Told(client, await AskAsync(gateway, client));

        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(0, gateway.B.Record.Count);
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F22_Overflow_WhenTheLargerWindowFailsToo_IsToldInTheWordsThatAgentsCompactBy(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers(upstream, "[large]"));
        gateway.A.Script.Enqueue(TooLong);
        gateway.B.Script.Enqueue(Fault.Of(429, retryAfter: 3));

        Told(client, await AskAsync(gateway, client));
    }

    private static Task<ClientAnswer> AskAsync(GatewayUnderTest gateway, Wire client)
    {
        var body = Wires.Of(client).Request("small", "hi", stream: false, tool: false, usage: false);
        Wires.Of(client).LimitTokens(body, 100);
        return gateway.PostAsync(client, new ClientRequest(Wires.PathOf(client, "small"), body.ToJsonString()));
    }

    private static void Told(Wire client, ClientAnswer answer)
    {
        Assert.Equal(400, answer.Status);
        Assert.StartsWith(
            client switch
            {
                Wire.Anthropic => "prompt is too long: ",
                Wire.Gemini => "The input token count (",
                _ => "This model's maximum context length is ",
            },
            answer.Error(client).Message,
            StringComparison.Ordinal);
    }
}
