using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Affinity;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Server.Tests.Reasoning;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Nodes;

/// <summary>A conversation whose turns reach now one node, now the other: it stays where its cache is warm, keeps what was thought, and its bytes.</summary>
public sealed class SharedConversationsTests
{
    private const string Google = """
        routing: { retries: 0 }
        providers:
          - { name: google, kind: gemini, base_url: "{A}", api_keys: [key-of-a-0123456789] }
        models:
          - { id: g3, endpoints: [{ provider: google, model: gemini-3-pro }] }
        """;

    private const string ThreeKeys = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-one-0123456789, key-two-0123456789, key-three-0123456789] }
        models:
          - { id: m/0, endpoints: [{ provider: a, model: m-0, price: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 } }] }
        """;

    /// <summary>By itself every node would put the session at the key that was refused: only a home that was told can be followed.</summary>
    [Fact]
    public async Task F20_ASessionThatMoved_IsFoundWhereItMoved_AlsoByTheOtherNode()
    {
        await using var nodes = await TwoNodes.StartAsync(ThreeKeys);
        var session = new AgentSession(Wire.Anthropic, 1, named: true);
        nodes.A.A.Script.Enqueue(Fault.Of(429));
        for (var turn = 1; turn <= 6; turn++)
        {
            var (ask, headers) = session.Ask(turn, "m/0");
            if (turn == 2)
            {
                // No agent takes its next turn within the milliseconds that the news take; this test would.
                await GatewayUnderTest.UntilAsync(
                    async () => (await nodes.B.PostAsync(Wire.Anthropic, ask, [.. headers, ("x-sluice-explain", "1")])).Json.GetProperty("session").TryGetProperty("home", out _),
                    "the other node has heard of it");
            }

            Assert.Equal(200, (await (turn % 2 == 1 ? nodes.A : nodes.B).PostAsync(Wire.Anthropic, ask, headers)).Status);
            session.Sent(nodes.A.A.Record.Last.Body!);
        }

        var keys = nodes.A.A.Record.Requests.Select(request => request.Credential).ToList();
        Assert.Equal(7, keys.Count);
        Assert.NotEqual(keys[0], keys[1]);
        Assert.All(keys[1..], key => Assert.Equal(keys[1], key));
    }

    [Fact]
    public async Task F20_SessionsOverTwoNodes_StayAtTheirCredentials()
    {
        await using var nodes = await TwoNodes.StartAsync(ThreeKeys);
        var sessions = Enumerable.Range(1, 6).Select(i => new AgentSession(Wire.Anthropic, i, named: true)).ToList();
        var moved = new List<string>();
        for (var turn = 1; turn <= 8; turn++)
        {
            foreach (var session in sessions)
            {
                var node = (turn + sessions.IndexOf(session)) % 2 == 0 ? nodes.A : nodes.B;
                var (ask, headers) = session.Ask(turn, "m/0");
                Assert.Equal(200, (await node.PostAsync(Wire.Anthropic, ask, headers)).Status);
                var received = nodes.A.A.Record.Last;
                session.Sent(received.Body!);
                if (turn > 1 && session.Home != received.Credential)
                {
                    moved.Add($"turn {turn}: {session.Name} left {session.Home} for {received.Credential}");
                }

                session.Home = received.Credential!;
            }
        }

        Assert.Empty(moved);
        Assert.True(sessions.Select(session => session.Home).Distinct().Count() > 1, "all sessions share one credential");
        var read = nodes.A.A.Record.Requests.Sum(request => (long)(request.Usage?.CacheRead ?? 0));
        Assert.InRange(read / (double)sessions.Sum(session => session.IdealTokens), 0.95, 1.02);
    }

    [Fact]
    public async Task F06_ChatClientThatDropsUnknownMembers_GoesOnWithGemini3_EachTurnOnTheOtherNode()
    {
        await using var nodes = await TwoNodes.StartAsync(Google);
        var client = new ForgetfulClient("g3", stream: true, Forced());
        client.Say("weather?");
        List<string?> last = [];
        for (var turn = 0; turn < 5; turn++)
        {
            await client.TurnAsync(turn % 2 == 0 ? nodes.A : nodes.B);
            var signatures = Signatures(nodes);
            Assert.Equal(turn, signatures.Count);
            Assert.Equal(last, signatures.Take(last.Count));
            Assert.All(signatures, signature => Assert.True(signature is { Length: > 40 }, $"turn {turn}: {signature}"));
            last = signatures;
        }
    }

    [Fact]
    public async Task F18_SameConversationOnBothNodes_IsTheSameBytes_WithWhatWasThought()
    {
        await using var nodes = await TwoNodes.StartAsync(Google);
        var client = new ForgetfulClient("g3", stream: false, Forced());
        client.Say("weather?");
        await client.TurnAsync(nodes.A);
        await client.TurnAsync(nodes.B);
        await client.TurnAsync(nodes.A);
        nodes.A.A.Record.Clear();

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(200, (await client.AskAsync(i % 2 == 0 ? nodes.A : nodes.B)).Status);
        }

        var bodies = nodes.A.A.Record.Requests.Select(request => Encoding.UTF8.GetString(request.Body!)).ToList();
        Assert.Equal(100, bodies.Count);
        Assert.Single(bodies.Distinct(StringComparer.Ordinal));
        Assert.Equal(3, Signatures(nodes).Distinct().Count());
    }

    private static JsonObject Forced() => new() { ["tool_choice"] = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = WeatherTool.Name } } };

    private static List<string?> Signatures(TwoNodes nodes)
    {
        using var body = JsonDocument.Parse(nodes.A.A.Record.Last.Body);
        return [.. body.RootElement.GetProperty("contents").EnumerateArray()
            .SelectMany(content => content.GetProperty("parts").EnumerateArray())
            .Where(part => part.TryGetProperty("functionCall", out _))
            .Select(part => part.TryGetProperty("thoughtSignature", out var signature) ? signature.GetString() : null)];
    }
}
