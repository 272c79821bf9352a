using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;

namespace Sluice.Server.Tests.Reasoning;

/// <summary>Gemini 3 wants its signature back on the call that carried it; most Chat clients have forgotten it by then.</summary>
public sealed class ForgottenSignatureTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: google, kind: gemini, base_url: "{A}", api_keys: [key-of-a-0123456789] }
        models:
          - { id: g3, endpoints: [{ provider: google, model: gemini-3-pro }] }
        """;

    // Every turn calls the tool.
    private static JsonObject Forced() => new() { ["tool_choice"] = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = WeatherTool.Name } } };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F06_ChatClientThatDropsUnknownMembers_GoesOnWithGemini3_AlsoAfterARestart(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("g3", stream, Forced());
        client.Say("weather?");
        await client.TurnAsync(gateway);

        await client.TurnAsync(gateway);
        var second = Signatures(gateway);
        await client.TurnAsync(gateway);
        var third = Signatures(gateway);
        await gateway.RestartAsync();
        await client.TurnAsync(gateway);
        var fourth = Signatures(gateway);

        // The provider has checked each of them; here only that they are its own, and none the placeholder for histories from elsewhere.
        Assert.Single(second);
        Assert.Equal(2, third.Count);
        Assert.Equal(3, fourth.Count);
        Assert.All(fourth, s => Assert.True(s is { Length: > 40 }, s));
        Assert.Equal(second, third.Take(1));
        Assert.Equal(third, fourth.Take(2));
        Assert.Equal(3, fourth.Distinct().Count());
    }

    [Fact]
    public async Task F06_ClientThatStripsPunctuationOfIdsAndRewritesArguments_GetsItsSignatureBack()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("g3", stream: false, Forced()) { Id = id => id.Replace("_", "", StringComparison.Ordinal) };
        client.Say("weather?");
        await client.TurnAsync(gateway);
        var function = client.Messages[1]!["tool_calls"]![0]!["function"]!;
        function["arguments"] = "  " + function["arguments"]!.GetValue<string>().Replace(":", " :\n", StringComparison.Ordinal);

        await client.TurnAsync(gateway);

        Assert.True(Assert.Single(Signatures(gateway)) is { Length: > 40 });
    }

    [Fact]
    public async Task F06_AnotherUserWithTheSameCalls_GetsNothingOfTheFirst()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("g3", stream: false, Forced());
        client.Say("weather?");
        await client.TurnAsync(gateway);
        var stranger = new ForgetfulClient("g3", stream: false, Forced()) { Key = await gateway.KeyOfAsync("stranger") };
        foreach (var message in client.Messages)
        {
            stranger.Messages.Add(message!.DeepClone());
        }

        Assert.Equal(200, (await stranger.AskAsync(gateway)).Status);
        Assert.Equal("skip_thought_signature_validator", Assert.Single(Signatures(gateway)));
        Assert.Equal(200, (await client.AskAsync(gateway)).Status);
        Assert.True(Assert.Single(Signatures(gateway)) is { Length: > 40 });
    }

    [Fact]
    public async Task F06_ClientThatCarriesTheSignatureItself_IsSentOnAsItIs()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("g3", stream: false, Forced());
        client.Say("weather?");
        var first = await client.TurnAsync(gateway);
        client.Messages[1] = JsonNode.Parse(first.Json.GetProperty("choices")[0].GetProperty("message").GetRawText());

        Assert.Equal(200, (await client.AskAsync(gateway)).Status);
        var carried = gateway.A.Record.Last.Body!;
        client.Messages[1]!.AsObject().Remove("reasoning_details");
        client.Messages[1]!["tool_calls"]![0]!.AsObject().Remove("extra_content");
        Assert.Equal(200, (await client.AskAsync(gateway)).Status);

        Assert.Equal(Encoding.UTF8.GetString(carried), Encoding.UTF8.GetString(gateway.A.Record.Last.Body!));
    }

    // Of every functionCall part that the provider was sent last, in order.
    private static List<string?> Signatures(GatewayUnderTest gateway)
    {
        using var body = JsonDocument.Parse(gateway.A.Record.Last.Body);
        return [.. body.RootElement.GetProperty("contents").EnumerateArray()
            .SelectMany(c => c.GetProperty("parts").EnumerateArray())
            .Where(p => p.TryGetProperty("functionCall", out _))
            .Select(p => p.TryGetProperty("thoughtSignature", out var signature) ? signature.GetString() : null)];
    }
}
