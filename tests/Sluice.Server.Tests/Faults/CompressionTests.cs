using System.Text;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>
/// A conversation that is longer than every window: its middle is left out where the request or the configuration wants that, and it is told. The
/// providers count for themselves and refuse what is too long.
/// </summary>
public sealed class CompressionTests
{
    private const int Window = 2_000;

    public static TheoryData<Wire, Upstream> Directions => RetryTests.Directions;

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task D17_Overflow_ConfiguredMiddleOut_IsShortenedAndTold(Wire client, Upstream upstream)
    {
        await using var gateway = await StartAsync(upstream, "degrade: { context: middle-out }\n");
        var body = Conversation(client, turns: 30);

        var answer = await SendAsync(gateway, client, body);
        var strict = await SendAsync(gateway, client, body, ("x-sluice-strict", "1"));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Contains("context=dropped", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        var sent = gateway.A.Record.Requests.Where(r => r.Status == 200).Select(r => Encoding.UTF8.GetString(r.Body!)).Single();
        Assert.Contains("the first question", sent, StringComparison.Ordinal);
        Assert.Contains("result 29 ", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("result 0 ", sent, StringComparison.Ordinal);

        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Contains(trail.GetProperty("degradations").EnumerateArray(), d => d.GetString() == "context=dropped");
        Assert.Equal("context_length", trail.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        Assert.Contains("the middle of the conversation was left out", trail.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Equal(400, strict.Status);
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task D17_RequestAsksForMiddleOut_IsShortenedBeforeAnybodyRefuses(Wire client, Upstream upstream)
    {
        foreach (var (member, value) in new[] { ("transforms", """["middle-out"]"""), ("plugins", """[{"id":"context-compression","engine":"middle-out"}]""") })
        {
            await using var gateway = await StartAsync(upstream);
            var body = Conversation(client, turns: 60);
            body[member] = JsonNode.Parse(value);

            var answer = await SendAsync(gateway, client, body);

            Assert.True(answer.Status == 200, answer.Text);
            Assert.Contains("context=dropped", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
            Assert.Equal("1", answer.Header("x-sluice-attempts"));
            Assert.DoesNotContain("middle-out", Encoding.UTF8.GetString(gateway.A.Record.Requests[^1].Body!), StringComparison.Ordinal);

            var small = Conversation(client, turns: 1);
            small[member] = JsonNode.Parse(value);
            Assert.DoesNotContain("context=", (await SendAsync(gateway, client, small)).Header("x-sluice-degraded") ?? "", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", null, 400)]
    [InlineData("", """[{"id":"context-compression","enabled":false}]""", 400)]
    [InlineData("", """[{"id":"web"}]""", 400)]
    [InlineData("degrade: { context: off }\n", null, 400)]
    [InlineData("", """[{"id":"context-compression"}]""", 200)]
    public async Task D17_Overflow_IsToldUnlessSomebodyWantsItShortened(string section, string? plugins, int status)
    {
        await using var gateway = await StartAsync(Upstream.Chat, section);
        var body = Conversation(Wire.Chat, turns: 60);
        if (plugins is not null)
        {
            body["plugins"] = JsonNode.Parse(plugins);
        }

        var answer = await SendAsync(gateway, Wire.Chat, body);

        Assert.Equal(status, answer.Status);
        Assert.True(status == 200 || answer.Error(Wire.Chat).Message.StartsWith("This model's maximum context length is ", StringComparison.Ordinal), answer.Text);
    }

    [Fact]
    public async Task OtherEngine_IsRefusedByName()
    {
        await using var gateway = await StartAsync(Upstream.Chat);
        var body = Conversation(Wire.Chat, turns: 1);
        body["plugins"] = JsonNode.Parse("""[{"id":"context-compression","engine":"summary"}]""");

        var answer = await SendAsync(gateway, Wire.Chat, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("engine of context-compression must be middle-out", answer.Error(Wire.Chat).Message, StringComparison.Ordinal);
    }

    // What cannot be shortened enough goes back in the provider's words, after two tries at most.
    [Theory]
    [MemberData(nameof(Directions))]
    public async Task D17_NewestTurnAloneIsTooLong_IsToldInTheWordsThatAgentsCompactBy(Wire client, Upstream upstream)
    {
        await using var gateway = await StartAsync(upstream, "degrade: { context: middle-out }\n");
        var body = Conversation(client, turns: 3);
        Wires.Of(client).AddToolTurn(body, new ToolCallRead("call_9", WeatherTool.Name, """{"city":"Rome"}"""), new string('y', 40_000));

        var answer = await SendAsync(gateway, client, body);

        Assert.Equal(400, answer.Status);
        Assert.StartsWith(client switch
        {
            Wire.Anthropic => "prompt is too long: ",
            Wire.Gemini => "The input token count (",
            _ => "This model's maximum context length is ",
        }, answer.Error(client).Message, StringComparison.Ordinal);
        Assert.InRange(gateway.A.Record.Count, 1, 3);
    }

    private static Task<GatewayUnderTest> StartAsync(Upstream upstream, string section = "") => GatewayUnderTest.StartAsync($$"""
        {{section}}routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(upstream, "A", name: "a")}}
        models:
          - { id: small, context: {{Window}}, endpoints: [{ provider: a, model: small-up, price: { input: 3, output: 15 } }] }
        """, new SimulatorOptions { ContextTokens = Window });

    private static Task<ClientAnswer> SendAsync(GatewayUnderTest gateway, Wire client, JsonObject body, params (string, string)[] headers) =>
        gateway.PostAsync(client, new ClientRequest(Wires.PathOf(client, "small"), body.ToJsonString()), headers);

    // About 75 tokens a turn.
    private static JsonObject Conversation(Wire client, int turns)
    {
        var body = Wires.Of(client).Request("small", "the first question", stream: false, tool: true, usage: false);
        Wires.Of(client).LimitTokens(body, 100);
        for (var turn = 0; turn < turns; turn++)
        {
            Wires.Of(client).AddToolTurn(body, new ToolCallRead($"call_{turn}", WeatherTool.Name, """{"city":"Rome"}"""), $"result {turn} " + string.Concat(Enumerable.Repeat("some words ", 20)));
        }

        return body;
    }
}
