using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>
/// A second candidate is asked while the first shows nothing: the quicker one is delivered, the other cancelled and charged. The gateway's clock is
/// the tests' own; providers whose every flush is the test's own decide who is quicker.
/// </summary>
public sealed class HedgeTests
{
    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    /// <summary>Every client's wire, whole and as a stream, of providers that speak it and of ones that do not.</summary>
    public static TheoryData<Wire, Upstream, bool> Ways
    {
        get
        {
            var data = new TheoryData<Wire, Upstream, bool>();
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var stream in new[] { true, false })
                {
                    data.Add(client, UpstreamKinds.Of(client), stream);
                    data.Add(client, client == Wire.Anthropic ? Upstream.Chat : Upstream.Anthropic, stream);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task SlowFirst_SecondAnswers_FirstIsCancelledChargedAndNotBlamed(Wire client, Upstream upstream, bool stream)
    {
        foreach (var place in new[] { FaultPlace.BeforeHeaders, stream ? FaultPlace.AfterStart : FaultPlace.AfterHeaders })
        {
            var time = new ManualTimeProvider();
            await using var gateway = await GatewayUnderTest.StartAsync(Simulated(upstream), time: time);
            gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, place));
            var asking = gateway.PostAsync(client, Wires.Ask(client, "two/0", "hello", stream));
            await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
            await AdvanceUntilAsync(time, () => gateway.B.Record.Count == 1, "the hedge");
            var answer = await asking;

            Assert.Equal(200, answer.Status);
            Assert.Equal("Simulated answer to: hello", answer.AnswerText(client));
            Assert.Null(stream ? answer.Violation(client) : null);
            Assert.Equal(("b", "hedge", "2"), (answer.Header("x-sluice-provider"), answer.Header("x-sluice-route"), answer.Header("x-sluice-attempts")));
            var seen = await gateway.A.Record.WaitForAsync(r => r.End != AnswerEnd.Open, TimeSpan.FromSeconds(10));
            Assert.Equal(AnswerEnd.ClientGone, seen.End);

            var trail = await gateway.SettledTrailAsync(answer.Id);
            Assert.Equal("hedge", trail.GetProperty("route").GetString());
            Assert.Contains("b answered first", trail.GetProperty("cause").GetString(), StringComparison.Ordinal);
            var attempts = trail.GetProperty("attempts").EnumerateArray().ToList();
            Assert.Equal([("a", "superseded"), ("b", "answered")], Outcomes(attempts));
            Assert.True(attempts[0].GetProperty("input_tokens").GetInt64() > 0, attempts[0].ToString());
            Assert.Equal(attempts[0].GetProperty("input_tokens").GetInt64() * 3_000 + (attempts[0].GetProperty("output_tokens").GetInt64() * 15_000), attempts[0].GetProperty("cost_nano_usd").GetInt64());

            // Nothing stands against the provider that was slow: another conversation begins there.
            var next = await gateway.PostAsync(client, Wires.Ask(client, "two/0", "something else", stream));
            Assert.Equal(("a", "1"), (next.Header("x-sluice-provider"), next.Header("x-sluice-attempts")));
            await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task QuickFirst_OrHedgingOff_NobodyElseIsAsked(Wire client)
    {
        foreach (var (routing, commits) in new[] { ("hedge: 3s", true), ("hedge: off", false), ("retries: 0", false) })
        {
            var time = new ManualTimeProvider();
            await using var a = await HandWrittenUpstream.StartAsync();
            await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b: null, routing), time: time);
            using var request = gateway.Request(client, Wires.Ask(client, "two/0", "hello", stream: true));
            var asking = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var exchange = await a.NextAsync();
            await exchange.WriteAsync(HandWrittenStream.Preface(client));
            if (commits)
            {
                // The answer's headers go with its first content.
                await exchange.WriteAsync(HandWrittenStream.Piece(client, "t"));
                await asking;
            }

            time.Advance(TimeSpan.FromSeconds(12));
            await exchange.WriteAsync((commits ? "" : HandWrittenStream.Piece(client, "t")) + HandWrittenStream.End(client));
            exchange.End();
            using var response = await asking;
            var answer = await ClientAnswer.ReadAsync(response);

            Assert.Equal("t", answer.AnswerText(client));
            Assert.Equal(("a", "1"), (answer.Header("x-sluice-provider"), answer.Header("x-sluice-attempts")));
            Assert.Equal(0, gateway.B.Record.Count);
        }
    }

