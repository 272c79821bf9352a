using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Admission;

/// <summary>What a client is told when a limit of Sluice's own keeps it out, in every client's format.</summary>
public sealed class LimitAnswerTests
{
    private const string OpenRouterPath = "/api/v1/chat/completions";

    // The tests' clock starts at noon of 2026-01-01: 1767268800 seconds after 1970; what is taken then is free after 60.25 s.
    private const string ResetAt = "1767268860250";

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    [Fact]
    public async Task ReqF1_ReqF10_UnderOpenRoutersPath_TheBodyIsOpenRouters_OfTheGateway()
    {
        await using var gateway = await StartAsync("limits: { default_key: { rpm: 1 } }");
        var answer = await SecondAsync(gateway, Wire.Chat, OpenRouterPath);
        Assert.Equal((429, "gateway", "55"), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("retry-after")));
        var key = KeyOf(gateway);
        Assert.Equal(
            $$$$"""
            {"error":{"message":"Rate limit exceeded.","type":"rate_limit_error","param":null,"code":429,"http_status":429,"metadata":{"source":"gateway","kind":"rate_limit","error_type":"rate_limit_exceeded","retry_after_seconds":55,"remedy":"Wait, or ask the administrator to raise rpm of key:{{{{key}}}} ('sluice limits set').","hint":"Wait, or ask the administrator to raise rpm of key:{{{{key}}}} ('sluice limits set').","docs_url":"{{{{gateway.Url}}}}docs/errors/rate_limit","limit":"key:{{{{key}}}} rpm 1","remedy_hint":"Wait, or ask the administrator to raise rpm of key:{{{{key}}}} ('sluice limits set').","limit_source":"sluice_key_rpm","headers":{"X-RateLimit-Limit":"1","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"{{{{ResetAt}}}}","Retry-After":"55"}},"error_type":"rate_limit_exceeded","availability":{"code":"capacity_exhausted","retryable":true,"retry_after":55,"requested_models":["m/one"]}},"request_id":"{{{{answer.Id}}}}"}
            """.Trim(),
            answer.Text);
    }

    [Fact]
    public async Task WhatIf_SaysHowTheCallersLimitsStand_AndTakesNothing()
    {
        await using var gateway = await StartAsync("limits: { default_key: { rpm: 5, input_tpm: 1000, concurrency: 2 } }");
        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", "hello", stream: false))).Status);
        var key = KeyOf(gateway);

        var ask = Wires.Ask(Wire.Chat, "m/one", "hello", stream: false);
        var limits = (await gateway.PostAsync(Wire.Chat, ask, ("x-sluice-explain", "1"))).Json.GetProperty("limits");
        limits = (await gateway.PostAsync(Wire.Chat, ask, ("x-sluice-explain", "1"))).Json.GetProperty("limits");

        var own = limits.EnumerateArray().Where(limit => limit.GetProperty("whose").GetString() == "key:" + key)
            .ToDictionary(limit => limit.GetProperty("what").GetString()!, limit => (limit.GetProperty("most").GetInt64(), limit.GetProperty("left").GetInt64()), StringComparer.Ordinal);
        Assert.Equal((5, 4), own["rpm"]);
        Assert.Equal((2, 2), own["concurrency"]);
        Assert.Equal(1000, own["input_tpm"].Item1);
        Assert.InRange(own["input_tpm"].Item2, 900, 999);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF31_ReqF10_EveryFormat_HasItsOwn429_WithWhoseLimitHowMuchAndWhen(Wire client)
    {
        await using var gateway = await StartAsync("limits: { default_key: { rpm: 1 } }");
        var answer = await SecondAsync(gateway, client);
        Assert.Equal((429, "gateway", "55"), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("retry-after")));
        Assert.Equal(("1", "0", ResetAt), (answer.Header("X-RateLimit-Limit"), answer.Header("X-RateLimit-Remaining"), answer.Header("X-RateLimit-Reset")));
        var key = KeyOf(gateway);
        Assert.Equal(
            $"Rate limit exceeded. The limit of key {key} is 1 request a minute (rpm). There is room in 61 s. Wait, or ask the administrator to raise rpm of key:{key} ('sluice limits set').",
            answer.Error(client).Message);
        Assert.Contains(client switch
        {
            Wire.Anthropic => "\"type\":\"rate_limit_error\"",
            Wire.Gemini => "\"status\":\"RESOURCE_EXHAUSTED\"",
            _ => "\"code\":\"rate_limit",
        }, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF2_TheOperatorsWords_ComeFirst(Wire client)
    {
        await using var gateway = await StartAsync("limits: { default_key: { rpm: 1 }, message: \"Rate limit exceeded. Please slow down.\" }");
        var answer = await SecondAsync(gateway, client);
        Assert.StartsWith("Rate limit exceeded. Please slow down. The limit of key ", answer.Error(client).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReqF2_UnderOpenRoutersPath_TheMessageIsTheOperatorsWordsAlone()
    {
        await using var gateway = await StartAsync("limits: { default_key: { rpm: 1 }, message: \"Rate limit exceeded. Please slow down.\" }");
        var answer = await SecondAsync(gateway, Wire.Chat, OpenRouterPath);
        Assert.Equal("Rate limit exceeded. Please slow down.", answer.Json.GetProperty("error").GetProperty("message").GetString());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF19_AQuotaThatTheOrganizationShares_DrainedByAnotherKey_IsToldAsShared(Wire client)
    {
        await using var gateway = await StartAsync("");
        gateway.SetLimit("organization", new() { RequestsPerDay = 1 });
        var other = await gateway.KeyOfAsync("other");
        Assert.Equal(200, (await gateway.AskAsync("(first)", other)).Status);
        var answer = await gateway.PostAsync(client, Wires.Ask(client, "m/one", "second", stream: false));
        Assert.Equal((429, "55", "false"), (answer.Status, answer.Header("retry-after"), answer.Header("x-should-retry")));
        Assert.Equal(
            "Rate limit exceeded. The limit that the whole organization shares is 1 request a day (rpd). It begins anew at midnight UTC. Wait, or ask the administrator to raise rpd of organization ('sluice limits set').",
            answer.Error(client).Message);
        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Equal(("quota_exhausted", "gateway"), (trail.GetProperty("error").GetString(), trail.GetProperty("error_source").GetString()));
    }

    [Fact]
    public async Task E5_TwoLayers_AreDistinguishable_ByTheLimitsName()
    {
        await using var gateway = await LimitedGateway.StartAsync("rpm: 1", more: "queue: { max_wait: off }", time: new ManualTimeProvider());
        await gateway.AskAsync("(first)");
        var provider = await gateway.AskAsync("(second)");
        Assert.Contains("The configured limit of provider a is 1 request a minute (rpm).", provider.Text, StringComparison.Ordinal);
        gateway.SetLimit("user:admin", new() { InputPerMinute = 1 });
        var caller = await gateway.AskAsync("(third)");
        Assert.Contains("The limit of user admin is 1 input token a minute (input_tpm). This request alone takes about ", caller.Text, StringComparison.Ordinal);
        Assert.Equal("false", caller.Header("x-should-retry"));
    }

    [Fact]
    public async Task C7_FreeModels_AreLimitedByTheMinuteAndTheDay_InOpenRoutersWords()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(
            """
            limits: { free: { rpm: 2, rpd: 3 } }
            queue: { max_wait: off }
            providers:
              - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [ka] }
            models:
              - { id: "m/one:free", endpoints: [{ provider: a, model: one, price: { input: 0, output: 0 } }] }
              - { id: "m/paid", endpoints: [{ provider: a, model: two, price: { input: 1, output: 1 } }] }
            """,
            time: time);
        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            statuses.Add((await FreeAsync(gateway, "m/one:free")).Status);
        }

        Assert.Equal([200, 200, 429], statuses);
        var minute = await FreeAsync(gateway, "m/one:free");
        Assert.Equal("Rate limit exceeded: free-models-per-min.", minute.Json.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(200, (await FreeAsync(gateway, "m/paid")).Status);
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(200, (await FreeAsync(gateway, "m/one:free")).Status);
        var day = await FreeAsync(gateway, "m/one:free");
        Assert.Equal("Rate limit exceeded: free-models-per-day.", day.Json.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal("openrouter_free_tier_daily", day.Json.GetProperty("error").GetProperty("metadata").GetProperty("limit_source").GetString());

        // Noon and a minute: what is left of the day.
        Assert.Equal("1767312000000", day.Header("X-RateLimit-Reset"));
    }

    [Fact]
    public async Task E12_E16_Successes_CarryWhatIsLeft_SoThatAClientCanPaceItself()
    {
        await using var gateway = await StartAsync("limits: { default_key: { rpm: 3, concurrency: 1 } }");
        foreach (var left in new[] { "2", "1", "0" })
        {
            var answer = await gateway.AskAsync("(paced)");
            Assert.Equal((200, "3", left, ResetAt), (answer.Status, answer.Header("X-RateLimit-Limit"), answer.Header("X-RateLimit-Remaining"), answer.Header("X-RateLimit-Reset")));
        }
    }

    [Fact]
    public async Task E4_Tokens_AreSettledByWhatWasUsed()
    {
        await using var gateway = await StartAsync("limits: { default_key: { output_tpm: 2000 } }");

        // A thousand are reserved for an unknown model; the answer has less than twenty.
        var answer = await gateway.AskAsync("(tokens)");
        Assert.Equal(("2000", "1000"), (answer.Header("X-RateLimit-Limit"), answer.Header("X-RateLimit-Remaining")));
        await gateway.UntilIdleAsync();
        var next = await gateway.AskAsync("(tokens)");
        Assert.InRange(int.Parse(next.Header("X-RateLimit-Remaining")!, System.Globalization.CultureInfo.InvariantCulture), 1_900, 1_990);
    }

    [Fact]
    public async Task WithoutLimits_NoHeaderSaysSo()
    {
        await using var gateway = await StartAsync("");
        var answer = await gateway.AskAsync("(free)");
        Assert.Equal((200, null), (answer.Status, answer.Header("X-RateLimit-Limit")));
        Assert.Empty(gateway.Server.Admission.Read());
    }

    private static Task<GatewayUnderTest> StartAsync(string limits) => LimitedGateway.StartAsync("", more: limits + "\nqueue: { max_wait: off }", time: new ManualTimeProvider());

    private static async Task<ClientAnswer> SecondAsync(GatewayUnderTest gateway, Wire client, string? path = null)
    {
        ClientAnswer? answer = null;
        for (var i = 0; i < 2; i++)
        {
            using var request = gateway.Request(client, Wires.Ask(client, "m/one", "hello", stream: false), path);
            answer = await gateway.SendAsync(request);
            Assert.Equal(i == 0 ? 200 : 429, answer.Status);
        }

        return answer!;
    }

    private static async Task<ClientAnswer> FreeAsync(GatewayUnderTest gateway, string model)
    {
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, model, "hello", stream: false), OpenRouterPath);
        return await gateway.SendAsync(request);
    }

    private static string KeyOf(GatewayUnderTest gateway) => gateway.Server.Admission.Read().Single(use => use.Scope.Word == "key").Scope.Name;
}
