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
          - { name: a-gemini, kind: gemini, base_url: "{A}" }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/gemini", endpoints: [{ provider: a-gemini, model: m, price: { input: 3, output: 15 } }] }
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

    [Fact]
    public async Task F21_ThirtyFourSmallOnesAtOnce_AreAnsweredAtOnce()
    {
        // What an agent's view of its context asks: one count for each tool and each file.
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        await CountAsync(gateway, Body("m/chat"));
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, 34).Select(i => CountAsync(
            gateway, $$$"""{"model":"m/chat","messages":[{"role":"user","content":"x"}],"tools":[{"name":"tool_{{{i}}}","description":"Does it.","input_schema":{"type":"object"}}]}""")));
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(started);

        TestContext.Current.TestOutputHelper?.WriteLine($"34 in {took.TotalMilliseconds:0} ms");
        Assert.All(answers, a => Assert.Equal(200, a.Status));
        Assert.Equal(0, gateway.A.Record.Count);
        Assert.True(took < TimeSpan.FromSeconds(5), took.ToString());
    }

    [Fact]
    public async Task F21_OneMegabyte_IsEstimatedWithinFiftyMilliseconds()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m/chat","messages":[{"role":"user","content":"{{string.Concat(Enumerable.Repeat("word ", 210_000))}}"}]}""");
        var times = new List<TimeSpan>();
        for (var i = 0; i < 15; i++)
        {
            using var request = gateway.Request(Wire.Anthropic, body, Path);
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            Assert.Equal(200, (await gateway.SendAsync(request)).Status);
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(started));
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"median {times[7].TotalMilliseconds:0.0} ms, slowest {times[^1].TotalMilliseconds:0.0} ms");
        Assert.True(times[7] < TimeSpan.FromMilliseconds(50), times[7].ToString());
    }

    [Theory]
    [InlineData("""[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"one"},{"type":"tool_result","tool_use_id":"u","content":[{"type":"text","text":"two"}]}]}]""")]
    [InlineData("""[{"type":"tool_result","tool_use_id":"t","content":null}]""")]
    [InlineData("""[{"type":"tool_result","tool_use_id":"t","content":{"a":[[[]]]}}]""")]
    [InlineData("""[{"type":"tool_result","tool_use_id":"t","is_error":true}]""")]
    [InlineData("""[{"type":"tool_result","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"}},7,"y",null]}]""")]
    public async Task F21_NestedToolResult_IsCounted(string content)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        string BodyFor(string model) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":{{content}}}]}""";
        Assert.True(await TokensAsync(gateway, BodyFor("m/chat")) > 0);

        // A provider that counts may find it wrong, in its own words.
        Assert.InRange((await CountAsync(gateway, BodyFor("m/anthropic"))).Status, 200, 499);
    }

    [Fact]
    public async Task F21_Thinking_IsCounted()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        string With(string blocks) => $$"""{"model":"m/chat","messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":[{{blocks}}{"type":"text","text":"So."}]},{"role":"user","content":"And?"}]}""";
        var thought = string.Concat(Enumerable.Repeat("Let me think about it. ", 100));
        var without = await TokensAsync(gateway, With(""));
        var with = await TokensAsync(gateway, With($$"""{"type":"thinking","thinking":"{{thought}}","signature":"c2ln"},"""));

        // 100 times five words and a stop.
        Assert.InRange(with - without, 500, 700);
    }

    [Fact]
    public async Task F21_EstimateOfAFamily_CorrectsItselfByWhatItsProviderReports()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var text = string.Concat(Enumerable.Repeat("Wort für Wort ", 400));
        string Prompt(string more) => $$"""{"model":"m/chat","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";
        var raw = await TokensAsync(gateway, Prompt(""));
        long reported = 0;
        for (var i = 0; i < 6; i++)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Prompt(",\"max_tokens\":10"));
            Assert.True(answer.Status == 200, answer.Text);
            var usage = answer.Json.GetProperty("usage");
            reported = usage.GetProperty("input_tokens").GetInt64()
                + (usage.TryGetProperty("cache_read_input_tokens", out var cached) && cached.ValueKind == JsonValueKind.Number ? cached.GetInt64() : 0);
        }

        var corrected = await TokensAsync(gateway, Prompt(""));
        TestContext.Current.TestOutputHelper?.WriteLine($"estimated {raw}, reported {reported}, corrected {corrected}");
        Assert.NotEqual(raw, reported);
        Assert.InRange(corrected, reported, reported * 1.01);
    }

    [Fact]
    public async Task F21_ClientOfAnotherFormat_IsToldTheCountOfAnUpstreamThatCounts()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Chat, """{"model":"m/anthropic","instructions":"Be brief.","input":"How many tokens am I?","max_output_tokens":9}""", "/v1/responses/input_tokens");
        var answer = await gateway.SendAsync(request);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("response.input_tokens", answer.Json.GetProperty("object").GetString());
        Assert.DoesNotContain("count_tokens=emulated", answer.Header("x-sluice-degraded") ?? "", StringComparison.Ordinal);
        var asked = gateway.A.Record.Last;
        Assert.Equal(Path, asked.Path);
        using var sent = JsonDocument.Parse(asked.Body);
        Assert.Empty(sent.RootElement.EnumerateObject().Select(m => m.Name).Except(["model", "system", "messages"]));

        using var direct = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var content = new ByteArrayContent(asked.Body!);
        content.Headers.ContentType = new("application/json");
        using var original = await direct.PostAsync(new Uri(gateway.A.Address, Path), content);
        var counted = JsonDocument.Parse(await original.Content.ReadAsByteArrayAsync()).RootElement.GetProperty("input_tokens").GetInt64();
        Assert.Equal(counted, answer.Json.GetProperty("input_tokens").GetInt64());
    }

    [Fact]
    public async Task F21_AnthropicClient_IsToldGeminisCount()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await CountAsync(gateway, Body("m/gemini"));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.True(answer.Json.GetProperty("input_tokens").GetInt64() > 0);
        Assert.EndsWith(":countTokens", gateway.A.Record.Last.Path, StringComparison.Ordinal);
        Assert.DoesNotContain("count_tokens=emulated", answer.Header("x-sluice-degraded") ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task F21_TranslatedCountThatIsRefused_IsEstimated()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(400));
        var answer = await CountAsync(gateway, Body("m/gemini"));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.InRange(answer.Json.GetProperty("input_tokens").GetInt64(), 8, 40);
        Assert.Contains("count_tokens=emulated", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task F21_UpstreamThatCannotCountAfterAll_IsEstimatedInTheClientsShape()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(404));
        foreach (var model in new[] { "m/anthropic", "m/chat" })
        {
            using var request = gateway.Request(Wire.Chat, $$"""{"model":"{{model}}","input":"How many tokens am I, after all?"}""", "/v1/responses/input_tokens");
            var answer = await gateway.SendAsync(request);

            Assert.True(answer.Status == 200, answer.Text);
            Assert.Equal("response.input_tokens", answer.Json.GetProperty("object").GetString());
            Assert.InRange(answer.Json.GetProperty("input_tokens").GetInt64(), 8, 40);
            Assert.Contains("count_tokens=emulated", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        }
    }

    private static async Task<ClientAnswer> CountAsync(GatewayUnderTest gateway, string body)
    {
        using var request = gateway.Request(Wire.Anthropic, body, Path);
        return await gateway.SendAsync(request);
    }

    private static async Task<long> TokensAsync(GatewayUnderTest gateway, string body) =>
        (await CountAsync(gateway, body)).Json.GetProperty("input_tokens").GetInt64();
}
