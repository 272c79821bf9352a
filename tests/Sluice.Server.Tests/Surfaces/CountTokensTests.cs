using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>F21: counts come from whoever can count; else they are estimated, upwards, and say so.</summary>
public sealed class CountTokensTests
{
    private const string Path = "/v1/messages/count_tokens";

    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
          - { name: b-anthropic, kind: anthropic, base_url: "{B}" }
          - { name: a-chat, kind: openai, base_url: "{A}/v1" }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/mixed", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }, { provider: b-anthropic, model: m, price: { input: 3, output: 15 } }] }
        """;

    private static string Body(string model) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"How many tokens am I, after all?"}]}""";

    [Fact]
    public async Task F21_NativeUpstream_CountsItself()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Anthropic, Body("m/anthropic"), Path);
        var answer = await gateway.SendAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Equal("/v1/messages/count_tokens", gateway.A.Record.Last.Path);
        Assert.Equal(Encoding.UTF8.GetBytes(Body("m")), gateway.A.Record.Last.Body);
        using var direct = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var content = new StringContent(Body("m"), Encoding.UTF8, "application/json");
        using var original = await direct.PostAsync(new Uri(gateway.A.Address, Path), content);
        Assert.Equal(await original.Content.ReadAsByteArrayAsync(), answer.Body);
        Assert.Null(answer.Header("x-sluice-degraded"));

        // Counting is free at the provider.
        var row = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray().Single();
        Assert.Equal(0, row.GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task F21_ChatUpstream_IsEstimatedAndFlagged_WithoutACall()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Anthropic, Body("m/chat"), Path);
        var answer = await gateway.SendAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Contains("count_tokens", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        Assert.InRange(answer.Json.GetProperty("input_tokens").GetInt64(), 8, 40);
        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task F21_MixedEndpoints_OnlyTheOneThatCountsIsAsked()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Anthropic, Body("m/mixed"), Path);
        var answer = await gateway.SendAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Equal(0, gateway.A.Record.Count);
        Assert.Equal(1, gateway.B.Record.Count);
        Assert.Null(answer.Header("x-sluice-degraded"));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    public async Task F21_UpstreamCannotCount_IsEstimatedAndFlagged(int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(status));
        using var request = gateway.Request(Wire.Anthropic, Body("m/anthropic"), Path);
        var answer = await gateway.SendAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Contains("count_tokens", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        Assert.InRange(answer.Json.GetProperty("input_tokens").GetInt64(), 8, 40);
    }

    [Fact]
    public async Task F21_ThirtyFourAtOnceOfAMegabyte_AreAllCounted()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var body = $$"""{"model":"m/chat","messages":[{"role":"user","content":"{{string.Concat(Enumerable.Repeat("word ", 200_000))}}"}]}""";
        var counts = await Task.WhenAll(Enumerable.Range(0, 34).Select(async _ =>
        {
            using var request = gateway.Request(Wire.Anthropic, body, Path);
            return (await gateway.SendAsync(request)).Json.GetProperty("input_tokens").GetInt64();
        }));

        // 200,000 short words are 200,000 tokens in every vocabulary of today.
        Assert.All(counts, count => Assert.InRange(count, 200_000, 400_000));
    }

    [Fact]
    public async Task F21_Estimate_AgainstRecordedCounts_IsNotTooLow()
    {
        var recordings = SharedData.Recordings("anthropic-count-tokens");
        if (recordings.Count == 0)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var compared = 0;
        foreach (var recording in recordings)
        {
            if (recording.Response() is not { } said || recording.Request() is not { } sent
                || !JsonDocument.Parse(said).RootElement.TryGetProperty("input_tokens", out var counted))
            {
                continue;
            }

            var body = (JsonObject)JsonNode.Parse(sent)!;

            // The vendor adds prompts of its own for its server tools, which no body shows.
            if (body["tools"]?.AsArray().Any(tool => tool?["type"] is not null && tool["type"]!.GetValue<string>() is not "custom") ?? false)
            {
                continue;
            }

            body["model"] = "m/chat";
            using var request = gateway.Request(Wire.Anthropic, body.ToJsonString(), Path);
            var estimated = (await gateway.SendAsync(request)).Json.GetProperty("input_tokens").GetInt64();
            TestContext.Current.TestOutputHelper?.WriteLine($"{recording}: recorded {counted.GetInt64()}, estimated {estimated}");
            Assert.True(estimated >= counted.GetInt64(), $"{recording}: recorded {counted.GetInt64()}, estimated {estimated}");
            compared++;
        }

        Assert.True(compared >= 2, $"only {compared} recordings could be compared");
    }
}
