using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Hosting;

/// <summary>Requests that get no answer: whoever sent them with a valid key finds them in the ledger, with the reason.</summary>
public sealed class UnansweredTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(Upstream.Anthropic, "A", name: "a")}}
        models:
        {{GatewayUnderTest.Models("one", 1, "a")}}
        """;

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ClientLeavesWhileSending_HasARow(Wire client)
    {
        foreach (var reset in new[] { false, true })
        {
            await using var gateway = await GatewayUnderTest.StartAsync(Config);
            using (var raw = await RawClient.ConnectAsync(gateway.Url))
            {
                await raw.SendAsync($"POST {Wires.PathOf(client)} HTTP/1.1\r\nHost: x\r\nx-api-key: {gateway.Key}\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{{\"model\":");
                await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes > 0, "the body being read");
                if (reset)
                {
                    raw.Reset();
                }
            }

            await GatewayUnderTest.UntilAsync(async () => await RowsAsync(gateway) is [("client_gone", 1, 0)], "one row of a client that left");
            await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "the body given back");
            Assert.Equal(0, gateway.A.Record.Count);
        }
    }

    [Fact]
    public async Task UnknownCallerLeavesWhileSending_HasNoRow()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using (var raw = await RawClient.ConnectAsync(gateway.Url))
        {
            await raw.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: sk-nobody-knows-this-key\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{");
            await raw.ReadUntilAsync("authentication_error");
        }

        await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: false));
        Assert.Equal([("answered", 1, 1)], await RowsAsync(gateway));
    }

    /// <summary>A fault of Sluice's own, before and after the plan was made; it is told, and the trail says whose it was.</summary>
    [Theory]
    [InlineData("Sluice.Core.Routing.Planner", 0)]
    [InlineData("Sluice.Server.Attempts.AttemptLoop", 0)]
    [InlineData("Sluice.Server.Settlement.Settler", 1)]
    public async Task SluiceFails_TheRequestHasItsRow(string place, int calls)
    {
        foreach (var client in Enum.GetValues<Wire>())
        {
            var time = new FaultyClock();
            await using var gateway = await GatewayUnderTest.StartAsync(Config, time: time);
            time.FailOnceIn(place);

            var answer = await gateway.PostAsync(client, Wires.Ask(client, "one/0", "hello", stream: false));

            Assert.Equal((500, "gateway"), (answer.Status, answer.Header("x-sluice-error-source")));
            var trail = await gateway.SettledTrailAsync(answer.Id);
            Assert.Equal((500, "internal", "gateway", "Report it with this id; the log has the fault."),
                (trail.GetProperty("status").GetInt32(), trail.GetProperty("error").GetString(), trail.GetProperty("error_source").GetString(), trail.GetProperty("remedy").GetString()));
            Assert.Equal(calls, gateway.A.Record.Count);
            Assert.DoesNotContain(trail.GetProperty("attempts").EnumerateArray(), attempt => attempt.GetProperty("outcome").GetString() == "running");
        }
    }

    private static async Task<(string Cause, long Requests, long Attempts)[]> RowsAsync(GatewayUnderTest gateway)
    {
        var report = await ServingFolder.AdminAsync(gateway.Server, "/report?by=cause", GatewayUnderTest.AdminKey);
        return [.. report.GetProperty("rows").EnumerateArray().Select(row => (row.GetProperty("cause").GetString()!, row.GetProperty("requests").GetInt64(), row.GetProperty("attempts").GetInt64()))];
    }

    /// <summary>Fails once for whoever asks for the time from within a type: the only thing that every step asks of what it was given.</summary>
    private sealed class FaultyClock : TimeProvider
    {
        private string? _place;

        public void FailOnceIn(string place) => Volatile.Write(ref _place, place);

        public override DateTimeOffset GetUtcNow()
        {
            Fail();
            return base.GetUtcNow();
        }

        public override long GetTimestamp()
        {
            Fail();
            return base.GetTimestamp();
        }

        private void Fail()
        {
            if (Volatile.Read(ref _place) is { } place && Environment.StackTrace.Contains(place, StringComparison.Ordinal) && Interlocked.CompareExchange(ref _place, null, place) == place)
            {
                throw new InvalidOperationException("The clock has stopped.");
            }
        }
    }
}
