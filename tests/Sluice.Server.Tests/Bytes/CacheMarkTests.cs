using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F17: a cache mark that gets lost costs ten times the price of what it covered. Every place that a client can mark, on every way to a model that knows marks.</summary>
public sealed class CacheMarkTests
{
    private const string Native = "m/anthropic";
    private const string Router = "anthropic/claude-sonnet-4.6";
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
          - { name: a-chat, kind: openai, base_url: "{A}/v1" }
          - { name: a-router, kind: openrouter, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: claude-sonnet-4-6, price: { input: 3, output: 15 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
          - { id: "anthropic/claude-sonnet-4.6", endpoints: [{ provider: a-router, model: anthropic/claude-sonnet-4.6, price: { input: 3, output: 15 } }] }
        """;

    private static readonly SimulatorOptions Trusting = new() { VerifySignatures = false };

    // Where an Anthropic client can put a mark.
    private static readonly string[] Places = ["top", "system", "tool", "user text", "image", "assistant text", "tool_use", "tool_result"];

    public static TheoryData<string, string> Ways
    {
        get
        {
            var ways = new TheoryData<string, string>();
            foreach (var place in Places)
            {
                ways.Add(Native, place);
                ways.Add(Router, place);
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task F17_AMarkInOnePlace_ArrivesOnceWithItsLifetime(string model, string place)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var ttl in new[] { null, "5m", "1h" })
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Conversation(model, ttl, place));

            Assert.True(answer.Status == 200, answer.Text);
            var sent = Encoding.UTF8.GetString(gateway.A.Record.Last.Body!);
            var marks = MarksIn(sent);
            if (place == "tool_use" && model == Router)
            {
                // Chat's tool calls have no place for a mark; then the client is told.
                Assert.Empty(marks);
                Assert.Contains("cache_control", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
                continue;
            }

            Assert.True(marks.Count == 1, $"{place}: {marks.Count} marks; degraded: {answer.Header("x-sluice-degraded")}\n{sent}");
            Assert.Equal("ephemeral", marks[0].GetProperty("type").GetString());
            Assert.Equal(ttl, marks[0].TryGetProperty("ttl", out var given) ? given.GetString() : null);
            Assert.Equal(place == "top", JsonNode.Parse(sent)!["cache_control"] is not null);
        }
    }

    [Theory]
    [InlineData(Native)]
    [InlineData(Router)]
    public async Task F17_FourMarks_TopLevelAmongThem_AllArrive(string model)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var places in new string[][] { ["top", "system", "tool", "tool_result"], ["system", "tool", "user text", "tool_result"], ["top", "system", "user text", "assistant text"] })
        {
            var body = Conversation(model, "1h", places);
            Assert.Equal(places.Length, MarksIn(body).Count);
            var answer = await gateway.PostAsync(Wire.Anthropic, body);

            Assert.True(answer.Status == 200, answer.Text);
            var marks = MarksIn(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!));
            Assert.Equal(places.Length, marks.Count);
            Assert.All(marks, mark => Assert.Equal("1h", mark.GetProperty("ttl").GetString()));
        }
    }

    [Fact]
    public async Task F17_MarksOfAChatClient_ReachClaudeOnBothWays()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var model in new[] { Native, Router })
        {
            var body = $$$"""
                {"model":"{{{model}}}","max_tokens":99,"cache_control":{"type":"ephemeral","ttl":"1h"},"messages":[
                {"role":"system","content":[{"type":"text","text":"Behave.","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
                {"role":"user","content":[{"type":"text","text":"A long text.","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"hello"}]}]}
                """;
            var answer = await gateway.PostAsync(Wire.Chat, body);

            Assert.True(answer.Status == 200, answer.Text);
            var marks = MarksIn(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!));
            Assert.Equal(3, marks.Count);
            Assert.All(marks, mark => Assert.Equal("1h", mark.GetProperty("ttl").GetString()));
        }
    }

    [Fact]
    public async Task F17_UpstreamWithoutMarks_GetsNone_AndTheClientIsTold()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Trusting);
        foreach (var place in Places)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Conversation("m/chat", "1h", place));

            Assert.True(answer.Status == 200, answer.Text);
            Assert.Empty(MarksIn(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!)));
            Assert.Contains("cache_control", answer.Header("x-sluice-degraded") ?? "", StringComparison.Ordinal);
        }
    }

    private static string Conversation(string model, string? ttl, params string[] places)
    {
        JsonObject Marked(string place, JsonObject block)
        {
            if (places.Contains(place))
            {
                block["cache_control"] = ttl is null ? new JsonObject { ["type"] = "ephemeral" } : new JsonObject { ["type"] = "ephemeral", ["ttl"] = ttl };
            }

            return block;
        }

        JsonObject Text(string place, string text) => Marked(place, new JsonObject { ["type"] = "text", ["text"] = text });
        var picture = new JsonObject { ["type"] = "base64", ["media_type"] = "image/png", ["data"] = "iVBORw0KGgo=" };
        return Marked("top", new JsonObject
        {
            ["model"] = model,
            ["max_tokens"] = 99,
            ["tools"] = new JsonArray(Marked("tool", new JsonObject { ["name"] = "weather", ["input_schema"] = new JsonObject { ["type"] = "object" } })),
            ["system"] = new JsonArray(Text("system", "You are a test.")),
            ["messages"] = new JsonArray(
                new JsonObject
                {
                    ["role"] = "user",
                    ["content"] = new JsonArray(Text("user text", "What is this?"), Marked("image", new JsonObject { ["type"] = "image", ["source"] = picture })),
                },
                new JsonObject
                {
                    ["role"] = "assistant",
                    ["content"] = new JsonArray(
                        Text("assistant text", "Let me look."),
                        Marked("tool_use", new JsonObject { ["type"] = "tool_use", ["id"] = "toolu_1", ["name"] = "weather", ["input"] = new JsonObject() })),
                },
                new JsonObject
                {
                    ["role"] = "user",
                    ["content"] = new JsonArray(Marked("tool_result", new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = "toolu_1", ["content"] = "sunny" })),
                }),
        }).ToJsonString();
    }

    private static List<JsonElement> MarksIn(string body)
    {
        using var document = JsonDocument.Parse(body);
        var found = new List<JsonElement>();
        Collect(document.RootElement.Clone(), found);
        return found;
    }

    private static void Collect(JsonElement element, List<JsonElement> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Collect(item, found);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                if (member.Name == "cache_control")
                {
                    found.Add(member.Value);
                }
                else
                {
                    Collect(member.Value, found);
                }
            }
        }
    }
}
