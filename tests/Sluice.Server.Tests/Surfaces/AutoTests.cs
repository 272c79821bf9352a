using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Names that stand for a choice, through the whole gateway.</summary>
public sealed class AutoTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(Upstream.Anthropic, "A", name: "claude")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "chat")}}
        models:
          - { id: my/small, endpoints: [{ provider: chat, model: small-up, price: { input: 1, output: 2 } }] }
          - { id: my/coder, endpoints: [{ provider: claude, model: coder-up, price: { input: 3, output: 15 } }] }
          - { id: my/thinker, endpoints: [{ provider: claude, model: thinker-up, price: { input: 5, output: 25 } }] }
          - { id: my/bulk, endpoints: [{ provider: chat, model: bulk-up, price: { input: 0, output: 0 } }] }
        auto: { tiers: { simple: [my/small], code: [my/coder], hard: [my/thinker], bulk: [my/bulk] } }
        """;

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task C9_I39_I87_EverySurface_GetsTheModelOfItsTask(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (words, tier, model) in new[] { ("is this spam?", "simple", "my/small"), ("fix the bug in this function", "code", "my/coder"), ("prove the theorem", "hard", "my/thinker") })
        {
            foreach (var stream in new[] { false, true })
            {
                var answer = await gateway.PostAsync(client, Wires.Ask(client, "openrouter/auto", words, stream));

                Assert.Equal("Simulated answer to: " + words, answer.AnswerText(client));
                Assert.Equal((model, $"auto {tier}: only endpoint"), (answer.Header("x-sluice-model"), Only(answer.Header("x-sluice-route"))));
                Assert.Null(answer.Header("x-sluice-warning"));
            }
        }

        // Of several candidates the first is "first in order"; of one it is the only one.
        static string? Only(string? route) => route?.Replace("first in order", "only endpoint", StringComparison.Ordinal);
    }

    [Fact]
    public async Task C9_D20_TranslatedAnswer_NamesWhatWasChosen_NativeOneTheProvidersName()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var translated = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "sluice/auto", "prove the theorem", stream: false));
        var native = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "sluice/auto", "prove the theorem", stream: false));

        Assert.Equal(("my/thinker", "thinker-up"), (translated.Json.GetProperty("model").GetString(), native.Json.GetProperty("model").GetString()));
    }

    [Fact]
    public async Task I39_Session_StaysWithItsModelAcrossTurns()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        const string Turn = """{"model":"sluice/auto","messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hello"},{"role":"user","content":"WORDS"}]}""";
        var routes = new List<(string?, string?)>();
        foreach (var words in new[] { "prove the theorem", "thanks", "fix the bug" })
        {
            var answer = await gateway.PostAsync(Wire.Chat, Turn.Replace("WORDS", words, StringComparison.Ordinal), ("x-sluice-session", "s1"));
            routes.Add((answer.Header("x-sluice-model"), answer.Header("x-sluice-route")));
        }

        Assert.Equal([("my/thinker", "auto hard: only endpoint"), ("my/thinker", "auto hard: session stays"), ("my/thinker", "auto hard: session stays")], routes);
    }

    [Fact]
    public async Task C9_Explain_SaysTheTaskTheTierAndWhy()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var plan = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "sluice/auto", "prove the theorem", stream: false), ("x-sluice-explain", "1"));
        var auto = plan.Json.GetProperty("auto");

        Assert.Equal(
            """{"name":"sluice/auto","tier":"hard","task":"hard","why":"\"prove\", \"theorem\"","session_stays":false,"says":"The task is hard (\"prove\", \"theorem\"); the models are those of tier hard."}""",
            JsonSerializer.Serialize(auto).Replace("\\u0022", "\\\"", StringComparison.Ordinal));
        Assert.Equal(("sluice/auto", "my/thinker"), (plan.Json.GetProperty("requested_model").GetString(), plan.Json.GetProperty("model").GetString()));

        var settled = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "sluice/auto", "prove the theorem", stream: false));
        Assert.Contains("\"tier\":\"hard\"", (await gateway.SettledTrailAsync(settled.Id)).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task C9_Plugin_LeavesNothing_Is404()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await gateway.PostAsync(Wire.Chat, """{"model":"openrouter/auto","messages":[{"role":"user","content":"hi"}],"plugins":[{"id":"auto-router","allowed_models":["nobody/*"]}]}""");

        Assert.Equal(404, answer.Status);
        Assert.Contains("No models match your request and model restrictions", answer.Text, StringComparison.Ordinal);
        Assert.Empty(gateway.B.Record.Requests);
    }

    [Fact]
    public async Task C9_Free_IsServedByWhatCostsNothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "openrouter/free", "prove the theorem", stream: false));

        Assert.Equal(("my/bulk", "auto free: only endpoint"), (answer.Header("x-sluice-model"), answer.Header("x-sluice-route")));
    }

    [Fact]
    public async Task C9_Models_ListTheNamesThatCanBeServed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var list = await GetAsync(gateway, "/v1/models");
        var one = await GetAsync(gateway, "/v1/models/openrouter/auto");

        Assert.Equal(["sluice/auto", "sluice/free"], list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!).Where(id => id.StartsWith("sluice/", StringComparison.Ordinal)));
        Assert.Equal("sluice/auto", one.GetProperty("id").GetString());
    }

    private static async Task<JsonElement> GetAsync(GatewayUnderTest gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-api-key", gateway.Key);
        return (await gateway.SendAsync(request)).Json;
    }
}
