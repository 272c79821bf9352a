using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>F15: load balancers cut a connection that says nothing for a while, and models think for longer. Keep-alives must bring the answer through.</summary>
public sealed class IdleProxyTests
{
    private static readonly TimeSpan ProxyPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstToken = TimeSpan.FromSeconds(2.5);

    private static string Config(string keepAlive) => $$"""
        routing: { retries: 0 }
        keepalive: { {{keepAlive}} }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
          - { name: a-chat, kind: openai, base_url: "{A}/v1" }
        models:
        {{GatewayUnderTest.Models("anthropic", 1, "a-anthropic")}}
        {{GatewayUnderTest.Models("chat", 1, "a-chat")}}
        """;

    [Fact]
    public async Task F15_SilenceLongerThanTheProxysPatience_IsBridgedByKeepAlives()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("after: 200ms, every: 200ms"));
        gateway.A.Script.Always(new Fault(FaultKind.SlowHeaders) { Delay = FirstToken });
        using var proxy = IdleClosingProxy.Start(gateway.Url, ProxyPatience);
        await Task.WhenAll(Pairs().Select(async pair =>
        {
            var (client, model) = pair;
            using var http = Through(proxy);
            using var request = gateway.Request(client, Wires.Ask(client, model, "think long", stream: true));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var answer = await ClientAnswer.ReadAsync(response);

            Assert.False(answer.IsCut);
            Assert.Equal("Simulated answer to: think long", answer.AnswerText(client));
            Assert.True(answer.EndsWell(client));
            Assert.Null(answer.Violation(client));

            // At least one within each stretch of the proxy's patience.
            Assert.True(KeepAlives(answer, client) >= 2, answer.Text);
        }));
        Assert.Equal(0, proxy.Cut);
    }

    [Fact]
    public async Task F15_WithoutKeepAlives_TheProxyCuts()
    {
        // The control: it is the keep-alives that bring the answer through above, and a client that was cut off leaves nothing running.
        await using var gateway = await GatewayUnderTest.StartAsync(Config("after: 30s, every: 30s"));
        gateway.A.Script.Always(new Fault(FaultKind.SlowHeaders) { Delay = TimeSpan.FromSeconds(30) });
        using var proxy = IdleClosingProxy.Start(gateway.Url, ProxyPatience);
        await Task.WhenAll(Pairs().Select(async pair =>
        {
            using var http = Through(proxy);
            using var request = gateway.Request(pair.Client, Wires.Ask(pair.Client, pair.Model, "think long", stream: true));
            await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
        }));
        Assert.Equal(Pairs().Length, proxy.Cut);
        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.InFlight == 0, "no request left at the provider");
    }

    private static (Wire Client, string Model)[] Pairs() =>
        [.. Enum.GetValues<Wire>().SelectMany(client => new[] { (client, "anthropic/0"), (client, "chat/0") })];

    private static HttpClient Through(IdleClosingProxy proxy) => new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = proxy.Url };

    // Google's clients take no comments: blank lines beside the one behind each event.
    private static int KeepAlives(ClientAnswer answer, Wire client) => client switch
    {
        Wire.Anthropic => answer.Events.Count(e => e.Event == "ping"),
        Wire.Gemini => answer.Text.Split('\n').SkipLast(1).Count(line => line.Trim().Length == 0) - answer.Frames.Count,
        _ => answer.Text.Split('\n').Count(line => line.StartsWith(':')),
    };
}
