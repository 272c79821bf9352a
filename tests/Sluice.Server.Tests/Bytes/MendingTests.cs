using System.Text;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>Refusals that the client can do nothing about, each worth one second try: a beta that the provider lacks, thinking that another one signed.</summary>
public sealed class MendingTests
{
    private const string Providers = """
        routing: { retries: 0 }
        providers:
          - { name: up, kind: anthropic, base_url: "{A}", api_keys: [key-one-0123456789] }
          - { name: chat, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: think, endpoints: [{ provider: up, model: sim/think }] }
          - { id: moved, endpoints: [{ provider: chat, model: sim/think }] }
        """;

    private const string RefusesBeta = "Unexpected value(s) `odd-2031-01-01` for the `anthropic-beta` header. Please consult our documentation.";

    [Fact]
    public async Task F34_UnknownBeta_IsTriedOnceWithoutItAndNeverSentThereAgain()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        gateway.A.Script.Enqueue(new Fault(FaultKind.Status) { Status = 400, Message = RefusesBeta });

        var first = await gateway.PostAsync(Wire.Anthropic, Plain, ("anthropic-beta", "context-1m-2025-08-07,odd-2031-01-01"), ("anthropic-beta", "other-2026-02-02"));

        Assert.True(first.Status == 200, first.Text);
        Assert.Equal("anthropic-beta=dropped", first.Header("x-sluice-degraded"));
        Assert.Equal("2", first.Header("x-sluice-attempts"));
        Assert.Equal(
            ["context-1m-2025-08-07,odd-2031-01-01, other-2026-02-02", "context-1m-2025-08-07,other-2026-02-02"],
            gateway.A.Record.Requests.Select(BetasOf));

        var second = await gateway.PostAsync(Wire.Anthropic, Plain, ("anthropic-beta", "odd-2031-01-01"));

