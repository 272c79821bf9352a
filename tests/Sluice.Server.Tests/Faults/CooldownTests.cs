using System.Globalization;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>What one failure means for the requests after it.</summary>
public sealed class CooldownTests
{
    [Fact]
    public async Task F32_UpstreamAsksForAWait_ItIsLeftAlone_AndClientsAreToldTheRest()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
            models:
            {{GatewayUnderTest.Models("m", 1, "a")}}
            """);
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 40));
        foreach (var client in Enum.GetValues<Wire>())
        {
            for (var i = 0; i < 3; i++)
            {
                var answer = await gateway.PostAsync(client, Wires.Ask(client, "m/0", "x", stream: i % 2 == 0));
                Assert.Equal(429, answer.Status);
                Assert.InRange(int.Parse(answer.Header("retry-after")!, CultureInfo.InvariantCulture), 30, 40);
            }
        }

        Assert.Equal(1, gateway.A.Record.Count);
    }

    [Fact]
    public async Task F32_AbsurdWait_IsToldAsAtMost55Seconds()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
            models:
            {{GatewayUnderTest.Models("m", 1, "a")}}
            """);
        gateway.A.Script.Always(new Fault(FaultKind.AbsurdRetryAfter));
        for (var i = 0; i < 2; i++)
        {
            var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m/0", "x", stream: false));
            Assert.Equal(429, answer.Status);
            Assert.Equal("55", answer.Header("retry-after"));
        }
    }

    [Fact]
    public async Task F20_Sessions_KeepTheirCredential_AndMoveAtOnceWhenItDies()
    {
        string[] keys = ["key-one-0123456789", "key-two-0123456789", "key-three-0123456789"];
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0, affinity: session }
            providers:
              - { name: a, kind: anthropic, base_url: "{A}", api_keys: [{{string.Join(", ", keys)}}] }
            models:
            {{GatewayUnderTest.Models("m", 1, "a")}}
            """);
        var home = new Dictionary<int, string>();
        for (var turn = 0; turn < 6; turn++)
        {
            for (var session = 0; session < 10; session++)
            {
                var used = await UsedKeyAsync(gateway, session);
                Assert.Equal(home.TryAdd(session, used) ? used : home[session], used);
            }
        }

        Assert.True(home.Values.Distinct().Count() > 1, "ten sessions share one key");
        var dead = home[0];
        gateway.A.Script.Always(Fault.Of(401), credential: dead);
        var before = gateway.A.Record.Count;
        for (var session = 0; session < 10; session++)
        {
            var used = await UsedKeyAsync(gateway, session);
            Assert.NotEqual(dead, used);
            Assert.Equal(home[session] == dead ? used : home[session], used);
            home[session] = used;
        }

        // One call found out that the key is dead; nobody asked it again.
        Assert.Equal(before + 11, gateway.A.Record.Count);
        gateway.A.Script.Clear();
        for (var session = 0; session < 10; session++)
        {
            Assert.Equal(home[session], await UsedKeyAsync(gateway, session));
        }
    }

    private static async Task<string> UsedKeyAsync(GatewayUnderTest gateway, int session)
    {
        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m/0", "x", stream: true), ("x-claude-code-session-id", "session-" + session));
        Assert.Equal(200, answer.Status);
        return gateway.A.Record.Last.Credential!;
    }
}
