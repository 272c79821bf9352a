using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>When a gateway earns its place, and that it is in nobody's way where it does not.</summary>
public sealed class WhenRoutingHelpsTests
{
    [Fact]
    public async Task ReqI66_TasksByTag_GoToFourDialects()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{string.Concat(UpstreamKinds.Plain.Select(kind => UpstreamKinds.Provider(kind, "A")))}}
            models:
            {{string.Concat(UpstreamKinds.Plain.Select(kind => GatewayUnderTest.Models(UpstreamKinds.NameOf(kind), 1, "a-" + UpstreamKinds.NameOf(kind))))}}
            rules:
            {{string.Concat(UpstreamKinds.Plain.Select(kind => $"  - {{ name: {UpstreamKinds.NameOf(kind)}, when: 'tag(\"task\") == \"{UpstreamKinds.NameOf(kind)}\"', use: [{UpstreamKinds.NameOf(kind)}/0] }}\n"))}}
            """);
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var task in UpstreamKinds.Plain.Select(UpstreamKinds.NameOf))
            {
                var answer = await gateway.PostAsync(client, Wires.Ask(client, "anthropic/0", "hello", stream: false), ("x-sluice-tags", "task=" + task));

                Assert.Equal("Simulated answer to: hello", answer.AnswerText(client));
                Assert.Equal((task + "/0", "a-" + task), (answer.Header("x-sluice-model"), answer.Header("x-sluice-provider")));
            }
        }
    }

    [Theory]
    [InlineData("cost/0:floor", "{}")]
    [InlineData("cost/0", """{"sort":"price"}""")]
    public async Task ReqI68_CheapestOfTheProviders_IsAsked(string model, string preferences)
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{UpstreamKinds.Provider(Upstream.Chat, "A", name: "dear")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "cheap")}}
            models:
              - id: cost/0
                endpoints:
                  - { provider: dear, model: m, price: { input: 3, output: 15 } }
                  - { provider: cheap, model: m, price: { input: 2, output: 10 } }
            """);
        for (var i = 0; i < 5; i++)
        {
            var answer = await gateway.PostAsync(Wire.Chat, $$"""{"model":"{{model}}","messages":[{"role":"user","content":"question {{i}}"}],"provider":{{preferences}}}""");

            Assert.Equal((200, "cheap"), (answer.Status, answer.Header("x-sluice-provider")));
        }
    }

    [Theory]
    [InlineData("retries: 2", true)]
    [InlineData("retries: 0", false)]
    public async Task ReqI69_OneProviderAndAClientThatRepeats_IsAskedOnceAndAsWritten(string routing, bool header)
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { {{routing}} }
            providers:
            {{UpstreamKinds.Provider(Upstream.Anthropic, "A", name: "only")}}
            models:
            {{GatewayUnderTest.Models("m", 1, "only")}}
            """);
        (string, string)[] headers = header ? [("x-sluice-no-retry", "1")] : [];
        gateway.A.Script.Enqueue(Fault.Of(503));
        const string Body = """{ "model": "m/0",  "max_tokens": 9, "messages": [{"role":"user","content":"\u0068i"}], "later": 1.50 }""";

        var failed = await gateway.PostAsync(Wire.Anthropic, Body, headers);
        var after = gateway.A.Record.Count;
        await gateway.PostAsync(Wire.Anthropic, Body, headers);

        Assert.Equal((529, 1, 2), (failed.Status, after, gateway.A.Record.Count));
        Assert.All(gateway.A.Record.Requests, request => Assert.Equal(Body.Replace("m/0", "m-0", StringComparison.Ordinal), System.Text.Encoding.UTF8.GetString(request.Body!)));
    }
}
