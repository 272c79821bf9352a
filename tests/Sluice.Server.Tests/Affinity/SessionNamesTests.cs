using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Affinity;

/// <summary>Every client's own name for its conversation is found, and the ones that have none are known by how they begin.</summary>
public sealed class SessionNamesTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: b, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
          - id: "m"
            endpoints: [{ provider: a, model: m, price: { input: 3, output: 15 } }, { provider: b, model: m, price: { input: 3, output: 15 } }]
        """;

    [Theory]
    [InlineData(Wire.Anthropic, "x-claude-code-session-id", null, null)]
    [InlineData(Wire.Anthropic, null, "metadata", """{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"the-name\"}"}""")]
    [InlineData(Wire.Anthropic, null, "metadata", """{"user_id":"user_0a_account__session_the-name"}""")]
    [InlineData(Wire.Responses, "session-id", null, null)]
    [InlineData(Wire.Responses, "thread-id", null, null)]
    [InlineData(Wire.Responses, null, "prompt_cache_key", "\"the-name\"")]
    [InlineData(Wire.Chat, "x-session-id", null, null)]
    [InlineData(Wire.Chat, "x-session-affinity", null, null)]
    [InlineData(Wire.Chat, "session_id", null, null)]
    [InlineData(Wire.Chat, "conversation_id", null, null)]
    [InlineData(Wire.Chat, null, "session_id", "\"the-name\"")]
    [InlineData(Wire.Gemini, "x-sluice-session", null, null)]
    public async Task Name_OfEveryClient_IsFound(Wire wire, string? header, string? member, string? value)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var ask = Wires.Ask(wire, "m", "hello", stream: false);
        if (member is not null)
        {
            var body = JsonNode.Parse(ask.Body)!.AsObject();
            body[member] = JsonNode.Parse(value!);
            ask = ask with { Body = body.ToJsonString() };
        }

        (string, string)[] headers = header is null ? [] : [(header, "the-name")];
        var plan = await gateway.PostAsync(wire, ask, [.. headers, ("x-sluice-explain", "1")]);
        var answer = await gateway.PostAsync(wire, ask, headers);

        Assert.Equal("name", plan.Json.GetProperty("session").GetProperty("known_by").GetString());
        Assert.Equal("the-name", (await gateway.SettledTrailAsync(answer.Id)).GetProperty("session").GetString());
    }

    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task Opening_OfAClientThatNamesNothing_IsTheSession(Wire wire)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var brief = await gateway.PostAsync(wire, Wires.Ask(wire, "m", "hello", stream: false), ("x-sluice-explain", "1"));
        var full = await gateway.PostAsync(wire, Wires.Ask(wire, "m", new string('x', 5000), stream: false), ("x-sluice-explain", "1"));

        Assert.Equal("short opening", brief.Json.GetProperty("session").GetProperty("known_by").GetString());
        Assert.Equal("opening", full.Json.GetProperty("session").GetProperty("known_by").GetString());
    }
}
