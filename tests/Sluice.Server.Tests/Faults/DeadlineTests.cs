using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>A request may take so long in all and no longer, whoever is slow. The gateway's clock is the tests' own.</summary>
public sealed class DeadlineTests
{
    public static TheoryData<Wire, bool> Ways
    {
        get
        {
            var data = new TheoryData<Wire, bool>();
            foreach (var client in Enum.GetValues<Wire>())
            {
                data.Add(client, true);
                data.Add(client, false);
            }

            return data;
        }
    }

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task ReqF30_ReqI64_PassesBeforeAnyContent_408AndTheCallIsCancelled(Wire client, bool stream)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync("timeouts: { request: 5s }\n" + Providers(client), time: time);
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        var asking = gateway.PostAsync(client, Wires.Ask(client, "two/0", "hello", stream));
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(5));
        var answer = await asking;

        Assert.Equal((408, "gateway"), (answer.Status, answer.Header("x-sluice-error-source")));
        var message = answer.Error(client).Message;
        Assert.Contains("deadline of 5 s has passed (timeouts.request)", message, StringComparison.Ordinal);
        Assert.Contains("Asked by then: a.", message, StringComparison.Ordinal);
        var seen = await gateway.A.Record.WaitForAsync(r => r.End != AnswerEnd.Open, TimeSpan.FromSeconds(10));
        Assert.Equal(AnswerEnd.ClientGone, seen.End);
        Assert.Equal(0, gateway.B.Record.Count);

        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Equal(("timeout", "gateway", 408), (trail.GetProperty("error").GetString(), trail.GetProperty("error_source").GetString(), trail.GetProperty("status").GetInt32()));
        var attempt = trail.GetProperty("attempts").EnumerateArray().Single();
        Assert.Equal("timeout", attempt.GetProperty("outcome").GetString());
        Assert.True(attempt.GetProperty("cost_nano_usd").GetInt64() > 0, attempt.ToString());

        // The provider was slow for this one request; nothing stands against it.
        var next = await gateway.PostAsync(client, Wires.Ask(client, "two/0", "something else", stream));
        Assert.Equal((200, "a"), (next.Status, next.Header("x-sluice-provider")));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF30_PassesInsideTheAnswer_TheStreamEndsWithItsOwnError(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync("timeouts: { request: 5s }\n" + Providers(client, a), time: time);
        using var request = gateway.Request(client, Wires.Ask(client, "two/0", "hello", stream: true));
        var asking = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var exchange = await a.NextAsync();
        await exchange.WriteAsync(HandWrittenStream.Preface(client) + HandWrittenStream.Piece(client, "t"));
        using var response = await asking;
        time.Advance(TimeSpan.FromSeconds(5));
        var answer = await ClientAnswer.ReadAsync(response);

        Assert.Equal((200, "t"), (answer.Status, answer.AnswerText(client)));
        Assert.Contains("deadline of 5 s has passed", answer.StreamError(client)!.Message, StringComparison.Ordinal);
        Assert.True(exchange.Gone.WaitHandle.WaitOne(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF30_ClientWaitsLessThanTheDeadline_IsToldBeforeItLeaves(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync("timeouts: { request: 10m }\n" + Providers(client), time: time);
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        var asking = gateway.PostAsync(client, Wires.Ask(client, "two/0", "hello", stream: false), ("x-stainless-timeout", "30"));
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(29));
        var answer = await asking;

        Assert.Equal(408, answer.Status);
        Assert.Contains("deadline of 30 s has passed (the client waits no longer)", answer.Error(client).Message, StringComparison.Ordinal);
    }

    // A client's own clock stops at the first byte: from then on it waits as long as something comes.
    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF30_ReqI64_StreamOpenedBySignsOfLife_IsNotHeldToTheClientsPatience(Wire client)
    {
        var time = new ManualTimeProvider();
        await using var a = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync("timeouts: { request: 10m }\n" + Providers(client, a), time: time);
        using var request = gateway.Request(client, Wires.Ask(client, "two/0", "hello", stream: true));
        request.Headers.Add("x-stainless-timeout", "30");
        var asking = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var exchange = await a.NextAsync();
        await exchange.WriteAsync(HandWrittenStream.Preface(client));
        time.Advance(TimeSpan.FromSeconds(21));
        using var response = await asking;
        time.Advance(TimeSpan.FromSeconds(40));
        await exchange.WriteAsync((client is Wire.Chat or Wire.Gemini ? HandWrittenStream.Preface(client) : "") + HandWrittenStream.Piece(client, "t") + HandWrittenStream.End(client));
        exchange.End();

        Assert.Equal("t", (await ClientAnswer.ReadAsync(response)).AnswerText(client));
    }

    [Fact]
    public async Task ReqF30_ReqI64_RulesHaveDeadlinesOfTheirOwn()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync("""
            timeouts: { request: 10m }
            rules:
              - { name: titles, when: 'priority == "background"', deadline: 3s }

            """ + Providers(Wire.Chat), time: time);
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        var asking = gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "two/0", "hello", stream: false), ("x-sluice-priority", "background"));
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(3));
        var answer = await asking;

        Assert.Equal(408, answer.Status);
        Assert.Contains("deadline of 3 s has passed (the deadline of rule 'titles')", answer.Error(Wire.Chat).Message, StringComparison.Ordinal);
        Assert.Equal("deadline", answer.Json.GetProperty("error").GetProperty("metadata").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task ReqF30_PassesInTheQueue_408WithoutAnyCall()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync("timeouts: { request: 5s }\nlimits: { default_key: { concurrency: 1 } }\n" + Providers(Wire.Chat), time: time);
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        var first = gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "two/0", "hello", stream: false));
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        var timers = time.PendingTimers;
        var second = gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "two/0", "and this", stream: false));

        // Its deadline and its place in the queue.
        await GatewayUnderTest.UntilAsync(() => time.PendingTimers >= timers + 2, "the second request to wait");
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(408, (await first).Status);
        var answer = await second;
        Assert.Equal((408, "0"), (answer.Status, answer.Header("x-sluice-attempts")));
        Assert.EndsWith("deadline of 5 s has passed (timeouts.request). Raise timeouts.request, ask for less, or route to a quicker model.", answer.Error(Wire.Chat).Message, StringComparison.Ordinal);
        Assert.Equal(1, gateway.A.Record.Count);
    }

    private static string Providers(Wire client, HandWrittenUpstream? a = null) => $$"""
        providers:
        {{UpstreamKinds.Provider(UpstreamKinds.Of(client), "A", name: "a").Replace("{A}", a?.Address ?? "{A}", StringComparison.Ordinal)}}{{UpstreamKinds.Provider(UpstreamKinds.Of(client), "B", name: "b")}}
        models:
        {{GatewayUnderTest.Models("two", 1, "a", "b")}}
        """;
}
