using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Reasoning;

/// <summary>Thinking and sealed reasoning before tool calls, for Chat clients that keep neither.</summary>
public sealed class ForgottenThinkingTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: claude, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: openai, kind: openai-responses, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: deep, kind: openai, dialect: deepseek, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: other, kind: openai-responses, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: claude-sonnet-4-5, endpoints: [{ provider: claude, model: sim/think }] }
          - { id: gpt, endpoints: [{ provider: openai, model: sim/think }] }
          - { id: deepseek, endpoints: [{ provider: deep, model: sim/think }] }
          - { id: elsewhere, endpoints: [{ provider: other, model: sim/think }] }
        """;

    private static JsonObject Thinks() => new() { ["reasoning_effort"] = "high" };

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task F07_AnthropicToolLoop_HasItsThinkingBeforeTheFirstCall(bool stream, bool restart)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("claude-sonnet-4-5", stream, Thinks());
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);
        if (restart)
        {
            await gateway.RestartAsync();
        }

        await client.TurnAsync(gateway);

        var sent = Sent(gateway);
        Assert.Equal("enabled", sent.GetProperty("thinking").GetProperty("type").GetString());
        var blocks = sent.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal(["thinking", "tool_use", "tool_use"], blocks.EnumerateArray().Select(b => b.GetProperty("type").GetString()));
        Assert.Equal("Thinking about: look in parallel 2", blocks[0].GetProperty("thinking").GetString());
        Assert.NotEmpty(blocks[0].GetProperty("signature").GetString()!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F07_ResponsesToolLoop_HasItsSealedReasoningBeforeTheFirstCall_WithTheSameBytesEachTurn(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("gpt", stream, Thinks());
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);

        await client.TurnAsync(gateway);
        var second = Items(gateway);
        client.Say("again in parallel 2");
        await client.TurnAsync(gateway);
        var third = Items(gateway);
        await gateway.RestartAsync();
        await client.TurnAsync(gateway);
        var fourth = Items(gateway);

        Assert.Equal(["reasoning", "function_call", "function_call", "function_call_output", "function_call_output"], second.Skip(1).Select(i => i.GetProperty("type").GetString()));
        Assert.NotEmpty(second[1].GetProperty("encrypted_content").GetString()!);
        Assert.Equal(second.Select(i => i.GetRawText()), third.Take(second.Count).Select(i => i.GetRawText()));
        Assert.Equal(third.Select(i => i.GetRawText()), fourth.Take(third.Count).Select(i => i.GetRawText()));
        Assert.Equal(2, fourth.Count(i => i.TryGetProperty("encrypted_content", out _)));
    }

    [Fact]
    public async Task F07_AnotherProviderThanSealedIt_IsMendedOnceAndAnswers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("gpt", stream: false, Thinks());
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);
        var moved = new ForgetfulClient("elsewhere", stream: false, Thinks());
        foreach (var message in client.Messages)
        {
            moved.Messages.Add(message!.DeepClone());
        }

        var answer = await moved.AskAsync(gateway);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal([400, 200], gateway.B.Record.Requests.Select(r => r.Status));
        Assert.DoesNotContain("encrypted_content\":", Encoding.UTF8.GetString(gateway.B.Record.Last.Body!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task F07_AnotherVendorThanSealedIt_IsSentNothingOfIt()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("gpt", stream: false, Thinks());
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);
        var moved = new ForgetfulClient("claude-sonnet-4-5", stream: false, Thinks());
        foreach (var message in client.Messages)
        {
            moved.Messages.Add(message!.DeepClone());
        }

        var answer = await moved.AskAsync(gateway);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(["tool_use", "tool_use"], Sent(gateway).GetProperty("messages")[1].GetProperty("content").EnumerateArray().Select(b => b.GetProperty("type").GetString()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F07_DeepSeekNatively_HasItsReasoningContentOnTheToolTurn_AndAllElseAsItCame(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("deepseek", stream);
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);

        await gateway.RestartAsync();
        await client.TurnAsync(gateway);
        client.Say("and \"now\"");
        var told = client.Messages.ToJsonString();
        await client.AskAsync(gateway);

        var messages = JsonNode.Parse(Sent(gateway).GetProperty("messages").GetRawText())!.AsArray();
        Assert.Equal("Thinking about: look in parallel 2", messages[1]!["reasoning_content"]!.GetValue<string>());
        Assert.All(messages.Skip(2), m => Assert.Null(m!["reasoning_content"]));
        messages[1]!.AsObject().Remove("reasoning_content");
        Assert.Equal(told, messages.ToJsonString());
    }

    [Fact]
    public async Task F07_DeepSeekNatively_ClientThatBringsItsReasoning_PassesByteForByte()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var client = new ForgetfulClient("deepseek", stream: false);
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);
        client.Messages[1]!["reasoning_content"] = "its own";

        await client.AskAsync(gateway);

        Assert.Equal(client.Messages.ToJsonString(), JsonNode.Parse(Sent(gateway).GetProperty("messages").GetRawText())!.ToJsonString());
    }

    [Theory]
    [InlineData("off", 0)]
    [InlineData("0", 0)]
    [InlineData("1h", 1)]
    public async Task Keep_SwitchedOff_WritesNothingAndGivesNothingBack(string keep, int kept)
    {
        await using var gateway = await GatewayUnderTest.StartAsync($"reasoning: {{ keep: {keep} }}\n" + Config);
        var client = new ForgetfulClient("claude-sonnet-4-5", stream: true, Thinks());
        client.Say("look in parallel 2");
        await client.TurnAsync(gateway);
        await client.TurnAsync(gateway);

        Assert.Equal(kept, Sent(gateway).GetProperty("messages")[1].GetProperty("content").EnumerateArray().Count(b => b.GetProperty("type").GetString() == "thinking"));
        await gateway.RestartAsync();
        Assert.Equal(kept > 0, gateway.HasWritten("Thinking about: look in parallel 2"));
    }

    private static JsonElement Sent(GatewayUnderTest gateway)
    {
        using var body = JsonDocument.Parse(gateway.A.Record.Last.Body);
        return body.RootElement.Clone();
    }

    private static List<JsonElement> Items(GatewayUnderTest gateway) => [.. Sent(gateway).GetProperty("input").EnumerateArray()];
}
