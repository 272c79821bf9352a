using System.Text;
using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Rules through the whole gateway: where requests of real clients go, and how they are told.</summary>
public sealed class RuleTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(kind => UpstreamKinds.Provider(kind, "A")))}}
          - { name: cheap, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(kind => GatewayUnderTest.Models(UpstreamKinds.NameOf(kind), 1, "a-" + UpstreamKinds.NameOf(kind))))}}
          - { id: small, endpoints: [{ provider: cheap, model: small-up, price: { input: 1, output: 2 } }] }
        rules:
          - name: chores
            when: role == "background"
            use: [small]
          - name: pilot
            when: user in ["dev1"] and canary(100)
            use: [small]
        """;

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task I39_D21_BackgroundCalls_OfEveryWire_GoToTheCheapModel(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var model = UpstreamKinds.NameOf(UpstreamKinds.Of(client)) + "/0";
        foreach (var stream in new[] { true, false })
        {
            var foreground = await gateway.PostAsync(client, Wires.Ask(client, model, "hello", stream));
            var background = await gateway.PostAsync(client, Wires.Ask(client, model, "hello", stream), ("x-sluice-priority", "background"));

            Assert.Equal("Simulated answer to: hello", foreground.AnswerText(client));
            Assert.Equal((model, "only endpoint"), (foreground.Header("x-sluice-model"), foreground.Header("x-sluice-route")));
            Assert.Equal("Simulated answer to: hello", background.AnswerText(client));
            Assert.Equal(("small", "cheap", "rule chores: only endpoint"), (background.Header("x-sluice-model"), background.Header("x-sluice-provider"), background.Header("x-sluice-route")));
            if (stream)
            {
                Assert.Null(background.Violation(client));
            }

            var trail = await gateway.SettledTrailAsync(background.Id);
            Assert.Contains("rule chores: only endpoint", trail.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Equal(2, gateway.A.Record.Count);
        Assert.Equal(2, gateway.B.Record.Count);
    }

    [Fact]
    public async Task I19_TwoUsers_OnlyOneIsInTheCanary()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (user, model) in new[] { ("dev1", "small"), ("dev2", "anthropic/0") })
        {
            using var request = gateway.Request(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "anthropic/0", "hello", stream: false));
            request.Headers.Remove("x-api-key");
            request.Headers.Add("x-api-key", await gateway.KeyOfAsync(user));

            Assert.Equal(model, (await gateway.SendAsync(request)).Header("x-sluice-model"));
        }
    }

    [Fact]
    public async Task Title_OfClaudeCode_IsKnownByWhatItLooksLike()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        const string Title = """{"model":"anthropic/0","max_tokens":32000,"tools":[],"thinking":{"type":"disabled"},"messages":[{"role":"user","content":"hello"}]}""";
        const string Turn = """{"model":"anthropic/0","max_tokens":32000,"tools":[{"name":"read","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"hello"}]}""";

        var title = await gateway.PostAsync(Wire.Anthropic, Title, ("x-claude-code-session-id", "s1"));
        var turn = await gateway.PostAsync(Wire.Anthropic, Turn, ("x-claude-code-session-id", "s1"));

        Assert.Equal(("small", "anthropic/0"), (title.Header("x-sluice-model"), turn.Header("x-sluice-model")));
    }

    [Fact]
    public async Task Explain_NamesTheRule()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var ask = Wires.Ask(Wire.Anthropic, "anthropic/0", "hello", stream: false);

        var held = (await gateway.PostAsync(Wire.Anthropic, ask, ("x-sluice-explain", "1"), ("x-sluice-priority", "background"))).Json;
        var none = (await gateway.PostAsync(Wire.Anthropic, ask, ("x-sluice-explain", "1"))).Json;

        Assert.Equal(("chores", "small"), (held.GetProperty("rule").GetString(), held.GetProperty("model").GetString()));
        Assert.False(none.TryGetProperty("rule", out _));
        Assert.Equal(0, gateway.B.Record.Count);
    }

    // What the upstream gets is as if the client had asked for the rule's model: nothing of the first name is left.
    [Fact]
    public async Task Upstream_GetsTheRulesModel()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "chat/0", "hello", stream: false), ("x-sluice-priority", "background"));

        Assert.DoesNotContain("chat/0", Encoding.UTF8.GetString(gateway.B.Record.Last.Body!), StringComparison.Ordinal);
        Assert.Equal("small-up", gateway.B.Record.Last.Model);
    }
}
