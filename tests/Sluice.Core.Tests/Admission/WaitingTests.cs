using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;
using Xunit;

namespace Sluice.Core.Tests.Admission;

/// <summary>Who waits, for how long, whose turn it is, and that nobody is forgotten.</summary>
public sealed class WaitingTests
{
    private readonly GateUnderTest _gate = new();

    [Fact]
    public async Task Ends_WakeThoseWhoWait_InOrder()
    {
        var provider = _gate.Scope(new LimitSet { Concurrency = 1 });
        var held = _gate.Try(provider)!;
        var asked = Enumerable.Range(0, 5).Select(_ => _gate.AskAsync(provider)).ToList();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(5 - i, _gate.Gate.Waiting);
            _gate.Time.Advance(TimeSpan.FromSeconds(1));
            held.Dispose();
            var entry = await asked[i];
            Assert.Equal(TimeSpan.FromSeconds(i + 1), entry.Waited);
            Assert.Equal("concurrency", entry.Lack!.Name);
            held = entry.Permit!;
        }
    }

    [Fact]
    public async Task Time_WakesThoseWhoWait_WithoutAnybodysEnd()
    {
        var provider = _gate.Scope(new LimitSet { RequestsPerMinute = 1 });
        _gate.Try(provider);
        var asked = _gate.AskAsync(provider);
        _gate.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(1, _gate.Gate.Waiting);
        _gate.Time.Advance(TimeSpan.FromSeconds(0.25));
        Assert.Equal(TimeSpan.FromSeconds(60.25), (await asked).Waited);
    }

    [Fact]
    public async Task Newcomers_StandBehindThoseWhoWait_ThoughTheyWouldFit()
    {
        var provider = _gate.Scope(new LimitSet { InputPerMinute = 1_000 });
        _gate.Try(provider, input: 900);
        var large = _gate.AskAsync(provider, input: 500);
        Assert.Null(_gate.Try(provider, input: 50));
        _gate.Time.Advance(TimeSpan.FromSeconds(60.25));
        Assert.NotNull((await large).Permit);
        Assert.NotNull(_gate.Try(provider, input: 50));
    }

    [Fact]
    public async Task AWaitThatCannotHelpInTime_IsRefusedAtOnce()
    {
        var provider = _gate.Scope(new LimitSet { RequestsPerMinute = 1 });
        _gate.Try(provider);
        var asked = _gate.AskAsync(provider, patience: TimeSpan.FromSeconds(20));
        Assert.True(asked.IsCompletedSuccessfully);
        var entry = await asked;
        Assert.Null(entry.Permit);
        Assert.Equal(TimeSpan.FromSeconds(60.25), entry.Lack!.Wait);
        Assert.Equal(0, _gate.Gate.Waiting);
    }

    [Fact]
    public async Task WhoHasWaitedToTheEndOfHisPatience_IsToldWhatFor()
    {
        var provider = _gate.Scope(new LimitSet { Concurrency = 1 });
        using var held = _gate.Try(provider);
        var asked = _gate.AskAsync(provider, patience: TimeSpan.FromSeconds(20));
        _gate.Time.Advance(TimeSpan.FromSeconds(20));
        var entry = await asked;
        Assert.Null(entry.Permit);
        Assert.Equal(("concurrency", TimeSpan.FromSeconds(20)), (entry.Lack!.Name, entry.Waited));
        Assert.Equal(0, _gate.Gate.Waiting);
        Assert.Equal(0, _gate.Time.PendingTimers);
    }

    [Fact]
    public async Task WhoLeaves_MakesRoomForWhoStoodBehindHim()
    {
        var provider = _gate.Scope(new LimitSet { InputPerMinute = 1_000 });
        _gate.Try(provider, input: 900);
        using var leaving = new CancellationTokenSource();
        var large = _gate.AskAsync(provider, input: 500, cancellation: leaving.Token);
        var small = _gate.AskAsync(provider, input: 50);
        Assert.Equal(2, _gate.Gate.Waiting);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.NotNull((await small).Permit);
        Assert.Equal(0, _gate.Gate.Waiting);
    }

    [Fact]
    public async Task TheLine_IsBounded()
    {
        _gate.Gate.MostWaiting = 2;
        var provider = _gate.Scope(new LimitSet { Concurrency = 1 });
        using var held = _gate.Try(provider);
        using var over = new CancellationTokenSource();
        var waiting = new[] { _gate.AskAsync(provider, cancellation: over.Token), _gate.AskAsync(provider, cancellation: over.Token) };
        var third = await _gate.AskAsync(provider);
        Assert.Null(third.Permit);
        Assert.Equal(("queue", 2), (third.Lack!.Name, third.Lack.Limit));
        await over.CancelAsync();
        await Task.WhenAll(waiting).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal(0, _gate.Gate.Waiting);
    }

    [Fact]
    public async Task WhoFillsTheLine_GivesUpHisLastPlace_ToWhoHoldsLessOfIt()
    {
        _gate.Gate.MostWaiting = 3;
        var provider = _gate.Scope(new LimitSet { Concurrency = 1 });
        var held = _gate.Try(provider)!;
        var flood = new List<Task<Entry>>();
        for (var i = 0; i < 3; i++)
        {
            flood.Add(_gate.AskAsync(provider, GateUnderTest.FlowOf("flood")));
            _gate.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var other = _gate.AskAsync(provider, GateUnderTest.FlowOf("other"));
        var refused = await flood[2];
        Assert.Equal((null, "queue"), (refused.Permit, refused.Lack!.Name));
        Assert.Equal(3, _gate.Gate.Waiting);

        // Two and one: nobody holds clearly more than another.
        Assert.Equal("queue", (await _gate.AskAsync(provider, GateUnderTest.FlowOf("other"))).Lack!.Name);
        held.Dispose();
        (await flood[0]).Permit!.Dispose();
        (await other).Permit!.Dispose();
        Assert.NotNull((await flood[1]).Permit);
    }

    [Fact]
    public async Task SeveralWays_TheFirstThatHasRoomLetsIn_AndTheOthersAreLeft()
    {
        var a = _gate.Scope(new LimitSet { Concurrency = 1 }, "a");
        var b = _gate.Scope(new LimitSet { Concurrency = 1 }, "b");
        var (heldA, heldB) = (_gate.Try(a)!, _gate.Try(b)!);
        var asked = _gate.Gate.EnterAsync([GateUnderTest.WayOf(a), GateUnderTest.WayOf(b)], default, GateUnderTest.FlowOf(), GateUnderTest.Long, default).AsTask();
        heldB.Dispose();
        var entry = await asked;
        Assert.Equal(1, entry.Way);
        heldA.Dispose();
        Assert.Equal((0, 1), (a.Held, b.Held));
        Assert.Equal((0, 0), (a.Line.Count, b.Line.Count));
    }

    [Fact]
    public async Task SeveralScopes_WhoFindsTheSecondShort_WaitsForThat()
    {
        var key = _gate.Scope(new LimitSet { Concurrency = 1 }, "key");
        var team = _gate.Scope(new LimitSet { Concurrency = 1 }, "team");
        var (heldKey, heldTeam) = (_gate.Try(key)!, _gate.Try(team)!);
        var asked = _gate.Gate.EnterAsync([GateUnderTest.WayOf(key, team)], default, GateUnderTest.FlowOf(), GateUnderTest.Long, default).AsTask();
        heldKey.Dispose();
        Assert.Equal((0, 1), (key.Line.Count, team.Line.Count));
        Assert.NotNull(_gate.Try(key)); // It holds nothing of the key while it waits for the team.
        heldTeam.Dispose();
        Assert.Equal((1, 0), (key.Line.Count, team.Line.Count));
        Assert.False(asked.IsCompleted);
        Assert.Equal(0, team.Held);
    }

    [Fact]
    public async Task E18_ALimitThatIsRaised_LetsInAtOnce_AndOneThatIsLoweredRefusesWhatNeverFits()
    {
        var key = _gate.Scope(new LimitSet { InputPerMinute = 1_000 });
        _gate.Try(key, input: 1_000);
        var (small, large) = (_gate.AskAsync(key, input: 400), _gate.AskAsync(key, input: 900));
        _gate.Gate.Change(key, new LimitSet { InputPerMinute = 1_500 }, 4);
        Assert.NotNull((await small).Permit);
        Assert.Equal(1, _gate.Gate.Waiting);
        _gate.Gate.Change(key, new LimitSet { InputPerMinute = 500 }, 4);
        var entry = await large;
        Assert.Null(entry.Permit);
        Assert.True(entry.Lack!.IsForGood);
        Assert.Equal(0, _gate.Gate.Waiting);
    }

    [Fact]
    public async Task FiveDevelopers_WithLongContexts_AreServedTheSameTokensAMinute()
    {
        // Together they ask for several times what is there; each agent works for a while on what it was answered, then asks again.
        var random = new Random(1);
        var provider = _gate.Scope(new LimitSet { InputPerMinute = 2_000_000 });
        (string User, long Tokens, int Agents)[] developers = [("a", 180_000, 2), ("b", 120_000, 3), ("c", 60_000, 6), ("d", 30_000, 12), ("e", 10_000, 30)];
        var served = developers.ToDictionary(d => d.User, _ => 0L, StringComparer.Ordinal);
        var agents = developers.SelectMany(d => Enumerable.Range(0, d.Agents).Select(number => (d.Tokens, Flow: new Flow(d.User, $"{d.User}{number}", IsBackground: false)))).ToList();
        var asked = new Task<Entry>?[agents.Count];
        var busyUntil = agents.Select(_ => random.Next(60)).ToArray();
        for (var second = 0; second < 3_600; second++)
        {
            for (var i = 0; i < agents.Count; i++)
            {
                if (asked[i] is { IsCompletedSuccessfully: true } answered)
                {
                    served[agents[i].Flow.Owner] += agents[i].Tokens;
                    (await answered).Permit!.Dispose();
                    (asked[i], busyUntil[i]) = (null, second + random.Next(2, 12));
                }

                if (asked[i] is null && busyUntil[i] <= second)
                {
                    asked[i] = _gate.AskAsync(provider, agents[i].Flow, input: agents[i].Tokens);
                }
            }

            _gate.Time.Advance(TimeSpan.FromSeconds(1));
            await _gate.SettledAsync([.. asked.OfType<Task<Entry>>()]);
        }

        Assert.True((double)served.Values.Max() / served.Values.Min() < 1.2, string.Join(", ", served));
        Assert.InRange(served.Values.Sum(), 2_000_000L * 60 * 9 / 10, 2_000_000L * 60);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AStormOfRequestsAndDepartures_LeavesNothingHeldAndNobodyWaiting(int seed)
    {
        var random = new Random(seed);
        var key = _gate.Scope(new LimitSet { Concurrency = 3, RequestsPerMinute = 200 }, "key");
        var team = _gate.Scope(new LimitSet { Concurrency = 5, InputPerMinute = 5_000 }, "team");
        var other = _gate.Scope(new LimitSet { Concurrency = 2, Burst = 2, RequestsPerMinute = 120 }, "other");
        var held = new List<Permit>();
        var asked = new List<(Task<Entry> Entry, CancellationTokenSource Source)>();
        for (var step = 0; step < 4_000; step++)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    Way[] ways = random.Next(3) switch
                    {
                        0 => [GateUnderTest.WayOf(key, team)],
                        1 => [GateUnderTest.WayOf(team), GateUnderTest.WayOf(other)],
                        _ => [GateUnderTest.WayOf(other, key), GateUnderTest.WayOf(team)],
                    };
                    var source = new CancellationTokenSource();
                    var flow = GateUnderTest.FlowOf("u" + random.Next(4), "s" + random.Next(3), random.Next(3) == 0);
                    asked.Add((_gate.Gate.EnterAsync(ways, new Demand(random.Next(1_000), 0), flow, TimeSpan.FromSeconds(random.Next(30)), source.Token).AsTask(), source));
                    break;
                case 2 when held.Count > 0:
                    var last = held[random.Next(held.Count)];
                    held.Remove(last);
                    last.Settle(new Demand(random.Next(1_500), 0));
                    last.Dispose();
                    break;
                case 3 when asked.Count > 0:
                    await asked[random.Next(asked.Count)].Source.CancelAsync();
                    break;
                default:
                    _gate.Time.Advance(TimeSpan.FromMilliseconds(random.Next(1_000)));
                    break;
            }

            await _gate.SettledAsync([.. asked.Select(a => a.Entry)]);
            foreach (var (entry, source) in asked.Where(a => a.Entry.IsCompleted).ToList())
            {
                asked.RemoveAll(a => a.Source == source);
                source.Dispose();
                if (entry.IsCompletedSuccessfully && (await entry).Permit is { } permit)
                {
                    held.Add(permit);
                }
            }

            Assert.InRange(key.Held, 0, 3);
            Assert.InRange(team.Held, 0, 5);
            Assert.InRange(other.Held, 0, 2);
            Assert.Equal(asked.Count, _gate.Gate.Waiting);
        }

        foreach (var (_, source) in asked)
        {
            await source.CancelAsync();
        }

        held.ForEach(permit => permit.Dispose());
        await _gate.SettledAsync([.. asked.Select(a => a.Entry)]);
        foreach (var (entry, _) in asked.Where(a => a.Entry.IsCompletedSuccessfully))
        {
            (await entry).Permit?.Dispose();
        }

        Assert.Equal((0, 0, 0, 0), (_gate.Gate.Waiting, key.Held, team.Held, other.Held));
        Assert.All(new[] { key, team, other }, scope => Assert.Equal(0, scope.Line.Count));
    }
}
