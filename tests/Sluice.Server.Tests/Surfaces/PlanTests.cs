using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary><c>x-sluice-explain: 1</c>: whom Sluice would ask and why, without asking anyone.</summary>
public sealed class PlanTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: a-bare, kind: anthropic, base_url: "{A}" }
          - { name: b-chat, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
          - { name: b-router, kind: openrouter, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
          - { name: own, kind: simulator }
        models:
          - id: "m"
            endpoints:
              - { provider: a-anthropic, model: upstream-m, price: { input: 3, output: 15 } }
              - { provider: a-bare, model: m2, price: { input: 3, output: 15 } }
              - { provider: b-chat, model: m3, price: { input: 3, output: 15 } }
              - { provider: b-router, model: m4, price: { input: 3, output: 15 } }
              - { provider: own, model: sim/echo, price: { input: 3, output: 15 } }
        """;

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    public async Task Explain_EveryKindOfProvider_IsNamedWithItsWay(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var answer = await gateway.PostAsync(client, Wires.Ask(client, "m", "whom would you ask?", stream: true), ("x-sluice-explain", "1"));

        Assert.True(answer.Status == 200, answer.Text);
        var plan = answer.Json;
        Assert.Equal(("m", "m"), (plan.GetProperty("requested_model").GetString(), plan.GetProperty("model").GetString()));
        Assert.True(plan.GetProperty("estimated_input_tokens").GetInt64() > 0);
        var candidates = plan.GetProperty("candidates").EnumerateArray().ToDictionary(c => c.GetProperty("provider").GetString()!);
        Assert.Equal(["a-anthropic", "a-bare", "b-chat", "b-router", "own"], candidates.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("upstream-m", candidates["a-anthropic"].GetProperty("model").GetString());
        Assert.Equal(client == Wire.Anthropic, candidates["a-anthropic"].GetProperty("native").GetBoolean());
        Assert.Equal(client == Wire.Chat, candidates["b-chat"].GetProperty("native").GetBoolean());
        Assert.Equal(client == Wire.Chat, candidates["b-router"].GetProperty("native").GetBoolean());

        // The simulator speaks what it is spoken to; who has no key has no credential, not an empty one.
        Assert.True(candidates["own"].GetProperty("native").GetBoolean());
        Assert.Equal(JsonValueKind.Null, candidates["a-bare"].GetProperty("credential").ValueKind);
        Assert.All(candidates.Values, c => Assert.False(string.IsNullOrEmpty(c.GetProperty("why").GetString())));
        Assert.DoesNotContain("key-of-", answer.Text, StringComparison.Ordinal);
        Assert.Equal((0, 0), (gateway.A.Record.Count, gateway.B.Record.Count));
        Assert.NotNull(answer.Header("x-sluice-request-id"));
    }

    [Fact]
    public async Task Explain_UnknownModel_SaysWhatTheClientWouldHaveBeenTold()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "nobody/knows-it", "x", stream: false), ("x-sluice-explain", "1"));
        var refused = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "nobody/knows-it", "x", stream: false));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("model").ValueKind);
        Assert.Empty(answer.Json.GetProperty("candidates").EnumerateArray());
        Assert.Equal(404, refused.Status);
        Assert.Equal(refused.Json.GetProperty("error").GetProperty("message").GetString(), answer.Json.GetProperty("refusal").GetString());
    }
}
