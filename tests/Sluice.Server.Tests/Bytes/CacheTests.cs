using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Bytes;

/// <summary>Prompt caches live on bytes: the same conversation must give the same bytes, and a longer one must begin with the shorter one's.</summary>
public sealed class CacheTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
          - { name: a-chat, kind: openai, base_url: "{A}/v1" }
          - { name: a-router, kind: openrouter, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
          - { id: "anthropic/claude-sonnet-4.6", endpoints: [{ provider: a-router, model: anthropic/claude-sonnet-4.6, price: { input: 3, output: 15 } }] }
        """;

    private static readonly SimulatorOptions Trusting = new() { VerifySignatures = false };

    [Theory]
    [InlineData("m/anthropic")]
    [InlineData("m/chat")]
    [InlineData("anthropic/claude-sonnet-4.6")]
    public async Task F18_SameConversation_TwentyTimes_IsTheSameBytes(string model)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        for (var i = 0; i < 20; i++)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, CachedConversation.Body(model, turns: 3));
            Assert.Equal(200, answer.Status);
        }

        Assert.Single(Bodies(gateway).Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("m/anthropic")]
    [InlineData("m/chat")]
    [InlineData("anthropic/claude-sonnet-4.6")]
    public async Task F18_NextTurn_BeginsWithTheBytesOfTheLast(string model)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        for (var turns = 1; turns <= 6; turns++)
        {
            Assert.Equal(200, (await gateway.PostAsync(Wire.Anthropic, CachedConversation.Body(model, turns))).Status);
        }

        var bodies = Bodies(gateway);
        for (var turn = 1; turn < bodies.Count; turn++)
        {
            // All up to the bracket that closes the shorter list of messages.
            var end = CachedConversation.EndOfMessages(bodies[turn - 1]);
            Assert.True(end > 1000, bodies[turn - 1]);
            Assert.Equal(bodies[turn - 1][..end], bodies[turn][..end]);
        }
    }

    [Fact]
    public async Task F08_SystemText_OverASession_IsTheClientsOwnBytes()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        for (var turns = 1; turns <= 5; turns++)
        {
            var body = CachedConversation.Body("m/anthropic", turns);
            await gateway.PostAsync(Wire.Anthropic, body);
            Assert.Equal(Member(body, "system"), Member(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!), "system"));
            Assert.Equal(Member(body, "tools"), Member(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!), "tools"));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F12_ServerSearchTool_OnAChatUpstream_IsRefusedOrReported_NeverForwardedUnknown(bool strict)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        const string Body = """{"model":"m/chat","max_tokens":50,"tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"read","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"hello"}]}""";
        var answer = await gateway.PostAsync(Wire.Anthropic, Body, strict ? [("x-sluice-strict", "1")] : []);
        if (strict)
        {
            Assert.Equal(400, answer.Status);
            Assert.Equal("invalid_request_error", answer.Json.GetProperty("error").GetProperty("type").GetString());
            Assert.Equal(0, gateway.A.Record.Count);
            return;
        }

        Assert.Equal(200, answer.Status);
        Assert.Contains("web_search", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        Assert.DoesNotContain("web_search_20250305", Encoding.UTF8.GetString(gateway.A.Record.Last.Body!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task F18_NativeBody_IsTheClientsOwnBytesButForTheModel()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        // Odd spacing, escapes, number spellings, unknown members and their order are the client's own affair.
        const string Body = """{ "max_tokens" : 1000,"model":  "m/anthropic" ,"x_unknown":{"b":1.0,"e":1e3,"a":"\u00fc\/"},"messages":[{"role":"user","content":"hé \ud83d\ude00 there"}]  ,"stream":false, "metadata":{"user_id":"{\"k\":1}"} }""";
        var answer = await gateway.PostAsync(Wire.Anthropic, Body);
        Assert.Equal(200, answer.Status);
        Assert.Equal(Body.Replace("\"m/anthropic\"", "\"m\"", StringComparison.Ordinal), Encoding.UTF8.GetString(gateway.A.Record.Last.Body!));
    }

    [Fact]
    public async Task F18_CapturedClaudeCodeTurns_StayByteStableOnBothWires()
    {
        var captures = SharedData.Captures("claude-code").Where(path => Path.GetFileName(path).StartsWith("base.", StringComparison.Ordinal)).ToList();
        if (captures.Count < 2)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var model in new[] { "m/anthropic", "m/chat" })
        {
            foreach (var capture in captures)
            {
                var body = (JsonObject)JsonNode.Parse(await File.ReadAllBytesAsync(capture))!["body"]!;
                body["model"] = model;
                gateway.A.Record.Clear();
                for (var i = 0; i < 3; i++)
                {
                    var answer = await gateway.PostAsync(Wire.Anthropic, body.ToJsonString());
                    Assert.True(answer.Status == 200, answer.Text);
                    Assert.Null(answer.Violation(Wire.Anthropic));
                }

                Assert.Single(Bodies(gateway).Distinct(StringComparer.Ordinal));
            }
        }
    }

    private static List<string> Bodies(GatewayUnderTest gateway) => [.. gateway.A.Record.Requests.Select(r => Encoding.UTF8.GetString(r.Body!))];

    private static string Member(string body, string name)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty(name).GetRawText();
    }
}
