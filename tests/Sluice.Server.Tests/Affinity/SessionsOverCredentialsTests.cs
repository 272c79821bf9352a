using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Affinity;

/// <summary>F20: a session stays where its cache is warm, and leaves a place that fails; both measured against the provider's own books.</summary>
[Trait("Category", "Heavy")]
public sealed class SessionsOverCredentialsTests
{
    private const int Sessions = 10;
    private const int Turns = 30;
    private const int DiesAt = 11;
    private const int IsWellAt = 16;
    private const int RestartsAt = 21;

    private static readonly string[] Keys = ["key-one-0123456789", "key-two-0123456789", "key-three-0123456789"];

    [Theory]
    [InlineData(Wire.Anthropic, true, 401)]
    [InlineData(Wire.Anthropic, false, 429)]
    [InlineData(Wire.Chat, true, 429)]
    [InlineData(Wire.Chat, false, 401)]
    [InlineData(Wire.Responses, true, 401)]
    [InlineData(Wire.Responses, false, 429)]
    [InlineData(Wire.Gemini, true, 429)]
    [InlineData(Wire.Gemini, false, 429)]
    public async Task F20_ReqI65_TenSessionsOfThirtyTurns_StayMoveOnceAndKeepTheirCaches(Wire wire, bool named, int status)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(wire), new SimulatorOptions { VerifySignatures = false }, time: time);
        var sessions = Enumerable.Range(1, Sessions).Select(i => new AgentSession(wire, i, named)).ToList();
        var dead = "";
        var ideal = 0L;
        for (var turn = 1; turn <= Turns; turn++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            if (turn == DiesAt)
            {
                Assert.True(sessions.Select(s => s.Home).Distinct().Count() > 1, "ten sessions share one credential");
                dead = sessions[0].Home;
                gateway.A.Script.Always(Fault.Of(status), credential: dead);
            }

            if (turn == IsWellAt && status != 401)
            {
                // Longer than a failure counts, shorter than a cache lives.
                gateway.A.Script.Clear();
                time.Advance(TimeSpan.FromSeconds(31));
            }

            if (turn == RestartsAt)
            {
                await gateway.RestartAsync();
            }

            foreach (var session in sessions)
            {
                var (ask, headers) = session.Ask(turn, "m/0");
                var answer = await gateway.PostAsync(wire, ask, headers);
                Assert.True(answer.Status == 200, answer.Text);
                var received = gateway.A.Record.Last;
                var before = session.IdealTokens;
                session.Sent(received.Body!);
                if (turn == 1)
                {
                    session.Home = received.Credential!;
                }
                else if (turn == DiesAt && session.Home == dead)
                {
                    // Its sessions move within this very request, and pay for their prompts once.
                    Assert.NotEqual(dead, received.Credential);
                    session.Home = received.Credential!;
                    continue;
                }

                Assert.True(session.Home == received.Credential, $"turn {turn}: {session.Name} left {session.Home} for {received.Credential}");
                ideal += session.IdealTokens - before;
            }
        }

        var read = gateway.A.Record.Requests.Sum(r => (long)(r.Usage?.CacheRead ?? 0));
        Assert.True(ideal > 1_000_000, $"the test's own sum is {ideal}");
        Assert.InRange(read / (double)ideal, 0.95, 1.02);

        // One call found out; the others of its sessions did not ask it again.
        Assert.Equal((Sessions * Turns) + 1, gateway.A.Record.Count);
    }

    [Fact]
    public async Task F20_ShortOpeningOfOneUser_IsSpreadUntilAnAnswerTellsOfACache()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Wire.Chat));
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m/0", "hi", stream: false))).Status);
        }

        Assert.Equal(Keys.Order(StringComparer.Ordinal), gateway.A.Record.Requests.Select(r => r.Credential!).Distinct().Order(StringComparer.Ordinal));
        gateway.A.Record.Clear();

        // The same opening, grown long: each credential writes it once; the first that reads it keeps the session.
        for (var i = 0; i < 9; i++)
        {
            var body = new JsonObject
            {
                ["model"] = "m/0",
                ["messages"] = new JsonArray(
                    new JsonObject { ["role"] = "user", ["content"] = "hello" },
                    new JsonObject { ["role"] = "assistant", ["content"] = new string('a', 20_000) },
                    new JsonObject { ["role"] = "user", ["content"] = "go on" }),
            };
            Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, body.ToJsonString())).Status);
        }

        var used = gateway.A.Record.Requests.Select(r => r.Credential!).ToList();
        Assert.Equal(3, used.Take(3).Distinct().Count());
        Assert.Single(used.Skip(3).Distinct());
    }

    [Fact]
    public async Task F20_TwoUsersWithOneSessionName_HaveHomesOfTheirOwn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Wire.Chat));
        var other = await gateway.KeyOfAsync("someone-else");
        var mine = await UsedAsync(gateway, gateway.Key, "shared-name");

        // Nine names of another user cannot all fall on the home of the first.
        var theirs = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 9; i++)
        {
            theirs.Add(await UsedAsync(gateway, other, "shared-name" + i));
        }

        Assert.True(theirs.Count > 1);
        Assert.Equal(mine, await UsedAsync(gateway, gateway.Key, "shared-name"));
    }

    private static async Task<string> UsedAsync(GatewayUnderTest gateway, string key, string session)
    {
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/0", "x", stream: false));
        request.Headers.Remove("x-api-key");
        request.Headers.Add("x-api-key", key);
        request.Headers.Add("x-session-id", session);
        Assert.Equal(200, (await gateway.SendAsync(request)).Status);
        return gateway.A.Record.Last.Credential!;
    }

    private static string Config(Wire wire)
    {
        var (kind, path) = wire switch
        {
            Wire.Anthropic => ("anthropic", ""),
            Wire.Chat => ("openai", "/v1"),
            Wire.Responses => ("openai-responses", "/v1"),
            _ => ("gemini", ""),
        };
        return $$"""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: {{kind}}, base_url: "{A}{{path}}", api_keys: [{{string.Join(", ", Keys)}}] }
            models:
            {{GatewayUnderTest.Models("m", 1, "a")}}
            """;
    }
}
