using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F05_ThinkingReplayed_IsAcceptedByTheProviderThatSignedIt(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        var conversation = await FirstTurnAsync(gateway, stream);
        for (var turn = 2; turn <= 4; turn++)
        {
            var body = Body(conversation, stream);
            var answer = await gateway.PostAsync(Wire.Anthropic, body, ("x-sluice-session", "signed"));
            Assert.True(answer.Status == 200, answer.Text);
            Assert.Equal(Turns(body), Turns(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!)));
            Append(conversation, Content(answer), $"turn {turn}");
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

    [Theory]
    [InlineData(true, 401)]
    [InlineData(false, 401)]
    [InlineData(true, 429)]
    [InlineData(false, 429)]
    public async Task F05_AnotherCredentialOfTheSameProvider_IsSentTheSignedTurnByteForByte(bool stream, int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        var conversation = await FirstTurnAsync(gateway, stream);
        var first = gateway.A.Record.Last.Credential;
        gateway.A.Script.Always(Fault.Of(status, retryAfter: 40), credential: first);

        for (var turn = 2; turn <= 3; turn++)
        {
            var body = Body(conversation, stream);
            var answer = await gateway.PostAsync(Wire.Anthropic, body, ("x-sluice-session", "signed"));

            Assert.True(answer.Status == 200, answer.Text);
            Assert.NotEqual(first, gateway.A.Record.Last.Credential);
            Assert.Equal(Turns(body), Turns(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!)));
            Append(conversation, Content(answer), $"turn {turn}");
        }

        // The provider has checked every signature over the text that it covers: an altered one would have been a 400.
        Assert.Equal(0, gateway.B.Record.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F05_SeveralBlocksInOneTurn_KeepTheirOrderAndTheirVeryBytes(bool stream)
    {
        // What a provider that signs a whole turn would check: order, escapes, spaces, members that nobody knows.
        const string Turn = """[ {"signature":"c2ln\/MQ==","type":"thinking","thinking":"caf\u00e9 — \"q\" \ud83d\ude00\n"},{"type":"redacted_thinking","data":"b3BhcXVl+\/=="}, {"type":"text","text":" \\/ "},{"type":"thinking","thinking":"","signature":"c2lnMg==","x_new":{"b":1.0,"a":1e2}},{"type":"tool_use","id":"toolu_1","name":"look","input":{"z":1,"a":"\u003c"}}]""";
        await using var gateway = await GatewayUnderTest.StartAsync(Providers, new SimulatorOptions { VerifySignatures = false });
        var body = $$$"""{"model":"think","max_tokens":4000,"stream":{{{(stream ? "true" : "false")}}},"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"go"},{"role":"assistant","content":{{{Turn}}}},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"seen"}]}]}""";
        foreach (var credential in new[] { "one", "two" })
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, body, ("x-sluice-session", "signed"));

            Assert.True(answer.Status == 200, answer.Text);
            Assert.True(gateway.A.Record.Last.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Turn)) > 0, credential);
            gateway.A.Script.Always(Fault.Of(401), credential: gateway.A.Record.Last.Credential);
        }
    }

    private static async Task<JsonArray> FirstTurnAsync(GatewayUnderTest gateway, bool stream = false)
    {
        var conversation = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "think about rivers" });
        var answer = await gateway.PostAsync(Wire.Anthropic, Body(conversation, stream), ("x-sluice-session", "signed"));
        Assert.True(answer.Status == 200, answer.Text);
        var content = Content(answer);
        Assert.Contains(content.EnumerateArray(), block => block.GetProperty("type").GetString() == "thinking" && block.GetProperty("signature").GetString()!.Length > 0);
        Append(conversation, content, "and about gates");
        return conversation;
    }

    private static void Append(JsonArray conversation, JsonElement content, string next)
    {
        conversation.Add(new JsonObject { ["role"] = "assistant", ["content"] = JsonNode.Parse(content.GetRawText()) });
        conversation.Add(new JsonObject { ["role"] = "user", ["content"] = next });
    }

    /// <summary>The turn's blocks, put together of its events where it was streamed.</summary>
    private static JsonElement Content(ClientAnswer answer)
    {
        if (!answer.IsStream)
        {
            return answer.Json.GetProperty("content");
        }

        var blocks = new JsonArray();
        foreach (var frame in answer.Frames)
        {
            switch (frame.GetProperty("type").GetString())
            {
                case "content_block_start":
                    blocks.Add(JsonNode.Parse(frame.GetProperty("content_block").GetRawText()));
                    break;
                case "content_block_delta":
                    var block = blocks[frame.GetProperty("index").GetInt32()]!;
                    var delta = frame.GetProperty("delta");
                    var member = delta.GetProperty("type").GetString()!.Replace("_delta", "", StringComparison.Ordinal);
                    block[member] = (block[member]?.GetValue<string>() ?? "") + delta.GetProperty(member).GetString();
                    break;
            }
        }

        using var content = JsonDocument.Parse(blocks.ToJsonString());
        return content.RootElement.Clone();
    }

    private static string Turns(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("messages").GetRawText();
    }

    private static string Body(JsonArray messages, bool stream = false) => new JsonObject
    {
        ["stream"] = stream,
        ["model"] = "think",
        ["max_tokens"] = 4000,
        ["thinking"] = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = 2000 },
        ["messages"] = messages.DeepClone(),
    }.ToJsonString();
}
