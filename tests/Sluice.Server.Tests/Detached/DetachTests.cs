using System.Net.Http.Headers;
using Sluice.Server.Detached;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Detached;

/// <summary>A client that leaves: its call ends with it, or runs on and waits to be fetched where it had asked for that.</summary>
public sealed class DetachTests
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

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task ReqF7_ClientLeaves_CallRunsOnIsChargedAndIsFetchedByItsUserAlone(Wire client, bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client), new SimulatorOptions { FirstByteDelay = TimeSpan.FromMilliseconds(300) });
        await LeaveAsync(gateway, client, stream, detach: true);
        var seen = await gateway.A.Record.WaitForAsync(r => r.End != AnswerEnd.Open, TimeSpan.FromSeconds(10));
        Assert.Equal(AnswerEnd.Completed, seen.End);

        var id = await IdAsync(gateway);
        var trail = await gateway.SettledTrailAsync(id);
        Assert.Equal(200, trail.GetProperty("status").GetInt32());
        Assert.Contains("The client left and the call ran on", trail.GetProperty("cause").GetString(), StringComparison.Ordinal);
        var attempt = trail.GetProperty("attempts").EnumerateArray().Single();
        Assert.Equal("answered", attempt.GetProperty("outcome").GetString());
        Assert.True(attempt.GetProperty("output_tokens").GetInt64() > 0, attempt.ToString());

        var fetched = await FetchedAsync(gateway, id, gateway.Key);
        Assert.Equal("Simulated answer to: hello", fetched.AnswerText(client));
        Assert.Null(stream ? fetched.Violation(client) : null);
        Assert.Equal(id, fetched.Id);

        Assert.Equal(404, (await FetchAsync(gateway, id, await gateway.KeyOfAsync("somebody-else"))).Status);
        Assert.Equal(404, (await FetchAsync(gateway, "gen-0", gateway.Key)).Status);
        Assert.Equal(401, (await FetchAsync(gateway, id, "sk-unknown-0123456789abcdef")).Status);
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    [Fact]
    public async Task ReqF7_WhileItRuns_202_ThenItEndsWhenItMayRunNoLonger()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Wire.Chat, ", timeouts: { idle: 2h, total: 3h }"), time: time);
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.AfterText));
        await LeaveAsync(gateway, Wire.Chat, stream: true, detach: true, readFirst: true);
        var id = _read!;
        await GatewayUnderTest.UntilAsync(async () => (await FetchAsync(gateway, id, gateway.Key)).Status == 202, "the call to run on");

        var running = await FetchAsync(gateway, id, gateway.Key);
        Assert.Equal((id, "running"), (running.Json.GetProperty("id").GetString(), running.Json.GetProperty("state").GetString()));
        Assert.Equal("5", running.Header("retry-after"));
        Assert.Equal(AnswerEnd.Open, gateway.A.Record.Requests[0].End);

        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(AnswerEnd.Open, gateway.A.Record.Requests[0].End);
        time.Advance(DetachedAnswers.LongestRun);
        await gateway.A.Record.WaitForAsync(r => r.End == AnswerEnd.ClientGone, TimeSpan.FromSeconds(10));
        await gateway.SettledTrailAsync(id);
        await GatewayUnderTest.UntilAsync(async () => (await FetchAsync(gateway, id, gateway.Key)).Status == 404, "nothing to be kept");
    }

    [Theory]
    [InlineData(null, "client_gone")]
    [InlineData("10", "client_timeout")]
    public async Task ReqF7_WithoutIt_TheCallIsCancelledAndTheLedgerSaysWhy(string? patience, string outcome)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Wire.Anthropic), time: time);
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.AfterText));
        await LeaveAsync(gateway, Wire.Anthropic, stream: true, detach: false, readFirst: true, patience, () => time.Advance(TimeSpan.FromSeconds(10)));

        var seen = await gateway.A.Record.WaitForAsync(r => r.End != AnswerEnd.Open, TimeSpan.FromSeconds(10));
        Assert.Equal(AnswerEnd.ClientGone, seen.End);
        var trail = await gateway.SettledTrailAsync(_read!);
        var attempt = trail.GetProperty("attempts").EnumerateArray().Single();
        Assert.Equal((499, outcome), (trail.GetProperty("status").GetInt32(), attempt.GetProperty("outcome").GetString()));
        Assert.True(attempt.GetProperty("input_tokens").GetInt64() > 0, attempt.ToString());
        Assert.Equal(404, (await FetchAsync(gateway, _read!, gateway.Key)).Status);
    }

    [Fact]
    public void Answers_AreBoundedByCountBytesAndTime()
    {
        var time = new ManualTimeProvider();
        var answers = new DetachedAnswers(time);
        for (var i = 0; i < DetachedAnswers.MostOfOneUser; i++)
        {
            Assert.True(answers.TryRunOn(Call($"ada-{i}", "ada")));
        }

        Assert.False(answers.TryRunOn(Call("ada-more", "ada")));
        for (var i = DetachedAnswers.MostOfOneUser; i < DetachedAnswers.MostRunning; i++)
        {
            Assert.True(answers.TryRunOn(Call($"user-{i}", $"user-{i}")));
        }

        Assert.False(answers.TryRunOn(Call("bob", "bob")));
        Assert.Null(answers.Find("ada-0", "ada")!.Status);

        // 64 MiB hold fifteen of 4 MiB with what stands around them, not sixteen.
        for (var i = 0; i < 16; i++)
        {
            answers.End($"big-{i}", Call($"big-{i}", "ada") with { Status = 200, Bytes = new byte[4 * 1024 * 1024], EndedAt = time.GetUtcNow() });
        }

        Assert.Null(answers.Find("big-0", "ada"));
        Assert.NotNull(answers.Find("big-1", "ada"));
        Assert.Null(answers.Find("big-1", "bob"));
        time.Advance(DetachedAnswers.LongestWait);
        Assert.Null(answers.Find("big-15", "ada"));
        answers.End("ada-0", answer: null);
        Assert.Null(answers.Find("ada-0", "ada"));
        Assert.True(answers.TryRunOn(Call("ada-more", "ada")));
    }

    private static DetachedAnswer Call(string id, string user) => new(id, user, "m", DateTimeOffset.UnixEpoch);

    private string? _read;

    /// <summary>Asks, and leaves: once the provider has the call, or once the answer has begun.</summary>
    private async Task LeaveAsync(GatewayUnderTest gateway, Wire client, bool stream, bool detach, bool readFirst = false, string? patience = null, Action? meanwhile = null)
    {
        using var own = gateway.NewClient();
        using var leaving = new CancellationTokenSource();
        using var request = gateway.Request(client, Wires.Ask(client, "two/0", "hello", stream));
        if (detach)
        {
            request.Headers.Add("x-sluice-detach", "1");
        }

        if (patience is not null)
        {
            request.Headers.Add("x-stainless-timeout", patience);
        }

        var asking = own.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.Count == 1, "the call");
        HttpResponseMessage? response = null;
        if (readFirst)
        {
            response = await asking;
            _read = response.Headers.GetValues("x-sluice-request-id").Single();
        }

        meanwhile?.Invoke();
        await leaving.CancelAsync();
        response?.Dispose();
        await ((Task)asking).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    // A client that left before the headers has seen no id.
    private static async Task<string> IdAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/generations");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", gateway.Key);
        var call = (await gateway.SendAsync(request)).Json.GetProperty("data").EnumerateArray().Single();
        Assert.Equal("two/0", call.GetProperty("model").GetString());
        return call.GetProperty("id").GetString()!;
    }

    private static async Task<ClientAnswer> FetchedAsync(GatewayUnderTest gateway, string id, string key)
    {
        ClientAnswer? answer = null;
        await GatewayUnderTest.UntilAsync(async () => (answer = await FetchAsync(gateway, id, key)).Status != 202, "the call to end");
        Assert.True(answer!.Status == 200, answer.Text);
        return answer;
    }

    private static async Task<ClientAnswer> FetchAsync(GatewayUnderTest gateway, string id, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/generations/{id}/answer");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await gateway.SendAsync(request);
    }

    private static string Config(Wire client, string more = "") => $"""
        providers:
        {UpstreamKinds.Provider(UpstreamKinds.Of(client), "A", more, name: "a")}
        models:
        {GatewayUnderTest.Models("two", 1, "a")}
        """;
}