    /// <summary>Whoever fails while the other runs has failed as ever, and the other goes on: here it answers.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task OneFailsWhileTheOtherRuns_TheOtherAnswers(Wire client)
    {
        foreach (var hedgeFails in new[] { false, true })
        {
            var time = new ManualTimeProvider();
            await using var a = await HandWrittenUpstream.StartAsync();
            await using var b = await HandWrittenUpstream.StartAsync();
            await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b), time: time);
            var (asking, first, second) = await HedgedAsync(gateway, time, client, a, b);
            var (fails, answers) = hedgeFails ? (second, first) : (first, second);

            fails.End();
            await AttemptEndsAsync(gateway, "bad_response");
            await answers.WriteAsync(HandWrittenStream.Preface(client) + HandWrittenStream.Piece(client, "t") + HandWrittenStream.End(client));
            answers.End();
            var answer = await asking;

            Assert.Equal(HandWrittenStream.Preface(client) + HandWrittenStream.Piece(client, "t") + HandWrittenStream.End(client), answer.Text);
            Assert.Equal(hedgeFails ? "a" : "b", answer.Header("x-sluice-provider"));
            Assert.Equal(!hedgeFails, answer.Header("x-sluice-route") == "hedge");
            var trail = await gateway.SettledTrailAsync(answer.Id);
            Assert.Equal(!hedgeFails, trail.GetProperty("route").GetString() == "hedge");
            Assert.Equal(
                hedgeFails ? [("a", "answered"), ("b", "bad_response")] : [("a", "bad_response"), ("b", "answered")],
                Outcomes(trail.GetProperty("attempts").EnumerateArray()));
        }
    }

    /// <summary>What the hedge refuses must not end a request that the first may still answer.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task HedgeRefusesTheRequest_FirstAnswersAllTheSame(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b: null), time: time);
        gateway.B.Script.Always(Fault.Of(400));
        var asking = gateway.PostAsync(client, Wires.Ask(client, "two/0", "hello", stream: true));
        var first = await a.NextAsync();
        await AdvanceUntilAsync(time, () => gateway.B.Record.Count == 1, "the hedge");
        await AttemptEndsAsync(gateway, "invalid_request");

        await first.WriteAsync(HandWrittenStream.Preface(client) + HandWrittenStream.Piece(client, "t") + HandWrittenStream.End(client));
        first.End();
        var answer = await asking;

        Assert.Equal((200, "t", "a"), (answer.Status, answer.AnswerText(client), answer.Header("x-sluice-provider")));
        Assert.Equal([("a", "answered"), ("b", "invalid_request")], Outcomes((await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray()));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task BothFail_NextIsAsked_AndWithoutOneTheErrorTellsOfBoth(Wire client)
    {
        foreach (var model in new[] { "three/0", "two/0" })
        {
            var time = new ManualTimeProvider();
            await using var a = await HandWrittenUpstream.StartAsync();
            await using var b = await HandWrittenUpstream.StartAsync();
            await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b), time: time);
            var (asking, first, second) = await HedgedAsync(gateway, time, client, a, b, model);
            second.End();
            first.End();
            var answer = await asking;

            var outcomes = Outcomes((await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray());
            if (model == "three/0")
            {
                Assert.Equal(("Simulated answer to: hello", "c", "3"), (answer.AnswerText(client), answer.Header("x-sluice-provider"), answer.Header("x-sluice-attempts")));
                Assert.NotEqual("hedge", answer.Header("x-sluice-route"));
                Assert.Equal([("a", "bad_response"), ("b", "bad_response"), ("c", "answered")], outcomes);
            }
            else
            {
                Assert.Equal((502, "2"), (answer.Status, answer.Header("x-sluice-attempts")));
                Assert.Contains("1 further attempt failed too", answer.Error(client).Message, StringComparison.Ordinal);
                Assert.Equal([("a", "bad_response"), ("b", "bad_response")], outcomes);
            }
        }
    }

    /// <summary>What died, or what only a probe may ask, since the plan was made: the one after it is the hedge.</summary>
    [Theory]
    [InlineData(401)]
    [InlineData(500)]
    public async Task NextIsDeadOrItsCircuitIsOpen_TheOneAfterItIsAsked(int status)
    {
        const Wire Client = Wire.Chat;
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync("breaker: { failures: 1, window: 30s, open: 1s }\n" + Written(Client, a, b: null), time: time);
        var asking = gateway.PostAsync(Client, Wires.Ask(Client, "three/0", "hello", stream: true));
        var first = await a.NextAsync();
        gateway.B.Script.Enqueue(Fault.Of(status));
        var killing = await gateway.PostAsync(Client, """{"model":"three/0","provider":{"only":["b"]},"messages":[{"role":"user","content":"die"}]}""");
        Assert.Equal(502, killing.Status);

        await AdvanceUntilAsync(time, () => gateway.B.Record.Count == 2, "the hedge");
        var answer = await asking;

        Assert.Equal(("c", "hedge", "2"), (answer.Header("x-sluice-provider"), answer.Header("x-sluice-route"), answer.Header("x-sluice-attempts")));
        await CancelledAsync(first);
    }

    [Fact]
    public async Task F33_BudgetOfRepeatsIsSpent_NoHedge()
    {
        const Wire Client = Wire.Anthropic;
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Simulated(Upstream.Anthropic), time: time);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        using var leave = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 12).Select(i => AskAsync(i)).ToList();
        await gateway.A.Record.WaitForCountAsync(12, TimeSpan.FromSeconds(10));
        await AdvanceUntilAsync(time, () => asking.Count(a => a.IsCompleted) == 10, "ten hedges");
        time.Advance(TimeSpan.FromSeconds(5));
        await leave.CancelAsync();

        // Ten a minute are always allowed; a tenth of twelve requests is less.
        Assert.Equal(10, (await Task.WhenAll(asking)).Count(answered => answered));
        Assert.Equal(10, gateway.B.Record.Count);

        async Task<bool> AskAsync(int number)
        {
            using var request = gateway.Request(Client, Wires.Ask(Client, $"two/{number}", "hello", stream: true));
            try
            {
                using var response = await gateway.Http.SendAsync(request, leave.Token);
                return response.IsSuccessStatusCode;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task RequestThatMustNotRepeat_IsNotHedged(Wire client)
    {
        (string Name, string Value)[] headers = [("x-sluice-no-retry", "1"), ("x-stainless-retry-count", "1"), ("x-goog-api-client", "gl-node/24 gccl-attempt-count/2")];
        foreach (var header in headers)
        {
            var ask = Wires.Ask(client, "two/0", "hello", stream: true);
            await NotHedgedAsync(client, gateway => gateway.PostAsync(client, ask, header));
        }

        if (client == Wire.Responses)
        {
            var ask = Wires.Ask(client, "two/0", "hello", stream: true);
            ask = ask with { Body = ask.Body.Insert(1, "\"previous_response_id\":\"resp_0\",") };
            await NotHedgedAsync(client, gateway => gateway.PostAsync(client, ask));
        }
    }

    [Theory]
    [InlineData(Wire.Anthropic, "/v1/messages/count_tokens", """{"model":"two/0","messages":[{"role":"user","content":"hello"}]}""")]
    [InlineData(Wire.Chat, "/v1/embeddings", """{"model":"two/0","input":"hello"}""")]
    public async Task CountsAndVectors_AreNotHedged(Wire client, string path, string body)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Simulated(UpstreamKinds.Of(client)), time: time);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders) with { Delay = TimeSpan.FromMilliseconds(300) });
        var asking = gateway.PostAsync(client, new ClientRequest(path, body));
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(10));
        var answer = await asking;

        Assert.Equal((200, "a"), (answer.Status, answer.Header("x-sluice-provider")));
        Assert.Equal(0, gateway.B.Record.Count);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F25_ClientLeavesWhileBothRun_BothAreCancelledAndCharged(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var b = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b), time: time);
        using var leave = new CancellationTokenSource();
        using var request = gateway.Request(client, Wires.Ask(client, "two/0", "hello", stream: true));
        var asking = gateway.Http.SendAsync(request, leave.Token);
        var first = await a.NextAsync();
        await AdvanceUntilAsync(time, () => b.Arrived == 1, "the hedge");
        var second = await b.NextAsync();

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await CancelledAsync(first);
        await CancelledAsync(second);
        await GatewayUnderTest.UntilAsync(async () =>
        {
            var rows = (await ReportAsync(gateway)).GetProperty("rows").EnumerateArray().ToList();
            return rows is [var row] && row.GetProperty("cause").GetString() == "client_gone" && row.GetProperty("attempts").GetInt64() == 2 && row.GetProperty("input_tokens").GetInt64() > 0;
        }, "two rows of a client that left");
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    /// <summary>Both write at the same moment, each its own nonce: one of them alone reaches the client, whole and in order.</summary>
    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F36_BothAnswerAtOnce_ClientGetsBytesOfOneAlone(Wire client)
    {
        const int Rounds = 30;
        const int Pieces = 5;
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var b = await HandWrittenUpstream.StartAsync();
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b, "hedge: 3s, retry_budget: 100%"), time: time);
        var won = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };
        for (var round = 0; round < Rounds; round++)
        {
            var (asking, first, second) = await HedgedAsync(gateway, time, client, a, b, "two/0", question: $"question {round}");
            using var start = new Barrier(2);
            await Task.WhenAll(Task.Run(() => AnswerAsync(first, "a", round)), Task.Run(() => AnswerAsync(second, "b", round)));
            var answer = await asking;

            var provider = answer.Header("x-sluice-provider")!;
            var loser = provider == "a" ? "b" : "a";
            won[provider]++;
            Assert.Equal(HandWrittenStream.Preface(client) + string.Concat(Enumerable.Range(0, Pieces).Select(i => HandWrittenStream.Piece(client, $"nonce-{provider}-{round}-{i} "))) + HandWrittenStream.End(client), answer.Text);
            Assert.DoesNotContain($"nonce-{loser}-", answer.Text, StringComparison.Ordinal);
            var outcomes = Outcomes((await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray());

            // Ten repeats a minute are always allowed, and so many are enough.
            time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(provider == "a" ? [("a", "answered"), ("b", "superseded")] : [("a", "superseded"), ("b", "answered")], outcomes);

            async Task AnswerAsync(HandWrittenUpstream.Exchange exchange, string name, int number)
            {
                start.SignalAndWait(TestContext.Current.CancellationToken);
                try
                {
                    await exchange.WriteAsync(HandWrittenStream.Preface(client));
                    for (var i = 0; i < Pieces; i++)
                    {
                        await exchange.WriteAsync(HandWrittenStream.Piece(client, $"nonce-{name}-{number}-{i} "));
                    }

                    await exchange.WriteAsync(HandWrittenStream.End(client));
                }
                catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
                {
                    // It was the slower one, and has been cancelled.
                }

                exchange.End();
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{client}: a was quicker {won["a"]} times, b {won["b"]} times");
    }

    private static async Task NotHedgedAsync(Wire client, Func<GatewayUnderTest, Task<ClientAnswer>> ask)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(Written(client, a, b: null), time: time);
        var asking = ask(gateway);
        var exchange = await a.NextAsync();
        time.Advance(TimeSpan.FromSeconds(12));
        await exchange.WriteAsync(HandWrittenStream.Preface(client) + HandWrittenStream.Piece(client, "t") + HandWrittenStream.End(client));
        exchange.End();
        var answer = await asking;

        Assert.Equal(("t", "a", "1"), (answer.AnswerText(client), answer.Header("x-sluice-provider"), answer.Header("x-sluice-attempts")));
        Assert.Equal(0, gateway.B.Record.Count);
    }

    /// <summary>A request whose both attempts are under way and have said nothing.</summary>
    private static async Task<(Task<ClientAnswer> Asking, HandWrittenUpstream.Exchange First, HandWrittenUpstream.Exchange Second)> HedgedAsync(
        GatewayUnderTest gateway, ManualTimeProvider time, Wire client, HandWrittenUpstream a, HandWrittenUpstream b, string model = "two/0", string question = "hello")
    {
        var before = b.Arrived;
        var asking = gateway.PostAsync(client, Wires.Ask(client, model, question, stream: true));
        var first = await a.NextAsync();
        await AdvanceUntilAsync(time, () => b.Arrived > before, "the hedge");
        return (asking, first, await b.NextAsync());
    }

    /// <summary>Moves the clock by small steps: the request may not have set its timer yet when its provider has it.</summary>
    private static Task AdvanceUntilAsync(ManualTimeProvider time, Func<bool> condition, string what) => GatewayUnderTest.UntilAsync(
        () =>
        {
            if (condition())
            {
                return true;
            }

            time.Advance(TimeSpan.FromSeconds(1));
            return false;
        },
        what);

    private static Task CancelledAsync(HandWrittenUpstream.Exchange exchange) =>
        GatewayUnderTest.UntilAsync(() => exchange.Gone.IsCancellationRequested, "the call is cancelled at its upstream");

    /// <summary>The ledger has an attempt that ended so.</summary>
    private static Task AttemptEndsAsync(GatewayUnderTest gateway, string cause) => GatewayUnderTest.UntilAsync(
        async () => (await ReportAsync(gateway)).GetProperty("rows").EnumerateArray().Any(row => row.GetProperty("cause").GetString() == cause), cause);

    private static (string, string)[] Outcomes(IEnumerable<JsonElement> attempts) =>
        [.. attempts.OrderBy(a => a.GetProperty("ordinal").GetInt32()).Select(a => (a.GetProperty("provider").GetString()!, a.GetProperty("outcome").GetString()!))];

    private static async Task<JsonElement> ReportAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/report?by=cause");
        request.Headers.TryAddWithoutValidation("x-api-key", GatewayUnderTest.AdminKey);
        return (await gateway.SendAsync(request)).Json;
    }

    private static string Simulated(Upstream upstream) => $$"""
        routing: { retries: 0, hedge: 3s }
        providers:
        {{UpstreamKinds.Provider(upstream, "A", name: "a")}}{{UpstreamKinds.Provider(upstream, "B", name: "b")}}
        models:
        {{GatewayUnderTest.Models("two", 12, "a", "b")}}
        """;

    /// <summary>Providers a and, where given, b are the tests' own; else b is the simulator, and c always is.</summary>
    private static string Written(Wire client, HandWrittenUpstream a, HandWrittenUpstream? b, string routing = "hedge: 3s, retries: 0")
    {
        var upstream = UpstreamKinds.Of(client);
        return $$"""
            routing: { {{routing}} }
            providers:
            {{UpstreamKinds.Provider(upstream, "A", name: "a").Replace("{A}", a.Address, StringComparison.Ordinal)}}{{UpstreamKinds.Provider(upstream, "B", name: "b").Replace("{B}", b?.Address ?? "{B}", StringComparison.Ordinal)}}{{UpstreamKinds.Provider(upstream, "B", name: "c")}}
            models:
            {{GatewayUnderTest.Models("two", 1, "a", "b")}}
            {{GatewayUnderTest.Models("three", 1, "a", "b", "c")}}
            """;
    }
}
