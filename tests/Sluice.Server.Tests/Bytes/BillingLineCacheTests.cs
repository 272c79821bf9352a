using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F19: Claude Code begins its system text with a line of its vendor's accounting that changes with every turn. Before the prompt of another vendor it would cost the cache of all of it.</summary>
public sealed class BillingLineCacheTests
{
    private const int Turns = 20;
    private const string Line = "x-anthropic-billing-header: cc_version=2.1.0; cc_entrypoint=cli; cch=";

    private static readonly SimulatorOptions Caching = new() { MinimumCacheTokens = 16 };

    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(Enum.GetValues<Upstream>().Select(kind => UpstreamKinds.Provider(kind, "A")))}}
        models:
        {{string.Concat(Enum.GetValues<Upstream>().Select(kind => UpstreamKinds.Model(UpstreamKinds.NameOf(kind), UpstreamKinds.NameOf(kind), (kind, UpstreamKinds.ProviderName(kind, "A")))))}}
        """;

    public static TheoryData<Upstream> OtherVendors => [Upstream.Chat, Upstream.Responses, Upstream.Gemini, Upstream.Vertex, Upstream.Azure, Upstream.Bedrock, Upstream.OpenRouter];

    public static TheoryData<Upstream> ClaudesOwn => [Upstream.Anthropic, Upstream.VertexClaude, Upstream.AzureClaude, Upstream.BedrockClaude];

    [Theory]
    [MemberData(nameof(OtherVendors))]
    public async Task F19_TwentyTurnsAtAnotherVendor_ReadNineTenthsFromTheCache(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Caching);
        for (var turn = 1; turn <= Turns; turn++)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Body(upstream, turn));
            Assert.True(answer.Status == 200, answer.Text);
            Assert.Contains("billing_header", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        }

        // The first turn has nothing to read.
        var usages = gateway.A.Record.Requests.Skip(1).Select(request => request.Usage!).ToList();
        var read = usages.Sum(usage => usage.CacheRead);
        var all = usages.Sum(usage => usage.Input + usage.CacheRead + usage.CacheWrite5m + usage.CacheWrite1h);
        Assert.Equal(Turns - 1, usages.Count);
        Assert.True(read >= 0.9 * all, string.Create(CultureInfo.InvariantCulture, $"{read} of {all} tokens came from the cache"));
        Assert.DoesNotContain(gateway.A.Record.Requests, request => Encoding.UTF8.GetString(request.Body!).Contains("billing", StringComparison.Ordinal));
    }

    // Its own vendor takes the line out before it caches; whoever hosts Claude gets the client's bytes too.
    [Theory]
    [MemberData(nameof(ClaudesOwn))]
    public async Task F19_AtClaudesOwnHosts_TheSystemTextIsTheClientsBytes(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, Caching);
        for (var turn = 1; turn <= 3; turn++)
        {
            var body = Body(upstream, turn);
            Assert.Equal(200, (await gateway.PostAsync(Wire.Anthropic, body)).Status);

            Assert.Equal(System(body), System(Encoding.UTF8.GetString(gateway.A.Record.Last.Body!)));
        }
    }

    private static string System(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("system").GetRawText();
    }

    private static string Body(Upstream upstream, int turns)
    {
        var messages = new JsonArray();
        for (var turn = 1; turn <= turns; turn++)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = $"question number {turn}" });
            if (turn < turns)
            {
                messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = $"answer number {turn}" });
            }
        }

        messages[^1]!["content"] = new JsonArray(Marked($"question number {turns}"));
        return new JsonObject
        {
            ["model"] = UpstreamKinds.NameOf(upstream),
            ["max_tokens"] = 100,
            ["system"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Line + turns.ToString("x5", CultureInfo.InvariantCulture) + ";" }, Marked("You are an agent. " + new string('r', 40_000))),
            ["messages"] = messages,
        }.ToJsonString();
    }

    private static JsonObject Marked(string text) =>
        new() { ["type"] = "text", ["text"] = text, ["cache_control"] = new JsonObject { ["type"] = "ephemeral" } };
}
