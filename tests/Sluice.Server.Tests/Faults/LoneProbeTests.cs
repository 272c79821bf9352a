using System.Globalization;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>
/// One provider, its circuit open, one request its probe: the others wait for what it hears, are not asked meanwhile, and then go on or are told.
/// The probe's every flush is the test's own.
/// </summary>
public sealed class LoneProbeTests
{
    private const int Others = 5;

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    private static string Config(Wire client, HandWrittenUpstream upstream, string limits = "") => $$"""
        routing: { retries: 0 }
        breaker: { failures: 1, window: 30s, open: 15s }
        keepalive: { after: 2s, every: 2s }
        providers:
        {{UpstreamKinds.Provider(UpstreamKinds.Of(client), "A", limits, name: "a").Replace("{A}", upstream.Address, StringComparison.Ordinal)}}
        {{UpstreamKinds.Provider(UpstreamKinds.Of(client), "B", name: "b")}}
        models:
        {{GatewayUnderTest.Models("one", 1, "a")}}
          - id: first
            endpoints: [{ provider: a, model: other, price: { input: 3, output: 15 } }, { provider: b, model: shared, price: { input: 3, output: 15 } }]
          - id: second
            endpoints: [{ provider: b, model: shared, price: { input: 3, output: 15 } }]
        """;

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ProbeAnswers_AllWhoWaitedAreAnswered(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client, a), time: time);
        var (probing, probe, waiting) = await ProbedAsync(gateway, time, client, a);

        // Two seconds of silence, and the waiting streams are alive: their headers are there, and still only the probe is at the provider.
        time.Advance(TimeSpan.FromSeconds(2));
        var first = await waiting[0];
        var id = first.Headers.GetValues("x-sluice-request-id").Single();
        Assert.Equal((200, 2), ((int)first.StatusCode, a.Arrived));
        await AnswerAsync(client, probe);
        await Task.WhenAll(Enumerable.Range(0, Others).Select(async _ => await AnswerAsync(client, await a.NextAsync())));

        foreach (var asking in waiting.Prepend(probing))
        {
            using var response = await asking;
            var answer = await ClientAnswer.ReadAsync(response);
            Assert.Equal((200, "t"), (answer.Status, answer.AnswerText(client)));
        }

        var trail = await gateway.SettledTrailAsync(id);
        Assert.Equal("after another request's probe", trail.GetProperty("route").GetString());
        var passed = Assert.Single(trail.GetProperty("plan").GetProperty("passed_over").EnumerateArray());
        Assert.Equal(("a", "its circuit is open and another request is its probe"), (passed.GetProperty("provider").GetString(), passed.GetProperty("why").GetString()));
        Assert.Single(trail.GetProperty("attempts").EnumerateArray());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ProbeFails_AllWhoWaitedHearItsCauseAndNobodyElseWasAsked(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client, a), time: time);
        var (probing, probe, waiting) = await ProbedAsync(gateway, time, client, a);

        probe.End();

        using var failed = await probing;
        Assert.Equal(502, (int)failed.StatusCode);
        foreach (var asking in waiting)
        {
            using var response = await asking;
            var answer = await ClientAnswer.ReadAsync(response);
            Assert.Equal((503, "provider", "15"), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("retry-after")));
            Assert.Contains("a said last", answer.Error(client).Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, a.Arrived);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ProbesClientLeaves_OneOfThoseWhoWaitedIsTheNextProbe(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client, a), time: time);
        using var leave = new CancellationTokenSource();
        var (probing, _, waiting) = await ProbedAsync(gateway, time, client, a, leave.Token);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probing);
        var next = await a.NextAsync();
        Assert.Equal(3, a.Arrived);
        await AnswerAsync(client, next);
        await Task.WhenAll(Enumerable.Range(0, Others - 1).Select(async _ => await AnswerAsync(client, await a.NextAsync())));
        foreach (var asking in waiting)
        {
            using var response = await asking;
            Assert.Equal("t", (await ClientAnswer.ReadAsync(response)).AnswerText(client));
        }
    }

    [Fact]
    public async Task ProbeTakesLong_WhoWaitsIsToldAfterTenSecondsAndImpatientClientsBefore()
    {
        const Wire Client = Wire.Anthropic;
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Client, a), time: time);
        var (_, _, waiting) = await ProbedAsync(gateway, time, Client, a, default, stream: false);
        using var impatient = gateway.Request(Client, Wires.Ask(Client, "one/0", "soon", stream: false));
        impatient.Headers.Add("x-stainless-timeout", "8");
        var timers = time.PendingTimers;
        var soon = gateway.SendAsync(impatient);
        await WaitingAsync(time, timers, more: 1);

        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(5), () => soon.IsCompleted);
        Assert.DoesNotContain(waiting, asking => asking.IsCompleted);
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(9), () => waiting.TrueForAll(asking => asking.IsCompleted));

        Assert.Equal(503, (await soon).Status);
        foreach (var asking in waiting)
        {
            using var response = await asking;
            Assert.Equal((503, "1"), ((int)response.StatusCode, response.Headers.GetValues("retry-after").Single()));
        }

        Assert.Equal(2, a.Arrived);
    }

    /// <summary>Who is let in by the circuit may still find no room: he waits for that in its line, and is answered after the others.</summary>
    [Fact]
    public async Task ProbeAnswers_AndTheProviderTakesOneAtATime_AllWhoWaitedAreAnsweredInTurn()
    {
        const Wire Client = Wire.Chat;
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Client, a, ", limits: { concurrency: 1 }"), time: time);
        var (probing, probe, waiting) = await ProbedAsync(gateway, time, Client, a);

        await AnswerAsync(Client, probe);
        for (var turn = 0; turn < Others; turn++)
        {
            var next = await a.NextAsync();
            Assert.Equal(3 + turn, a.Arrived);
            await AnswerAsync(Client, next);
        }

        foreach (var asking in waiting.Prepend(probing))
        {
            using var response = await asking;
            Assert.Equal("t", (await ClientAnswer.ReadAsync(response)).AnswerText(Client));
        }
    }

    /// <summary>A burst on a lone provider: as many wait as may, the others are told at once, and every body is given back.</summary>
    [Fact]
    public async Task Burst_NoMoreWaitThanMay()
    {
        const Wire Client = Wire.Chat;
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Client, a), time: time);
        var (_, probe, waiting) = await ProbedAsync(gateway, time, Client, a);
        var burst = Enumerable.Range(0, 100).Select(i => gateway.PostAsync(Client, Wires.Ask(Client, "one/0", $"burst {i}", stream: true))).ToList();

        // 64 places, of which five are taken.
        await GatewayUnderTest.UntilAsync(() => burst.Count(asking => asking.IsCompleted) == 100 - (64 - Others), "those who find no place");
        Assert.Equal(2, a.Arrived);

        probe.End();
        var answers = await Task.WhenAll(burst);
        Assert.All(answers, answer => Assert.Equal(503, answer.Status));
        Assert.Equal(100 - (64 - Others), answers.Count(answer => answer.Header("retry-after") == "1"));
        Assert.Equal(64 - Others, answers.Count(answer => answer.Header("retry-after") == "15"));
        foreach (var asking in waiting)
        {
            (await asking).Dispose();
        }

        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    /// <summary>What was planned is not asked, since its circuit has opened meanwhile: the trail says so.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task CircuitOpensAfterThePlan_ExplainSaysWhoWasPassedOverWhyAndWhen(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client, a), time: time);
        gateway.B.Script.Always(Fault.Of(500));
        var asking = gateway.PostAsync(client, Wires.Ask(client, "first", "hello", stream: false));
        var exchange = await a.NextAsync();
        Assert.Equal(502, (await gateway.PostAsync(client, Wires.Ask(client, "second", "hello", stream: false))).Status);
        time.Advance(TimeSpan.FromSeconds(3));
        exchange.End();
        var answer = await asking;

        Assert.Equal((502, 1), (answer.Status, gateway.B.Record.Count));
        var passed = Assert.Single((await gateway.SettledTrailAsync(answer.Id)).GetProperty("plan").GetProperty("passed_over").EnumerateArray());
        Assert.Equal(("b", "shared", "b#1", "its circuit has opened since the plan was made", 3000L),
            (passed.GetProperty("provider").GetString(), passed.GetProperty("model").GetString(), passed.GetProperty("credential").GetString(), passed.GetProperty("why").GetString(), passed.GetProperty("after_ms").GetInt64()));
    }

    /// <summary>Opens the circuit, lets its time pass, sends the probe and, while that is on its way, the others.</summary>
    private static async Task<(Task<HttpResponseMessage> Probing, HandWrittenUpstream.Exchange Probe, List<Task<HttpResponseMessage>> Waiting)> ProbedAsync(
        GatewayUnderTest gateway, ManualTimeProvider time, Wire client, HandWrittenUpstream a, CancellationToken leave = default, bool stream = true)
    {
        var breaking = SendAsync("break");
        (await a.NextAsync()).End();
        Assert.Equal(502, (int)(await breaking).StatusCode);
        time.Advance(TimeSpan.FromSeconds(15));

        var probing = SendAsync("probe", leave);
        var probe = await a.NextAsync();
        var timers = time.PendingTimers;
        var waiting = Enumerable.Range(0, Others).Select(i => SendAsync($"wait {i}")).ToList();
        await WaitingAsync(time, timers, stream ? 2 * Others : Others);
        Assert.DoesNotContain(waiting, asking => asking.IsCompleted);
        Assert.Equal(2, a.Arrived);
        return (probing, probe, waiting);

        async Task<HttpResponseMessage> SendAsync(string question, CancellationToken leave = default)
        {
            using var request = gateway.Request(client, Wires.Ask(client, "one/0", question, stream));
            return await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave);
        }
    }

    // Who waits has a timer for it, and a stream one more for its keep-alives.
    private static Task WaitingAsync(ManualTimeProvider time, int timers, int more) =>
        GatewayUnderTest.UntilAsync(() => time.PendingTimers >= timers + more, string.Create(CultureInfo.InvariantCulture, $"{more} more timers than {timers}"));

    private static async Task AdvanceUntilAsync(ManualTimeProvider time, TimeSpan most, Func<bool> condition)
    {
        var until = time.GetUtcNow() + most;
        await GatewayUnderTest.UntilAsync(
            () =>
            {
                time.Advance(time.GetUtcNow() < until ? TimeSpan.FromMilliseconds(100) : TimeSpan.Zero);
                return condition();
            },
            "an answer within " + most);
    }

    private static async Task AnswerAsync(Wire client, HandWrittenUpstream.Exchange exchange)
    {
        await exchange.WriteAsync(HandWrittenStream.Preface(client) + HandWrittenStream.Piece(client, "t") + HandWrittenStream.End(client));
        exchange.End();
    }
}
