using System.Diagnostics;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>F16: providers that fall silent in the middle of an answer must not take the gateway with them.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Heavy")]
public sealed class StalledStreamsTests
{
    private const int Stalled = 1_100;
    private const int Samples = 41;
    private const int Rounds = 3;
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(10);
    private static readonly Wire[] Clients = Enum.GetValues<Wire>();

    [Fact]
    public async Task F16_ElevenHundredStalledStreams_OthersFlow_AndAllEndWithAnError()
    {
        // The clock stands still until all of them hang: none may run out of time while the last ones are still being opened.
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            keepalive: { after: 60s, every: 60s }
            providers:
              - { name: a-anthropic, kind: anthropic, base_url: "{A}", timeouts: { idle: 5s } }
              - { name: b-chat, kind: openai, base_url: "{B}/v1" }
            models:
            {{GatewayUnderTest.Models("stall", 1, "a-anthropic")}}
            {{GatewayUnderTest.Models("flow", 1, "b-chat")}}
            """, time: time);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterText));
        using var many = gateway.NewClient();
        var stalled = Enumerable.Range(0, Stalled).Select(async i =>
        {
            var client = Clients[i % Clients.Length];
            using var request = gateway.Request(client, Wires.Ask(client, "stall/0", "stall number " + i, stream: true));
            using var response = await many.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return (Client: client, Answer: await ClientAnswer.ReadAsync(response));
        }).ToList();
        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.InFlight == Stalled, $"{Stalled} streams at the provider");

        using var direct = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway.B.Address };
        var added = TimeSpan.MaxValue;
        for (var round = 0; round < Rounds && added >= Bound; round++)
        {
            added = await MedianAsync(() => Flow(gateway, gateway.Http, "flow/0")) - await MedianAsync(() => Flow(gateway, direct, "flow-0"));
            TestContext.Current.TestOutputHelper?.WriteLine($"added beside {gateway.A.Record.InFlight} stalled streams: {added.TotalMilliseconds:0.00} ms");
            Assert.Equal(Stalled, gateway.A.Record.InFlight);
        }

        Assert.True(added < Bound, $"{added.TotalMilliseconds} ms added at the median of {Samples}");
        time.Advance(TimeSpan.FromSeconds(6));
        foreach (var (client, answer) in await Task.WhenAll(stalled))
        {
            Assert.NotNull(answer.StreamError(client));
            Assert.Contains("timeouts.idle", answer.StreamError(client)!.Message, StringComparison.Ordinal);
            Assert.Null(answer.Violation(client));
            Assert.False(answer.EndsWell(client));
        }

        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.InFlight == 0, "all connections to the provider given back");
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    private static async Task Flow(GatewayUnderTest gateway, HttpClient http, string model)
    {
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, model, "flow", stream: true));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var answer = await ClientAnswer.ReadAsync(response);
        Assert.Equal("Simulated answer to: flow", answer.AnswerText(Wire.Chat));
    }

    private static async Task<TimeSpan> MedianAsync(Func<Task> action)
    {
        var times = new List<TimeSpan>(Samples);
        for (var i = 0; i < Samples; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await action();
            times.Add(Stopwatch.GetElapsedTime(started));
        }

        times.Sort();
        return times[Samples / 2];
    }
}
