using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Legacy completions: asked for in whatever the provider speaks, answered as <c>text_completion</c>.</summary>
public sealed class CompletionsTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
          - { name: a-chat, kind: openai, base_url: "{A}/v1" }
          - { name: b-chat, kind: openai, base_url: "{B}/v1" }
          - { name: sim, kind: simulator }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/both", endpoints: [{ provider: a-chat, model: both, price: { input: 3, output: 15 } }, { provider: b-chat, model: both, price: { input: 3, output: 15 } }] }
          - { id: "m/sim", endpoints: [{ provider: sim, model: echo, price: { input: 3, output: 15 } }] }
        """;

    private static string Body(string model, string more = "") => $$"""{"model":"{{model}}","prompt":"Once upon a time"{{more}}}""";

    private static Task<ClientAnswer> PostAsync(GatewayUnderTest gateway, string body, string path = "/v1/completions") =>
        gateway.SendAsync(gateway.Request(Wire.Chat, body, path));

    private static List<string> Data(ClientAnswer answer) =>
        [.. answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(e => e.StartsWith("data: ", StringComparison.Ordinal)).Select(e => e[6..])];

    [Fact]
    public async Task EveryProvider_AnswersWholeAndStreamed_WithTheSameText()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var model in new[] { "m/anthropic", "m/chat", "m/sim" })
        {
            var whole = await PostAsync(gateway, Body(model));
            Assert.True(whole.Status == 200, whole.Text);
            Assert.Equal("text_completion", whole.Json.GetProperty("object").GetString());
            Assert.Equal(model, whole.Json.GetProperty("model").GetString());
            var text = whole.Json.GetProperty("choices")[0].GetProperty("text").GetString()!;
            Assert.NotEmpty(text);
            Assert.True(whole.Json.GetProperty("usage").GetProperty("completion_tokens").GetInt64() > 0);

            var streamed = await PostAsync(gateway, Body(model, ""","stream":true,"stream_options":{"include_usage":true}"""), "/completions");
            Assert.True(streamed.Status == 200, streamed.Text);
            var data = Data(streamed);
            Assert.Equal("[DONE]", data[^1]);
            var chunks = data[..^1].ConvertAll(d => JsonDocument.Parse(d).RootElement);
            Assert.All(chunks, c => Assert.Equal("text_completion", c.GetProperty("object").GetString()));
            Assert.True(chunks[^1].GetProperty("usage").GetProperty("prompt_tokens").GetInt64() > 0);
            Assert.Equal(text, string.Concat(chunks[..^1].Select(c => c.GetProperty("choices")[0].GetProperty("text").GetString())));
        }

        Assert.Contains(gateway.A.Record.Requests, r => r.Path == "/v1/messages");
        Assert.Contains(gateway.A.Record.Requests, r => r.Path == "/v1/chat/completions");
        Assert.DoesNotContain(gateway.A.Record.Requests, r => r.Path == "/v1/completions");
    }

    [Fact]
    public async Task OpenRouterPath_SendsUsageUnasked()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        Assert.Contains("\"usage\":{", (await PostAsync(gateway, Body("m/chat", ",\"stream\":true"), "/api/v1/completions")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"usage\":{", (await PostAsync(gateway, Body("m/chat", ",\"stream\":true"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProviderFails_TheNextAnswers_AndTheLedgerNamesTheSurface()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(529));
        var answer = await PostAsync(gateway, Body("m/both", ",\"stream\":true"));
        Assert.Equal(200, answer.Status);
        Assert.Equal("[DONE]", Data(answer)[^1]);

        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Equal(2, trail.GetProperty("attempts").GetArrayLength());
        Assert.Contains("OpenAICompletions", trail.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_AreOpenAIsErrors()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (body, param) in new[]
        {
            ("""{"model":"m/chat","prompt":[1,2]}""", "prompt"),
            ("""{"model":"m/chat","prompt":["a","b"]}""", "prompt"),
            (Body("m/chat", ",\"n\":3"), "n"),
            (Body("m/chat", ",\"echo\":true"), "echo"),
        })
        {
            var answer = await PostAsync(gateway, body);
            Assert.Equal(400, answer.Status);
            var error = answer.Json.GetProperty("error");
            Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
            Assert.Equal(param, error.GetProperty("param").GetString());
        }

        Assert.Equal(0, gateway.A.Record.Count);
        Assert.Equal(404, (await PostAsync(gateway, Body("no/such"))).Status);
    }

    [Fact]
    public async Task Suffix_IsToldAsDropped()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await PostAsync(gateway, Body("m/chat", ",\"suffix\":\"the end\""));
        Assert.Equal("suffix=dropped", answer.Header("x-sluice-degraded"));
    }
}
