using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>A conversation longer than the model's window: agents compact by the provider's words, unless the operator named a model with a larger one.</summary>
public sealed class OverflowTests
{
    private const string Providers = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-one-0123456789, key-two-0123456789] }
          - { name: b, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
          - { id: small, context: 1000, endpoints: [{ provider: a, model: small-up }, { provider: b, model: small-up }] }
          - { id: same, context: 1000, endpoints: [{ provider: b, model: same-up }] }
          - { id: large, context: 5000, endpoints: [{ provider: b, model: large-up }] }
        """;

    private const string Body = """{"model":"small","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}""";

    private static Fault TooLong => Fault.Of(400, variant: "context");

    [Fact]
    public async Task F22_Overflow_FallbackWithALargerWindow_Answers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers + "\nfallbacks: { small: [same, large] }");
        gateway.A.Script.Enqueue(TooLong);

        var answer = await gateway.PostAsync(Wire.Anthropic, Body);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("large", answer.Header("x-sluice-model"));
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(["large-up"], gateway.B.Record.Requests.Select(r => r.Model));
    }

    [Fact]
    public async Task F22_Overflow_WithoutALargerWindow_IsToldAndNobodyElseIsAsked()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers + "\nfallbacks: { small: [same] }");
        gateway.A.Script.Enqueue(TooLong);

        var answer = await gateway.PostAsync(Wire.Anthropic, Body);

        Assert.Equal(400, answer.Status);
        Assert.StartsWith("prompt is too long: ", answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(0, gateway.B.Record.Count);
    }

    [Fact]
    public async Task F22_Overflow_WhenTheLargerWindowFailsToo_IsToldInTheWordsThatAgentsCompactBy()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers + "\nfallbacks: { small: [large] }");
        gateway.A.Script.Enqueue(TooLong);
        gateway.B.Script.Enqueue(Fault.Of(429, retryAfter: 3));

        var answer = await gateway.PostAsync(Wire.Anthropic, Body);

        Assert.Equal(400, answer.Status);
        Assert.StartsWith("prompt is too long: ", answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
