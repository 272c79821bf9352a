using System.Diagnostics;
using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>Peers that stop in the middle of something, and who is blamed for it.</summary>
public sealed class SlowPeerTests
{
    [Fact]
    public async Task Client_ThatStopsReading_IsGivenUp_AndTheProviderIsNotBlamed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: anthropic, base_url: "{A}", timeouts: { idle: 700ms } }
              - { name: b, kind: anthropic, base_url: "{B}" }
            models:
              - { id: "m", endpoints: [{ provider: a, model: sim/burst/100000, price: { input: 3, output: 15 } }, { provider: b, model: m, price: { input: 3, output: 15 } }] }
            """, new SimulatorOptions { Speed = SimulatorSpeed.Burst });
        var body = Wires.Ask(Wire.Anthropic, "m", "much", stream: true).Body;
        using var raw = await RawClient.ConnectAsync(gateway.Url, receiveBuffer: 16 * 1024);
        await raw.SendAsync($"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {gateway.Key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var head = await raw.ReadUntilAsync("x-sluice-request-id: ");
        var id = head[(head.IndexOf("gen-", StringComparison.Ordinal))..][..36];

        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.InFlight == 0, "the provider's connection closed");
        var trail = await gateway.SettledTrailAsync(id);
        Assert.Equal("client_gone", trail.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "the body given back");

        var next = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m", "again", stream: true));
        Assert.Equal("a", next.Header("x-sluice-provider"));
    }

    [Trait("Category", "Heavy")]
    [Theory]
    [InlineData(503)]
    [InlineData(400)]
    public async Task Provider_ThatStopsInTheMiddleOfARefusal_HoldsNobodyUp(int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: anthropic, base_url: "{A}" }
              - { name: b, kind: anthropic, base_url: "{B}" }
            models:
              - { id: "m", endpoints: [{ provider: a, model: m, price: { input: 3, output: 15 } }, { provider: b, model: m, price: { input: 3, output: 15 } }] }
            """);
        gateway.A.Script.Replay(new ReplayAnswer
        {
            Status = status, ContentType = "application/json", Body = Encoding.UTF8.GetBytes("""{"type":"error","error":{"type":"api_error","message":"no"}}"""), ChunkLengths = [10], Gap = TimeSpan.FromSeconds(60),
        });
        var started = Stopwatch.GetTimestamp();
        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m", "x", stream: true));

        Assert.Equal(status == 503 ? 200 : 400, answer.Status);
        Assert.True(answer.Body.Length > 0);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task ProviderThatQuotesItsKeyInARefusal_NeverShowsItToTheClient()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A").Replace("key-of-a-0123456789", "planted-canary-secret-1", StringComparison.Ordinal)))}}
            models:
            {{string.Concat(UpstreamKinds.Plain.Select(u => GatewayUnderTest.Models(UpstreamKinds.NameOf(u), 80, "a-" + UpstreamKinds.NameOf(u))))}}
            """);
        var number = 0;
        foreach (var status in new[] { 400, 422, 429, 500, 529 })
        {
            foreach (var sort in UpstreamKinds.Plain.Select(UpstreamKinds.NameOf))
            {
                foreach (var client in Enum.GetValues<Wire>())
                {
                    var name = $"{sort}-{number}";
                    gateway.A.Script.Always(Fault.Of(status) with { Message = "the key planted-canary-secret-1 may not do this" }, name);
                    var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/{number++}", "x", stream: true));
                    Assert.DoesNotContain("planted-canary", answer.Text, StringComparison.Ordinal);
                    Assert.Contains("may not do this", answer.Text, StringComparison.Ordinal);
                    Assert.DoesNotContain("planted-canary", (await gateway.SettledTrailAsync(answer.Id)).ToString(), StringComparison.Ordinal);
                }
            }
        }
    }
}