        Assert.Equal(200, second.Status);
        Assert.Equal("1", second.Header("x-sluice-attempts"));
        Assert.Empty(BetasOf(gateway.A.Record.Requests[^1]));
    }

    [Fact]
    public async Task F34_BetaRefusedTwice_IsToldInTheFirstWords()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        gateway.A.Script.Enqueue(new Fault(FaultKind.Status) { Status = 400, Message = RefusesBeta });
        gateway.A.Script.Enqueue(new Fault(FaultKind.Status) { Status = 400, Message = "context_management: Extra inputs are not permitted" });

        var answer = await gateway.PostAsync(Wire.Anthropic, Plain, ("anthropic-beta", "odd-2031-01-01"));

        Assert.Equal(400, answer.Status);
        Assert.Equal(RefusesBeta, answer.Json.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(2, gateway.A.Record.Count);
    }

    [Theory]
    [InlineData("x-sluice-strict")]
    [InlineData("x-sluice-no-retry")]
    public async Task F34_UnknownBeta_WhereTheClientForbidsIt_IsNotTriedAgain(string header)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        gateway.A.Script.Enqueue(new Fault(FaultKind.Status) { Status = 400, Message = RefusesBeta });

        var answer = await gateway.PostAsync(Wire.Anthropic, Plain, ("anthropic-beta", "odd-2031-01-01"), (header, "1"));

        Assert.Equal(400, answer.Status);
        Assert.Equal(1, gateway.A.Record.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F05_ThinkingOfAnotherProvider_IsCutAndTold(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        var conversation = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "think about rivers" });
        var elsewhere = await gateway.PostAsync(Wire.Anthropic, Body("moved", conversation));
        Assert.True(elsewhere.Status == 200, elsewhere.Text);
        var content = elsewhere.Json.GetProperty("content");
        Assert.Contains(content.EnumerateArray(), block => block.GetProperty("type").GetString() == "thinking");
        Append(conversation, JsonNode.Parse(content.GetRawText())!.AsArray());

        var answer = await gateway.PostAsync(Wire.Anthropic, Body("think", conversation, stream));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("thinking=dropped", answer.Header("x-sluice-degraded"));
        Assert.Equal("1", answer.Header("x-sluice-attempts"));
        var sent = JsonNode.Parse(gateway.A.Record.Requests[^1].Body!)!["messages"]![1]!["content"]!.AsArray();
        Assert.Equal(["text"], sent.Select(b => b!["type"]!.GetValue<string>()));
    }

    // Some other gateway, or an edited history: the signature is there and wrong, so only the provider can tell.
    [Fact]
    public async Task F05_ThinkingThatTheProviderRefuses_IsTriedOnceWithoutAny()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        var conversation = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "think about rivers" });
        Append(conversation, new JsonArray(
            new JsonObject { ["type"] = "thinking", ["thinking"] = "Water.", ["signature"] = "bm90IHNpZ25lZCBoZXJl" },
            new JsonObject { ["type"] = "text", ["text"] = "Rivers run." }));

        var answer = await gateway.PostAsync(Wire.Anthropic, Body("think", conversation));
        var strict = await gateway.PostAsync(Wire.Anthropic, Body("think", conversation), ("x-sluice-strict", "1"));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("thinking=dropped", answer.Header("x-sluice-degraded"));
        Assert.Equal("2", answer.Header("x-sluice-attempts"));
        Assert.Equal(400, strict.Status);
        Assert.Contains("signature", strict.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    // What servers that speak like Anthropic say of Claude Code's id.
    [Fact]
    public async Task EndUserThatTheProviderRefuses_GoesAsAHash_AndIsNeverSentThereAgain()
    {
        const string Refused = "Invalid 'user_id': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        gateway.A.Script.Enqueue(new Fault(FaultKind.Status) { Status = 400, Message = Refused });
        static string Ask(string session) =>
            $$$"""{"model":"think","max_tokens":100,"metadata": {"user_id" : "{\"device_id\":\"d1\",\"account_uuid\":\"\",\"session_id\":\"{{{session}}}\"}"},"messages":[{"role":"user","content":"hi"}]}""";

        var first = await gateway.PostAsync(Wire.Anthropic, Ask("s-1"));
        var second = await gateway.PostAsync(Wire.Anthropic, Ask("s-2"));
        var strict = await gateway.PostAsync(Wire.Anthropic, Ask("s-3"), ("x-sluice-strict", "1"));

        Assert.True(first.Status == 200, first.Text);
        Assert.Equal("metadata.user_id=weakened", first.Header("x-sluice-degraded"));
        Assert.Equal(("2", "1"), (first.Header("x-sluice-attempts"), second.Header("x-sluice-attempts")));
        Assert.Equal(200, strict.Status);

        // SHA-256 of "end-user\nd1\n", by hand: the same person in another session.
        var sent = gateway.A.Record.Requests.Select(r => Encoding.UTF8.GetString(r.Body!)).ToList();
        const string Hashed = """{"model":"sim/think","max_tokens":100,"metadata": {"user_id" : "user_bc315fd5fe75a452646c063fe30116cd"},"messages":[{"role":"user","content":"hi"}]}""";
        Assert.Equal([Ask("s-1").Replace("\"think\"", "\"sim/think\"", StringComparison.Ordinal), Hashed, Hashed, Ask("s-3").Replace("\"think\"", "\"sim/think\"", StringComparison.Ordinal)], sent);
    }

    private static string Plain => """{"model":"think","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}""";

    private static string BetasOf(ReceivedRequest request) =>
        string.Join(" and ", request.Headers.Where(h => h.Key.Equals("anthropic-beta", StringComparison.OrdinalIgnoreCase)).Select(h => h.Value));

    private static void Append(JsonArray conversation, JsonArray content)
    {
        conversation.Add(new JsonObject { ["role"] = "assistant", ["content"] = content });
        conversation.Add(new JsonObject { ["role"] = "user", ["content"] = "go on" });
    }

    private static string Body(string model, JsonArray messages, bool stream = false) => new JsonObject
    {
        ["model"] = model,
        ["max_tokens"] = 4000,
        ["stream"] = stream,
        ["thinking"] = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = 2000 },
        ["messages"] = messages.DeepClone(),
    }.ToJsonString();
}
