using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>Repeats: only of what may pass, only when every candidate was tried, only for clients that do not repeat by themselves, and bounded over all requests.</summary>
public sealed class RetryTests
{
    /// <summary>Every client's wire, asked of a provider that speaks it and of one that does not.</summary>
    public static TheoryData<Wire, Upstream> Directions
    {
        get
        {
            var data = new TheoryData<Wire, Upstream>();
            foreach (var client in Enum.GetValues<Wire>())
            {
                data.Add(client, UpstreamKinds.Of(client));
                data.Add(client, client == Wire.Anthropic ? Upstream.Chat : Upstream.Anthropic);
            }

            return data;
        }
    }

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    // An open circuit would end these series before the budget does.
    private static string Config(Upstream upstream, int retries) => $$"""
        routing: { retries: {{retries}}, retry_budget: 10% }
        breaker: { failures: 1000 }
        providers:
        {{UpstreamKinds.Provider(upstream, "A", name: "a")}}{{UpstreamKinds.Provider(upstream, "B", name: "b")}}
        models:
        {{GatewayUnderTest.Models("one", 60, "a")}}
        {{GatewayUnderTest.Models("two", 10, "a", "b")}}
        """;

    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Directions))]
    public async Task D13_ProviderRecovers_ClientSeesTheAnswer(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(upstream, retries: 2));
        foreach (var (stream, model) in new[] { (true, "one/0"), (false, "one/1") })
        {
            gateway.A.Script.Enqueue(Fault.Of(stream ? 500 : 503), times: 2);

            var answer = await gateway.PostAsync(client, Wires.Ask(client, model, "hello", stream));

            Assert.Equal("Simulated answer to: hello", answer.AnswerText(client));
            Assert.Equal(3, GatewayUnderTest.Calls(gateway.A, model.Replace('/', '-')));
            Assert.Equal("3", answer.Header("x-sluice-attempts"));
            var attempts = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray().ToList();
            var fault = stream ? "upstream_error" : "overloaded";
            Assert.Equal([fault, fault, "answered"], attempts.Select(a => a.GetProperty("outcome").GetString()));
            Assert.Equal([1, 2, 3], attempts.Select(a => a.GetProperty("ordinal").GetInt32()));
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task D1_D15_SecondProviderHealthy_IsNotDelayedAndNotARepeat(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(UpstreamKinds.Of(client), retries: 0));
        gateway.A.Script.Always(Fault.Of(500));
        for (var i = 0; i < 10; i++)
        {
            var answer = await gateway.PostAsync(client, Wires.Ask(client, $"two/{i}", "hello", stream: true));
            Assert.Equal("b", answer.Header("x-sluice-provider"));
        }

        Assert.Equal(10, gateway.A.Record.Count);
        Assert.Equal(10, gateway.B.Record.Count);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task D12_WhatWillNotPass_IsCalledOnce(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(UpstreamKinds.Of(client), retries: 2));
        var number = 0;
        foreach (var status in new[] { 400, 404, 429, 504, 401 })
        {
            gateway.A.Script.Always(Fault.Of(status), $"one-{number}");
            await gateway.PostAsync(client, Wires.Ask(client, $"one/{number}", "hello", stream: true));
            Assert.True(GatewayUnderTest.Calls(gateway.A, $"one-{number}") == 1, $"{status}: {GatewayUnderTest.Calls(gateway.A, $"one-{number}")} calls");
            number++;
        }
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F33_ReqF37_TotalOutage_RepeatsStayWithinTheBudget(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(UpstreamKinds.Of(client), retries: 2));
        gateway.A.Script.Always(Fault.Of(500));

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
            gateway.PostAsync(client, Wires.Ask(client, $"one/{i}", "hello", stream: i % 2 == 0))));

        Assert.All(answers, a => Assert.Equal(502, a.Status));

        // Ten repeats a minute are always allowed; a tenth of sixty requests is less.
        Assert.Equal(70, gateway.A.Record.Count);
        var rows = 0;
        foreach (var answer in answers)
        {
            foreach (var attempt in (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray())
            {
                // An error status charges nothing, and each call says why it was made for nothing.
                Assert.Equal(("upstream_error", 500, 0L, false),
                    (attempt.GetProperty("outcome").GetString(), attempt.GetProperty("status").GetInt32(), attempt.GetProperty("cost_nano_usd").GetInt64(), attempt.GetProperty("estimated").GetBoolean()));
                rows++;
            }
        }

        Assert.Equal(70, rows);
    }

    // Beyond the floor of ten it is the share that counts: 200 requests of all wires together, 20 repeats.
    [Fact]
    public async Task F33_ReqF37_TotalOutage_OfAllWiresTogether_AddsATenthOfTheTraffic()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 2, retry_budget: 10% }
            providers:
            {{string.Concat(UpstreamKinds.Plain.Select(kind => UpstreamKinds.Provider(kind, "A")))}}
            models:
            {{string.Concat(UpstreamKinds.Plain.Select(kind => GatewayUnderTest.Models(UpstreamKinds.NameOf(kind), 50, UpstreamKinds.ProviderName(kind, "A"))))}}
            """);
        gateway.A.Script.Always(Fault.Of(503));

        // Repeats are taken as requests fail, so the share is that of the requests until then: all that came before the last wave count in full.
        for (var wave = 0; wave < 5; wave++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(i => Enum.GetValues<Wire>().Select(client =>
                gateway.PostAsync(client, Wires.Ask(client, $"{UpstreamKinds.NameOf(UpstreamKinds.Of(client))}/{(wave * 10) + i}", "hello", stream: i % 2 == 0)))));
        }

        Assert.InRange(gateway.A.Record.Count, 201, 220);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F33_ClientThatSaysItRepeats_IsNotRepeatedForButFailedOver(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(UpstreamKinds.Of(client), retries: 2));
        gateway.A.Script.Always(Fault.Of(500));
        gateway.B.Script.Always(Fault.Of(500));
        var number = 0;
        foreach (var header in new[] { ("x-stainless-retry-count", "1"), ("x-goog-api-client", "gl-node/24 gccl-attempt-count/2"), ("x-sluice-no-retry", "1") })
        {
            await gateway.PostAsync(client, Wires.Ask(client, $"two/{number++}", "hello", stream: true), header);

            Assert.True((gateway.A.Record.Count, gateway.B.Record.Count) == (number, number), $"{header}: {gateway.A.Record.Count} and {gateway.B.Record.Count} calls");
        }
    }

    // Claude Code's count stays 0 and Codex sends none: both send the same bytes again.
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F33_SameBytesAgainAfterAFailure_AreTheClientsOwnRepeat(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(UpstreamKinds.Of(client), retries: 1));
        gateway.A.Script.Always(Fault.Of(500));
        var ask = Wires.Ask(client, "one/0", "hello", stream: true);
        await gateway.PostAsync(client, ask, ("x-stainless-retry-count", "0"));
        Assert.Equal(2, gateway.A.Record.Count);

        for (var again = 0; again < 3; again++)
        {
            await gateway.PostAsync(client, ask, ("x-stainless-retry-count", "0"));
        }

        Assert.Equal(5, gateway.A.Record.Count);

        // Another question is no repeat of that one.
        await gateway.PostAsync(client, Wires.Ask(client, "one/0", "something else", stream: true));
        Assert.Equal(7, gateway.A.Record.Count);
    }

    // Codex builds the request of a turn again, and the members of its client_metadata come in another order each time; another turn has another id.
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task F33_SameMembersInAnotherOrder_AreTheClientsOwnRepeat_AndAnotherTurnIsNot(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(UpstreamKinds.Of(client), retries: 1));
        gateway.A.Script.Always(Fault.Of(500));
        await gateway.PostAsync(client, WithMetadata("""{"turn_id":"t-1","x-codex-window-id":"w","session_id":"s"}"""));
        Assert.Equal(2, gateway.A.Record.Count);

        await gateway.PostAsync(client, WithMetadata("""{"session_id":"s","turn_id":"t-1","x-codex-window-id":"w"}"""));
        Assert.Equal(3, gateway.A.Record.Count);

        await gateway.PostAsync(client, WithMetadata("""{"session_id":"s","turn_id":"t-2","x-codex-window-id":"w"}"""));
        Assert.Equal(5, gateway.A.Record.Count);

        ClientRequest WithMetadata(string metadata)
        {
            var ask = Wires.Ask(client, "one/0", "hello", stream: true);
            return ask with { Body = ask.Body.Insert(1, $"\"client_metadata\":{metadata},") };
        }
    }

    [Fact]
    public async Task D10_UpstreamNamesItsPause_RepeatWaitsItOut()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Upstream.Anthropic, retries: 1), time: time);
        gateway.A.Script.Enqueue(Fault.Of(503, retryAfter: 2));
        var started = time.GetUtcNow();
        var answer = await AskAsync(gateway, time, calls: 2);

        Assert.Equal("Simulated answer to: hello", answer.AnswerText(Wire.Anthropic));
        Assert.InRange((time.GetUtcNow() - started).TotalSeconds, 2, 4);
    }

    [Fact]
    public async Task F33_SameBytesLongAfterAFailure_AreARequestLikeAnyOther()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Upstream.Anthropic, retries: 1), time: time);
        gateway.A.Script.Always(Fault.Of(500));
        await AskAsync(gateway, time, calls: 2);
        Assert.Equal(2, gateway.A.Record.Count);

        time.Advance(TimeSpan.FromMinutes(2));
        await AskAsync(gateway, time, calls: 4);

        Assert.Equal(4, gateway.A.Record.Count);
    }

    [Fact]
    public async Task F33_ImpatientClient_IsNotKeptWaitingForARepeat()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Upstream.Anthropic, retries: 2));
        gateway.A.Script.Always(Fault.Of(503));

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: false), ("x-stainless-timeout", "0.4"));

        Assert.Equal(529, answer.Status);
        Assert.Equal(1, gateway.A.Record.Count);
    }

    /// <summary>Asks, and moves the clock by small steps while one call is over and the next has not come.</summary>
    private static async Task<ClientAnswer> AskAsync(GatewayUnderTest gateway, ManualTimeProvider time, int calls)
    {
        var asking = gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: false));
        await GatewayUnderTest.UntilAsync(
            () =>
            {
                time.Advance(gateway.A.Record.Count == calls - 1 ? TimeSpan.FromMilliseconds(10) : TimeSpan.Zero);
                return gateway.A.Record.Count == calls;
            },
            "call number " + calls);
        return await asking;
    }
}
