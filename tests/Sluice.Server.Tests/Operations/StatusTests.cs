using System.Net.Http.Headers;
using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Operations;

/// <summary>What <c>/status</c> and the admin API say while a provider breaks and recovers, and that traffic follows. The gateway's clock is the test's.</summary>
public sealed class StatusTests
{
    private const string ProviderKey = "key-of-a-0123456789";

    private static readonly string Two = $$"""
        routing: { retries: 0 }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [{{ProviderKey}}] }
          - { name: b, kind: anthropic, base_url: "{B}" }
        models:
        {{GatewayUnderTest.Models("two", 1, "a", "b")}}
        {{GatewayUnderTest.Models("one", 1, "a")}}
        """;

    [Fact]
    public async Task A21_D24_ProviderBreaksAndRecovers_StatusFlipsAndRecovers_AndNoTrafficGoesThereBetween()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Two, time: time);
        Assert.Equal("ok", (await StatusAsync(gateway)).GetProperty("status").GetString());
        await AskAsync(gateway, "two/0", expected: "a");

        // D16: five failures, then nothing goes there.
        gateway.A.Script.Always(Fault.Of(500));
        for (var i = 0; i < 5; i++)
        {
            await AskAsync(gateway, "two/0", expected: "b", session: $"s{i}");
        }

        // The endpoint at b has served since and fails nothing: a is asked last, so its failures come from a model that only a has.
        for (var i = 0; i < 5; i++)
        {
            await FailAsync(gateway, "one/0");
        }

        var calls = gateway.A.Record.Count;
        time.Advance(TimeSpan.FromSeconds(1));
        var status = await StatusAsync(gateway);
        Assert.Equal("degraded", status.GetProperty("status").GetString());
        var one = Model(status, "a", "one/0");
        Assert.Equal(("open", "open"), (one.GetProperty("state").GetString(), one.GetProperty("circuit").GetString()));
        Assert.Equal(time.GetUtcNow().AddSeconds(14), one.GetProperty("open_until").GetDateTimeOffset());
        Assert.Equal(0, one.GetProperty("uptime").GetProperty("5m").GetDouble());
        Assert.Equal(0, one.GetProperty("uptime").GetProperty("1d").GetDouble());
        Assert.Equal("ok", Model(status, "b", "two/0").GetProperty("state").GetString());

        var refused = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: false));
        Assert.Equal((503, "14"), (refused.Status, refused.Header("retry-after")));
        Assert.Equal(calls, gateway.A.Record.Count);

        // Half-open: a probe that fails, then one that succeeds.
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal("half_open", Model(await StatusAsync(gateway), "a", "one/0").GetProperty("circuit").GetString());
        await FailAsync(gateway, "one/0");
        Assert.Equal(calls + 1, gateway.A.Record.Count);
        Assert.Equal(503, (await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: false))).Status);
        gateway.A.Script.Clear();
        time.Advance(TimeSpan.FromSeconds(30));
        await AskAsync(gateway, "one/0", expected: "a");

        time.Advance(TimeSpan.FromSeconds(31));
        status = await StatusAsync(gateway);
        Assert.Equal("ok", status.GetProperty("status").GetString());
        one = Model(status, "a", "one/0");
        Assert.Equal(("ok", "closed"), (one.GetProperty("state").GetString(), one.GetProperty("circuit").GetString()));
        Assert.Equal(0.1429, one.GetProperty("uptime").GetProperty("5m").GetDouble(), 0.0001);
        Assert.Equal(JsonValueKind.Null, one.GetProperty("open_until").ValueKind);
    }

    [Fact]
    public async Task A21_Status_NeedsNoKeyAndHoldsNoSecretAndNoAddress()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two);
        gateway.A.Script.Always(Fault.Of(401));
        await FailAsync(gateway, "one/0", status: 502);

        using var response = await gateway.Http.GetAsync(new Uri("/status", UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("dead", Model(JsonDocument.Parse(text).RootElement, "a", "one/0").GetProperty("state").GetString());
        Assert.DoesNotContain(ProviderKey, text, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a#1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A21_AdminStatus_CountsByKindAndCredential()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two);
        await AskAsync(gateway, "one/0", expected: "a");
        gateway.A.Script.Always(Fault.Of(500));
        await FailAsync(gateway, "one/0");
        gateway.A.Script.Clear();
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 40));
        await FailAsync(gateway, "one/0", status: 429);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/status");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        var provider = (await gateway.SendAsync(request)).Json.GetProperty("providers").EnumerateArray().First(p => p.GetProperty("name").GetString() == "a");
        Assert.Equal("failing", provider.GetProperty("state").GetString());
        Assert.Equal(0.5, provider.GetProperty("uptime").GetProperty("5m").GetDouble());
        var one = provider.GetProperty("endpoints").EnumerateArray().Single();
        Assert.Equal(("one/0", "cooling", 1, 1, 1), (one.GetProperty("model").GetString(), one.GetProperty("state").GetString(),
            one.GetProperty("succeeded").GetInt32(), one.GetProperty("failed").GetInt32(), one.GetProperty("limited").GetInt32()));
        Assert.Equal(["rate_limit", "upstream_error"], one.GetProperty("failures").EnumerateArray().Select(f => f.GetProperty("kind").GetString()).Order());
        var credential = provider.GetProperty("credentials").EnumerateArray().Single();
        Assert.Equal(("a#1", "ok", 1, 1, 1), (credential.GetProperty("id").GetString(), credential.GetProperty("state").GetString(),
            credential.GetProperty("succeeded").GetInt32(), credential.GetProperty("failed").GetInt32(), credential.GetProperty("limited").GetInt32()));
    }

    [Fact]
    public async Task D16_ClientLeavesItsProbe_TheNextRequestProbes()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Two, time: time);
        gateway.A.Script.Always(Fault.Of(500));
        for (var i = 0; i < 5; i++)
        {
            await FailAsync(gateway, "one/0");
        }

        time.Advance(TimeSpan.FromSeconds(15));
        gateway.A.Script.Clear();
        gateway.A.Script.Enqueue(new Fault(FaultKind.Stall) { Place = FaultPlace.BeforeHeaders });
        var calls = gateway.A.Record.Count;
        using var leaving = new CancellationTokenSource();
        var left = gateway.Http.SendAsync(gateway.Request(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: true)), leaving.Token);
        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.Count == calls + 1, "the probe");
        var timers = time.PendingTimers;
        var waiting = gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: false));
        await GatewayUnderTest.UntilAsync(() => time.PendingTimers > timers, "somebody who waits for the probe");
        Assert.Equal((false, calls + 1), (waiting.IsCompleted, gateway.A.Record.Count));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(200, (await waiting).Status);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("closed", Model(await StatusAsync(gateway), "a", "one/0").GetProperty("circuit").GetString());
    }

    [Fact]
    public async Task D16_BadRequests_NeverOpenACircuit()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two);
        gateway.A.Script.Always(Fault.Of(400));
        for (var i = 0; i < 12; i++)
        {
            await FailAsync(gateway, "one/0", status: 400);
        }

        gateway.A.Script.Clear();
        await AskAsync(gateway, "one/0", expected: "a");
    }

    [Fact]
    public async Task F32_Restart_KeepsWhatIsStillTrue()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two);
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 50));
        await FailAsync(gateway, "one/0", status: 429);
        var calls = gateway.A.Record.Count;

        await gateway.RestartAsync();
        await FailAsync(gateway, "one/0", status: 429);
        Assert.Equal(calls, gateway.A.Record.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("[1,2]")]
    [InlineData("""{"version":1,"salt":"MDEyMzQ1Njc4OWFiY2RlZg==","endpoints":[null],"credentials":[{}],"providers":[{"name":"a"}]}""")]
    [InlineData("""{"version":99,"salt":"MDEyMzQ1Njc4OWFiY2RlZg=="}""")]
    public async Task D16_HealthFileThatIsNone_IsLeftAside(string content)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Two);
        var file = Path.Combine(gateway.Server.Configuration.Server.DataFolder, "health.json");
        await gateway.Server.StopAsync();
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);

        await gateway.RestartAsync();
        await AskAsync(gateway, "one/0", expected: "a");
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 50));
        await FailAsync(gateway, "one/0", status: 429);
        await gateway.Server.StopAsync();
        var written = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("\"version\":1", written, StringComparison.Ordinal);
        Assert.DoesNotContain(ProviderKey, written, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> StatusAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/status");
        var answer = await gateway.SendAsync(request);
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    private static JsonElement Model(JsonElement status, string provider, string model) =>
        status.GetProperty("providers").EnumerateArray().First(p => p.GetProperty("name").GetString() == provider)
            .GetProperty("models").EnumerateArray().First(m => m.GetProperty("model").GetString() == model);

    private static async Task AskAsync(GatewayUnderTest gateway, string model, string expected, string? session = null)
    {
        var answer = session is null
            ? await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, model, "hello", stream: false))
            : await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, model, "hello", stream: false), ("x-sluice-session", session));
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text}");
        Assert.Equal(expected, answer.Header("x-sluice-provider"));
    }

    private static async Task FailAsync(GatewayUnderTest gateway, string model, int status = 502)
    {
        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, model, "hello", stream: false));
        Assert.True(answer.Status == status, $"{answer.Status} {answer.Text}");
    }
}
