using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Admission;

/// <summary>Lines before providers and before callers' limits, over real sockets: who goes when, and that nobody is lost.</summary>
public sealed class QueueTests
{
    [Fact]
    public async Task D27_CallsAtOnce_AreNeverMoreThanTheCap_AndAllAreAnswered()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 3", delay: TimeSpan.FromMilliseconds(20));
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => gateway.AskAsync($"({i})")));
        Assert.All(answers, answer => Assert.True(answer.Status == 200, answer.Text));
        Assert.Equal(3, gateway.A.Record.MaxInFlight);
        Assert.Equal(30, gateway.A.Record.Count);
        await gateway.UntilIdleAsync();
    }

    [Fact]
    public async Task D28_ABurstOfOne_SpacesCallsEvenly()
    {
        // 1,200 a minute are 50 ms apart.
        await using var gateway = await LimitedGateway.StartAsync("rpm: 1200, burst: 1");
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => gateway.AskAsync($"({i})")));
        var arrivals = gateway.A.Record.Requests.Select(request => request.ArrivedAt).Order().ToList();
        Assert.Equal(12, arrivals.Count);

        // A late one comes closer to the next, never many of them: over five steps the pace is kept.
        for (var i = 5; i < arrivals.Count; i++)
        {
            Assert.True(arrivals[i] - arrivals[i - 5] > TimeSpan.FromMilliseconds(175), string.Join(", ", arrivals.Select(at => (at - arrivals[0]).TotalMilliseconds)));
        }
    }

    [Fact]
    public async Task D29_BackgroundCalls_WaitWhileInteractiveOnesDo_AndDoNotStarve()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 1");
        var background = Enumerable.Range(0, 10).Select(i => (Func<Task<ClientAnswer>>)(() => gateway.AskAsync($"(bg{i})", null, ("x-sluice-priority", "background"))));
        var interactive = Enumerable.Range(0, 10).Select(i => (Func<Task<ClientAnswer>>)(() => gateway.AskAsync($"(fg{i})")));
        var served = await gateway.ServedAsync([.. background, .. interactive]);

        // Four to one while both wait: with the tenth interactive call there have been two or three of the background.
        Assert.InRange(served.FindLastIndex(word => word.StartsWith("fg", StringComparison.Ordinal)), 11, 12);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"bg{i}"), served.Where(word => word.StartsWith("bg", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task D30_I38_ASessionThatFansOut_DoesNotStarveTheOthersOfItsUser()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 1");
        var flood = Enumerable.Range(0, 16).Select(i => (Func<Task<ClientAnswer>>)(() => gateway.AskAsync($"(flood{i})", null, ("x-sluice-session", "orchestrator"))));
        var quiet = Enumerable.Range(0, 3).Select(i => (Func<Task<ClientAnswer>>)(() => gateway.AskAsync($"(quiet{i})", null, ("x-sluice-session", "other"))));
        var served = await gateway.ServedAsync([.. flood, .. quiet]);
        Assert.InRange(served.IndexOf("quiet2"), 4, 6);
        Assert.Equal(19, served.Count);
    }

    [Fact]
    public async Task D31_TwoUsers_AreServedEqually_HoweverManyRequestsEachHas()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 1");
        var other = await gateway.KeyOfAsync("second");
        var first = Enumerable.Range(0, 20).Select(i => (Func<Task<ClientAnswer>>)(() => gateway.AskAsync($"(first{i})")));
        var second = Enumerable.Range(0, 6).Select(i => (Func<Task<ClientAnswer>>)(() => gateway.AskAsync($"(second{i})", other)));
        var served = await gateway.ServedAsync([.. first, .. second]);
        Assert.InRange(served.Take(12).Count(word => word.StartsWith("second", StringComparison.Ordinal)), 5, 6);
    }

    [Fact]
    public async Task A24_AHundredParallelCallsOfAPipeline_WithAKeyThatMayMakeFour_NoneIsLost()
    {
        await using var gateway = await LimitedGateway.StartAsync("", more: "limits: { default_key: { concurrency: 4 } }", delay: TimeSpan.FromMilliseconds(5));
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => gateway.AskAsync($"({i})")));
        Assert.All(answers, answer => Assert.True(answer.Status == 200, answer.Text));
        Assert.Equal(100, gateway.A.Record.Count);
        Assert.InRange(gateway.A.Record.MaxInFlight, 2, 4);
        await gateway.UntilIdleAsync();
    }

    [Fact]
    public async Task I36_DevelopersWithLongContexts_AreServedTheSameTokens()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 2, input_tpm: 1000000000", delay: TimeSpan.FromMilliseconds(10));
        int[] bytes = [4_000, 8_000, 12_000, 16_000];
        using var over = new CancellationTokenSource();
        var keys = await Task.WhenAll(Enumerable.Range(0, bytes.Length).Select(i => gateway.KeyOfAsync("dev" + i)));
        await Task.WhenAll(Enumerable.Range(0, bytes.Length * 8).Select(async worker =>
        {
            var dev = worker % bytes.Length;
            var text = $"({dev})" + new string('x', bytes[dev]);
            while (!over.IsCancellationRequested)
            {
                var answer = await gateway.AskAsync(text, keys[dev]);
                Assert.True(answer.Status == 200, answer.Text);
                if (gateway.A.Record.Count >= 240)
                {
                    await over.CancelAsync();
                }
            }
        }));

        // By the provider's books, of the time in which all of them asked.
        var served = new long[bytes.Length];
        foreach (var request in gateway.A.Record.Requests.Take(240))
        {
            served[LimitedGateway.Words(request.Body!)[0] - '0'] += request.Usage!.Input + request.Usage.CacheRead + request.Usage.Output;
        }

        Assert.True((double)served.Max() / served.Min() < 1.2, string.Join(", ", served));
    }

    [Fact]
    public async Task D18_I37_ABurst_SpillsToTheSecondProvider_AndTheRestWaitsForEither()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 2", "concurrency: 2", delay: TimeSpan.FromMilliseconds(20));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => gateway.AskAsync($"({i})")));
        Assert.All(answers, answer => Assert.True(answer.Status == 200, answer.Text));
        Assert.Equal((2, 2), (gateway.A.Record.MaxInFlight, gateway.B.Record.MaxInFlight));
        Assert.Equal(50, gateway.A.Record.Count + gateway.B.Record.Count);

        // Both are as quick: each has about half of it.
        Assert.InRange(gateway.B.Record.Count, 15, 35);
        var spilled = answers.First(answer => answer.Header("x-sluice-provider") == "b");
        var admission = (await gateway.SettledTrailAsync(spilled.Id)).GetProperty("plan").GetProperty("admission");
        var passed = admission.GetProperty("passed_over")[0];
        Assert.Equal(("a/one", "provider:a concurrency 2"), (passed.GetProperty("endpoint").GetString(), passed.GetProperty("limit").GetString()));
        var waited = 0;
        foreach (var answer in answers)
        {
            var trail = await gateway.SettledTrailAsync(answer.Id);
            waited += trail.GetProperty("plan").TryGetProperty("admission", out var told) && told.GetProperty("waits").GetArrayLength() > 0 ? 1 : 0;
        }

        Assert.InRange(waited, 30, 46);
        await gateway.UntilIdleAsync();
    }

    [Fact]
    public async Task E3_ALongPrompt_GoesToTheProviderThatHasTokensLeft()
    {
        await using var gateway = await LimitedGateway.StartAsync("input_tpm: 2000", "input_tpm: 100000");
        var small = await gateway.AskAsync("(small)");
        var large = await gateway.AskAsync("(large)" + new string('x', 40_000));
        Assert.Equal(("a", "b"), (small.Header("x-sluice-provider"), large.Header("x-sluice-provider")));
    }

    [Fact]
    public async Task AStreamThatWaits_IsKeptAlive_AndThenAnswered()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 1", more: "keepalive: { after: 100ms, every: 100ms }");
        Task<ClientAnswer> asking;
        await using (await gateway.HoldAsync())
        {
            using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", "hello", stream: true));
            using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

            // The headers are here though nobody was asked yet: the keep-alive opened the stream.
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal(1, gateway.Gate().Waiting);
            await using var body = await response.Content.ReadAsStreamAsync();
            var first = new byte[64];
            var read = await body.ReadAsync(first);
            Assert.DoesNotContain("data:", Encoding.UTF8.GetString(first, 0, read), StringComparison.Ordinal);
            asking = gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", "second", stream: true));
            await GatewayUnderTest.UntilAsync(() => gateway.Gate().Waiting == 2, "two wait");
        }

        // The first of the two has gone meanwhile.
        var answer = await asking;
        Assert.Equal("Simulated answer to: second", answer.AnswerText(Wire.Chat));
        Assert.Null(answer.Violation(Wire.Chat));
        await gateway.UntilIdleAsync();
    }

    [Fact]
    public async Task AWaitThatIsTooLong_EndsWithTheProvidersLimit_AsAStatusOrInsideTheStream()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 1", more: "keepalive: { after: 100ms, every: 100ms }\nqueue: { max_wait: 400ms }");
        await using var hold = await gateway.HoldAsync();
        var whole = await gateway.AskAsync("(whole)");
        Assert.Equal((429, "gateway", "5"), (whole.Status, whole.Header("x-sluice-error-source"), whole.Header("retry-after")));
        Assert.Contains("The configured limit of provider a is 1 request under way (concurrency).", whole.Text, StringComparison.Ordinal);
        var stream = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", "hello", stream: true));
        Assert.Equal(200, stream.Status);
        Assert.Contains("provider a", stream.StreamError(Wire.Chat)!.Message, StringComparison.Ordinal);
        Assert.Equal(0, gateway.Gate().Waiting);
    }

    [Fact]
    public async Task AStormOfAborts_LeavesNothingHeld()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 2, input_tpm: 10000000", "concurrency: 1", more: "limits: { default_key: { concurrency: 12 } }", delay: TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < 12; i++)
        {
            gateway.A.Script.Enqueue(Fault.Of((i % 3) switch { 0 => FaultKind.Stall, 1 => FaultKind.Reset, _ => FaultKind.HtmlBody }, FaultPlace.BeforeHeaders));
        }

        var random = new Random(3);
        var asks = Enumerable.Range(0, 120).Select(i => (Index: i, Leaves: random.Next(120), Streams: random.Next(2) == 0)).ToList();
        await Task.WhenAll(asks.Select(async ask =>
        {
            using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(ask.Leaves));
            try
            {
                using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", $"<{ask.Index}>", ask.Streams));
                using var response = await gateway.Http.SendAsync(request, leaving.Token);
            }
            catch (OperationCanceledException)
            {
                // It left, as half of them do.
            }
        }));
        await gateway.UntilIdleAsync();
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");

        // Faults that nobody stayed for are still to come.
        gateway.A.Script.Clear();
        Assert.Equal(200, (await gateway.AskAsync("(after)")).Status);
    }

    [Fact]
    public async Task Drain_EndsThoseWhoWait_AndHoldsNothing()
    {
        var gateway = await LimitedGateway.StartAsync("concurrency: 1");
        await using var hold = await gateway.HoldAsync();
        var waiting = gateway.AskAsync("(waits)");
        await GatewayUnderTest.UntilAsync(() => gateway.Gate().Waiting == 1, "one waits");
        var control = gateway.Server.Admission;
        await gateway.Server.StopAsync();
        var answer = await waiting;
        Assert.Equal(503, answer.Status);
        Assert.Equal(0, control.Gate.Waiting);
        Assert.All(control.Read(), use => Assert.Equal(0, use.Held));
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Status_ShowsWhoWaits_AndTheSlotsInUse()
    {
        await using var gateway = await LimitedGateway.StartAsync("concurrency: 1");
        await using var hold = await gateway.HoldAsync();
        using var leaving = new CancellationTokenSource();
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", "hello", stream: false));
        request.Headers.Add("x-sluice-session", "s1");
        var asking = gateway.Http.SendAsync(request, leaving.Token);
        await GatewayUnderTest.UntilAsync(() => gateway.Gate().Waiting == 1, "one waits");
        using var status = new HttpRequestMessage(HttpMethod.Get, "/admin/api/status");
        status.Headers.Add("x-api-key", GatewayUnderTest.AdminKey);
        var json = (await gateway.SendAsync(status)).Json;
        var limits = json.GetProperty("providers")[0].GetProperty("limits");
        Assert.Equal((1, 1, 1), (limits.GetProperty("held").GetInt32(), limits.GetProperty("concurrency").GetInt32(), limits.GetProperty("waiting").GetInt32()));
        var waits = json.GetProperty("waiting")[0];
        Assert.Equal(("admin", "s1", "interactive", "provider:a concurrency 1"),
            (waits.GetProperty("owner").GetString(), waits.GetProperty("session").GetString(), waits.GetProperty("priority").GetString(), waits.GetProperty("limit").GetString()));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await GatewayUnderTest.UntilAsync(() => gateway.Gate().Waiting == 0, "he left");
    }
}
