using System.Net;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

public sealed class CacheAndLimitTests
{
    private static readonly string Long = new('s', 8000);

    [Fact]
    public async Task AnthropicCache_MarkedPrefix_IsWrittenThenReadThenForgotten()
    {
        var time = new ManualTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time });

        var first = await UsageAsync(host, Marked("5m", "a"));
        Assert.Equal(0, first.Read);
        Assert.True(first.Write5m >= 2000);
        Assert.Equal(0, first.Write1h);

        var second = await UsageAsync(host, Marked("5m", "another question"));
        Assert.Equal(first.Write5m, second.Read);
        Assert.Equal(0, second.Write5m);

        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(first.Write5m, (await UsageAsync(host, Marked("5m", "b"))).Read);

        // Reading renewed it: eight minutes after the writing it is still there, five minutes after the reading it is not.
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(first.Write5m, (await UsageAsync(host, Marked("5m", "c"))).Read);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, (await UsageAsync(host, Marked("5m", "d"))).Read);
    }

    [Fact]
    public async Task AnthropicCache_OneHourMark_IsCountedApartAndLives()
    {
        var time = new ManualTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time });
        var first = await UsageAsync(host, Marked("1h", "a"));
        Assert.Equal(0, first.Write5m);
        Assert.True(first.Write1h >= 2000);
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(first.Write1h, (await UsageAsync(host, Marked("1h", "b"))).Read);
    }

    [Fact]
    public async Task AnthropicCache_OtherCredential_ReadsNothing()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        await UsageAsync(host, Marked("5m", "a"), "key-1");
        Assert.Equal(0, (await UsageAsync(host, Marked("5m", "a"), "key-2")).Read);
        Assert.True((await UsageAsync(host, Marked("5m", "a"), "key-1")).Read > 0);
    }

    [Fact]
    public async Task AnthropicCache_OneByteChangedBeforeTheMark_ReadsNothing()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        await UsageAsync(host, Marked("5m", "a"));
        Assert.Equal(0, (await UsageAsync(host, Marked("5m", "a").Replace("ssss\"", "sss\\u0073\"", StringComparison.Ordinal))).Read);
    }

    [Fact]
    public async Task AnthropicCache_MarkMovedToTheNextTurn_StillReadsTheOldPrefix()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        var first = await UsageAsync(host, """{"model":"sim/echo","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"LONG","cache_control":{"type":"ephemeral"}}]}]}""".Replace("LONG", Long, StringComparison.Ordinal));
        var second = await UsageAsync(host, """{"model":"sim/echo","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"LONG"}]},{"role":"assistant","content":"ok"},{"role":"user","content":[{"type":"text","text":"more","cache_control":{"type":"ephemeral"}}]}]}""".Replace("LONG", Long, StringComparison.Ordinal));
        Assert.Equal(first.Write5m, second.Read);
        Assert.True(second.Write5m is > 0 and < 100);
    }

    [Fact]
    public async Task AnthropicCache_ShortPrefix_IsNotCached()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        const string Short = """{"model":"sim/echo","max_tokens":9,"system":[{"type":"text","text":"short","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"x"}]}""";
        Assert.Equal(0, (await UsageAsync(host, Short)).Write5m);
        Assert.Equal(0, (await UsageAsync(host, Short)).Read);
    }

    [Fact]
    public async Task OpenAICache_LongPrefix_IsReadInStepsOf1024Tokens()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        Assert.Equal(0, await CachedAsync("first"));
        Assert.Equal(2048, await CachedAsync("second"));

        async Task<int> CachedAsync(string question)
        {
            var answer = await Caller.JsonAsync(host, "/v1/chat/completions",
                $$"""{"model":"sim/echo","messages":[{"role":"system","content":"{{new string('s', 9000)}}"},{"role":"user","content":"{{question}}"}]}""");
            return answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
        }
    }

    [Fact]
    public async Task RateLimit_RequestsUsedUp_Answers429UntilRefilled()
    {
        var time = new ManualTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time, RateLimits = new(RequestsPerMinute: 2) });
        using (var first = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"), "k"))
        {
            Assert.Equal("2", Header(first, "anthropic-ratelimit-requests-limit"));
            Assert.Equal("1", Header(first, "anthropic-ratelimit-requests-remaining"));
            Assert.Equal("2026-01-01T00:00:30Z", Header(first, "anthropic-ratelimit-requests-reset"));
        }

        using var second = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"), "k");
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        using var third = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"), "k");
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
        Assert.Equal("30", Header(third, "retry-after"));
        Assert.Contains("rate_limit_error", await third.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var other = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"), "k2");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);

        time.Advance(TimeSpan.FromSeconds(30));
        using var later = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"), "k");
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task RateLimit_OpenAI_NamesDurations()
    {
        var time = new ManualTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time, RateLimits = new(RequestsPerMinute: 60, InputTokensPerMinute: 1000) });
        using var answer = await Caller.PostAsync(host, "/v1/chat/completions", Caller.Chat("sim/echo", "x"), "k");
        Assert.Equal("60", Header(answer, "x-ratelimit-limit-requests"));
        Assert.Equal("59", Header(answer, "x-ratelimit-remaining-requests"));
        Assert.Equal("1s", Header(answer, "x-ratelimit-reset-requests"));
        Assert.Equal("1000", Header(answer, "x-ratelimit-limit-tokens"));
    }

    [Fact]
    public async Task ContextLimit_Exceeded_IsTheWordingThatAgentsCompactOn()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { ContextTokens = 1000 });
        using var answer = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/echo", Long));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Matches(@"prompt is too long: \d+ tokens > 1000 maximum", await answer.Content.ReadAsStringAsync());
    }

    private static string Marked(string ttl, string question) => $$$"""
        {"model":"sim/echo","max_tokens":99,"system":[{"type":"text","text":"{{{Long}}}","cache_control":{"type":"ephemeral","ttl":"{{{ttl}}}"}}],"messages":[{"role":"user","content":"{{{question}}}"}]}
        """;

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private static async Task<(int Read, int Write5m, int Write1h)> UsageAsync(SimulatorHost host, string body, string key = "k")
    {
        var usage = (await Caller.JsonAsync(host, "/v1/messages", body, key)).GetProperty("usage");
        var creation = usage.GetProperty("cache_creation");
        var (write5m, write1h) = (creation.GetProperty("ephemeral_5m_input_tokens").GetInt32(), creation.GetProperty("ephemeral_1h_input_tokens").GetInt32());
        Assert.Equal(write5m + write1h, usage.GetProperty("cache_creation_input_tokens").GetInt32());
        return (usage.GetProperty("cache_read_input_tokens").GetInt32(), write5m, write1h);
    }
}
