using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary><c>:online</c>, the plugin <c>web</c> and <c>:thinking</c>: what the provider is asked.</summary>
public sealed class VariantTests
{
    private static readonly Upstream[] Kinds = [Upstream.Anthropic, Upstream.Chat, Upstream.Responses, Upstream.Gemini, Upstream.OpenRouter];

    private static string Config => $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(Kinds.Select(kind => UpstreamKinds.Provider(kind, "A")))}}
        models:
        {{string.Concat(Kinds.Select(kind => $"  - {{ id: {UpstreamKinds.NameOf(kind)}, capabilities: [tools, reasoning, sampling], max_output: 64000, endpoints: [{{ provider: {UpstreamKinds.ProviderName(kind, "A")}, model: {UpstreamKinds.ModelName(kind, "claude-opus-4-6")}, price: {{ input: 1, output: 1 }} }}] }}\n"))}}
        """;

    private static async Task<(JsonElement Sent, ClientAnswer Answer)> SendAsync(Wire client, Upstream kind, string variant, string members = "{}")
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var ask = Wires.Ask(client, UpstreamKinds.NameOf(kind) + variant, "what is new?", stream: false);
        var body = JsonNode.Parse(ask.Body)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        var answer = await gateway.PostAsync(client, ask with { Body = body.ToJsonString() });
        Assert.True(gateway.A.Record.Count == 1, answer.Text);
        using var sent = JsonDocument.Parse(gateway.A.Record.Requests[0].Body);
        return (sent.RootElement.Clone(), answer);
    }

    [Theory]
    [InlineData(Wire.Chat, Upstream.Anthropic, """[{"type":"web_search_20250305","name":"web_search"}]""")]
    [InlineData(Wire.Anthropic, Upstream.Anthropic, """[{"type":"web_search_20250305","name":"web_search"}]""")]
    [InlineData(Wire.Chat, Upstream.Responses, """[{"type":"web_search"}]""")]
    [InlineData(Wire.Responses, Upstream.Responses, """[{"type":"web_search"}]""")]
    [InlineData(Wire.Chat, Upstream.Gemini, """[{"googleSearch":{}}]""")]
    [InlineData(Wire.Gemini, Upstream.Gemini, """[{"googleSearch":{}}]""")]
    public async Task Online_BecomesTheVendorsSearch(Wire client, Upstream kind, string tools)
    {
        var (byName, _) = await SendAsync(client, kind, ":online");
        var (byPlugin, _) = await SendAsync(client, kind, "", """{"plugins":[{"id":"web"}]}""");
        var (switchedOff, _) = await SendAsync(client, kind, "", """{"plugins":[{"id":"web","enabled":false}]}""");

        Assert.Equal(tools, byName.GetProperty("tools").GetRawText());
        Assert.Equal(tools, byPlugin.GetProperty("tools").GetRawText());
        Assert.False(switchedOff.TryGetProperty("tools", out _));
        Assert.False(byPlugin.TryGetProperty("plugins", out _));
    }

    [Fact]
    public async Task Plugin_WithOptions_KeepsThemWhereTheVendorHasThem()
    {
        var (sent, _) = await SendAsync(Wire.Chat, Upstream.Anthropic, "", """{"plugins":[{"id":"web","max_uses":3,"include_domains":["a.org"]}]}""");

        Assert.Equal("""[{"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.org"]}]""", sent.GetProperty("tools").GetRawText());
    }

    [Theory]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Anthropic)]
    public async Task Online_WhereTheFormatHasNoSearch_IsTold(Wire client)
    {
        var (sent, answer) = await SendAsync(client, Upstream.Chat, ":online");

        Assert.False(sent.TryGetProperty("tools", out _));
        Assert.Contains("web_search=dropped", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Online_AtAGateway_IsLeftToIt()
    {
        var (byName, _) = await SendAsync(Wire.Chat, Upstream.OpenRouter, ":online");
        var (byPlugin, _) = await SendAsync(Wire.Chat, Upstream.OpenRouter, "", """{"plugins":[{"id":"web","max_results":2}]}""");

        Assert.Equal("claude-opus-4-6:online", byName.GetProperty("model").GetString());
        Assert.Equal("""[{"id":"web","max_results":2}]""", byPlugin.GetProperty("plugins").GetRawText());
    }

    [Theory]
    [InlineData(Wire.Chat, Upstream.Anthropic, "thinking")]
    [InlineData(Wire.Anthropic, Upstream.Anthropic, "thinking")]
    [InlineData(Wire.Responses, Upstream.Responses, "reasoning")]
    public async Task Thinking_BehindAName_SwitchesItOn(Wire client, Upstream kind, string member)
    {
        var (sent, _) = await SendAsync(client, kind, ":thinking");
        var (without, _) = await SendAsync(client, kind, "");

        Assert.Equal(JsonValueKind.Object, sent.GetProperty(member).ValueKind);
        Assert.False(without.TryGetProperty(member, out _));
    }

    [Fact]
    public async Task Thinking_SwitchedOffByTheRequest_StaysOff()
    {
        var (sent, _) = await SendAsync(Wire.Anthropic, Upstream.Anthropic, ":thinking", """{"thinking":{"type":"disabled"}}""");

        Assert.Equal("disabled", sent.GetProperty("thinking").GetProperty("type").GetString());
    }
}
