using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Bytes;

/// <summary>Thinking that comes back with its signature: the provider checks it over the exact bytes, so a gateway that touches them loses the conversation.</summary>
public sealed class SignatureTests
{
    private const string Providers = """
        routing: { retries: 0 }
        providers:
          - { name: up, kind: anthropic, base_url: "{A}", api_keys: [key-one-0123456789, key-two-0123456789] }
          - { name: other, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
          - { id: think, endpoints: [{ provider: up, model: sim/think }, { provider: other, model: sim/think }] }
        """;

    [Fact]
    public async Task F05_ThinkingReplayed_IsAcceptedByTheProviderThatSignedIt()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        var conversation = await FirstTurnAsync(gateway);
        for (var turn = 2; turn <= 4; turn++)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Body(conversation), ("x-sluice-session", "signed"));
            Assert.True(answer.Status == 200, answer.Text);
            Append(conversation, answer.Json.GetProperty("content"), $"turn {turn}");
        }

        Assert.Equal(0, gateway.B.Record.Count);
    }

    [Fact]
    public async Task F05_ThinkingRefused_InStrictRequests_IsToldInTheProvidersWordsAndTheNextTurnWorks()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        var conversation = await FirstTurnAsync(gateway);
        var broken = JsonNode.Parse(conversation.ToJsonString())!.AsArray();
        var thinking = broken[1]!["content"]!.AsArray().First(b => b!["type"]!.GetValue<string>() == "thinking")!;
        thinking["thinking"] = thinking["thinking"]!.GetValue<string>() + " altered";
        var calls = gateway.A.Record.Count;

        var refused = await gateway.PostAsync(Wire.Anthropic, Body(broken), ("x-sluice-session", "signed"), ("x-sluice-strict", "1"));

        Assert.Equal(400, refused.Status);
        Assert.Contains("signature", refused.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(calls + 1, gateway.A.Record.Count);
        Assert.Equal(0, gateway.B.Record.Count);

        // The refusal is the request's fault: it must leave no mark that sends the session to a provider which cannot read its signatures.
        var next = await gateway.PostAsync(Wire.Anthropic, Body(conversation), ("x-sluice-session", "signed"));
        Assert.True(next.Status == 200, next.Text);
        Assert.Equal(0, gateway.B.Record.Count);
    }

    private static async Task<JsonArray> FirstTurnAsync(GatewayUnderTest gateway)
    {
        var conversation = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "think about rivers" });
        var answer = await gateway.PostAsync(Wire.Anthropic, Body(conversation), ("x-sluice-session", "signed"));
        Assert.True(answer.Status == 200, answer.Text);
        var content = answer.Json.GetProperty("content");
        Assert.Contains(content.EnumerateArray(), block => block.GetProperty("type").GetString() == "thinking" && block.GetProperty("signature").GetString()!.Length > 0);
        Append(conversation, content, "and about gates");
        return conversation;
    }

    private static void Append(JsonArray conversation, JsonElement content, string next)
    {
        conversation.Add(new JsonObject { ["role"] = "assistant", ["content"] = JsonNode.Parse(content.GetRawText()) });
        conversation.Add(new JsonObject { ["role"] = "user", ["content"] = next });
    }

    private static string Body(JsonArray messages) => new JsonObject
    {
        ["model"] = "think",
        ["max_tokens"] = 4000,
        ["thinking"] = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = 2000 },
        ["messages"] = messages.DeepClone(),
    }.ToJsonString();
}
