using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F18 between every client's wire and every provider's: automatic prompt caches of all vendors live on bytes too.</summary>
public sealed class CacheOfEveryWireTests
{
    private static readonly SimulatorOptions Trusting = new() { VerifySignatures = false };

    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(kind => UpstreamKinds.Provider(kind, "A")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(kind => GatewayUnderTest.Models(UpstreamKinds.NameOf(kind), 1, UpstreamKinds.ProviderName(kind, "A"))))}}
        """;

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F18_SameConversation_IsTheSameBytesAtEveryProvider(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var upstream in UpstreamKinds.Plain)
        {
            gateway.A.Record.Clear();
            for (var i = 0; i < 8; i++)
            {
                await SendAsync(gateway, client, upstream, turns: 3);
            }

            Assert.Single(Bodies(gateway).Distinct(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F18_NextTurn_BeginsWithTheBytesOfTheLastAtEveryProvider(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var upstream in UpstreamKinds.Plain)
        {
            gateway.A.Record.Clear();
            for (var turns = 1; turns <= 5; turns++)
            {
                await SendAsync(gateway, client, upstream, turns);
            }

            var bodies = Bodies(gateway);
            for (var turn = 1; turn < bodies.Count; turn++)
            {
                // All up to the bracket that closes the shorter list.
                var end = EndOfTurns(bodies[turn - 1], upstream);
                Assert.True(end > 600, bodies[turn - 1]);
                Assert.Equal(bodies[turn - 1][..end], bodies[turn][..end]);
            }
        }
    }

    private static async Task SendAsync(GatewayUnderTest gateway, Wire client, Upstream upstream, int turns)
    {
        var model = UpstreamKinds.NameOf(upstream) + "/0";
        var body = Wires.Of(client).Request(model, "first question " + new string('q', 600), stream: false, tool: true, usage: false);
        for (var turn = 0; turn < turns; turn++)
        {
            var number = turn.ToString(CultureInfo.InvariantCulture);
            Wires.Of(client).AddToolTurn(body, new ToolCallRead("call_" + number, WeatherTool.Name, $$"""{"place":"Vienna {{number}}"}"""), "sunny " + number);
        }

        Wires.Of(client).LimitTokens(body, 500);
        var answer = await gateway.PostAsync(client, new ClientRequest(Wires.PathOf(client, model), body.ToJsonString()));
        Assert.True(answer.Status == 200, $"{client} at {upstream}: {answer.Text}");
    }

    private static List<string> Bodies(GatewayUnderTest gateway) => [.. gateway.A.Record.Requests.Select(r => Encoding.UTF8.GetString(r.Body!))];

    private static int EndOfTurns(string body, Upstream upstream)
    {
        using var document = JsonDocument.Parse(body);
        var turns = document.RootElement.GetProperty(upstream switch
        {
            Upstream.Responses => "input",
            Upstream.Gemini => "contents",
            _ => "messages",
        }).GetRawText();
        return body.IndexOf(turns, StringComparison.Ordinal) + turns.Length - 1;
    }
}
