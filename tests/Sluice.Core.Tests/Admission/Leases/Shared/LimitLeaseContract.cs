using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Admission.Leases;

/// <summary>What every store of leases does; the clock starts five minutes before midnight and moves when the test says so.</summary>
public abstract class LimitLeaseContract
{
    private static readonly LimitScope Team = new(ScopeKind.Team, "core");

    private long _number;

    protected ManualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 23, 55, 0, TimeSpan.Zero));

    protected abstract Task<ILimitLeases> OpenAsync();

    [Fact]
    public async Task ANodeAlone_GetsWhatItWants_AndNoMore()
    {
        var leases = await OpenAsync();
        Assert.Equal(new LeaseReply(30, 30, 0, 70, false), await SyncAsync(leases, "a", Ask(0, 0, 30)));
        Assert.Equal(new LeaseReply(100, 100, 0, 0, false), await SyncAsync(leases, "a", Ask(30, 30, 100)));
    }

    [Fact]
    public async Task WhatOneHolds_IsTakenFromNobody_AndWhatItGivesBack_IsFreeAtOnce()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 100));
        Assert.Equal(new LeaseReply(0, 50, 0, 0, true), await SyncAsync(leases, "b", Ask(0, 0, 100)));

        // It used 70 and cannot give back more than 30; its share is 50.
        Assert.Equal(new LeaseReply(70, 50, 0, 30, true), await SyncAsync(leases, "a", Ask(70, 70, 100)));
        Assert.Equal(new LeaseReply(30, 50, 70, 0, true), await SyncAsync(leases, "b", Ask(0, 0, 100)));
        Assert.Equal(new LeaseReply(60, 50, 0, 10, true), await SyncAsync(leases, "a", Ask(60, 60, 100)));
        Assert.Equal(new LeaseReply(40, 50, 60, 0, true), await SyncAsync(leases, "b", Ask(30, 30, 100)));
    }

    [Fact]
    public async Task SmallWishes_AreMetInFull_AndTheOthersShareTheRest()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 10));
        await SyncAsync(leases, "b", Ask(0, 0, 100));
        Assert.Equal(new LeaseReply(0, 45, 0, 0, true), await SyncAsync(leases, "c", Ask(0, 0, 70)));
        Assert.Equal(45, (await SyncAsync(leases, "b", Ask(45, 0, 100))).Target);
        Assert.Equal(new LeaseReply(45, 45, 0, 0, true), await SyncAsync(leases, "c", Ask(0, 0, 70)));
        Assert.Equal(10, (await SyncAsync(leases, "a", Ask(10, 0, 10))).Held);
    }

    [Fact]
    public async Task WhatCannotBeDivided_GoesToWhoWantsMost()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 100));
        await SyncAsync(leases, "b", Ask(0, 0, 99));
        Assert.Equal(33, (await SyncAsync(leases, "c", Ask(0, 0, 98))).Target);
        Assert.Equal(33, (await SyncAsync(leases, "b", Ask(0, 0, 99))).Target);
        Assert.Equal(34, (await SyncAsync(leases, "a", Ask(34, 0, 100))).Target);
    }

    [Fact]
    public async Task ARequestLargerThanAShare_IsTheTargetOfItsNode_TheLongestWaitingFirst()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 100));
        await SyncAsync(leases, "b", Ask(0, 0, 100, need: 50, waited: 3));
        Assert.Equal(60, (await SyncAsync(leases, "c", Ask(0, 0, 100, need: 60, waited: 5))).Target);
        Assert.Equal(20, (await SyncAsync(leases, "b", Ask(0, 0, 100, need: 50, waited: 3))).Target);
        Assert.Equal(20, (await SyncAsync(leases, "a", Ask(20, 20, 100, need: 20, waited: 60))).Target);
        Assert.Equal(60, (await SyncAsync(leases, "c", Ask(0, 0, 100, need: 60, waited: 5))).Held);

        // Served; now the other one's turn.
        await SyncAsync(leases, "c", Ask(60, 60, 100));
        Assert.Equal(50, (await SyncAsync(leases, "b", Ask(20, 0, 100, need: 50, waited: 4))).Target);
    }

    [Fact]
    public async Task ALoweredLimit_ShrinksByUse_AndTheSmallestThatANodeKnowsCounts()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 60));
        await SyncAsync(leases, "b", Ask(0, 0, 40));
        Assert.Equal(new LeaseReply(30, 25, 0, 0, true), await SyncAsync(leases, "a", Ask(60, 30, 60, limit: 50)));
        Assert.Equal(new LeaseReply(20, 25, 30, 0, true), await SyncAsync(leases, "b", Ask(40, 10, 40)));
        Assert.Equal(new LeaseReply(30, 25, 10, 0, true), await SyncAsync(leases, "a", Ask(30, 30, 60, limit: 50)));
    }

    [Fact]
    public async Task WhatAnswersUsedBeyondTheirEstimates_IsHeldToo()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 50));
        Assert.Equal(70, (await SyncAsync(leases, "a", Ask(50, 70, 70))).Held);
        Assert.Equal(30, (await SyncAsync(leases, "b", Ask(0, 0, 50))).Held);
        Assert.Equal(new LeaseReply(120, 50, 0, 0, true), await SyncAsync(leases, "a", Ask(70, 120, 100)));

        // What is not used has to make up for it.
        Assert.Equal(10, (await SyncAsync(leases, "b", Ask(30, 10, 50))).Held);
    }

    [Theory]
    [InlineData(LimitKind.Requests, 91)]
    [InlineData(LimitKind.Input, 91)]
    [InlineData(LimitKind.Output, 91)]
    [InlineData(LimitKind.Concurrency, 30)]
    [InlineData(LimitKind.Day, 300)]
    public async Task WhatADeadNodeHeld_IsFree_WhenItCanCountNoMore(LimitKind kind, int seconds)
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "dead", Ask(0, 0, 100, kind: kind));
        var (gone, almost) = (TimeSpan.Zero, TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        while (gone < almost)
        {
            var step = almost - gone < LeaseTimes.Beat ? almost - gone : LeaseTimes.Beat;
            Time.Advance(step);
            gone += step;
            var reply = await SyncAsync(leases, "b", Ask(0, 0, 80, kind: kind));
            Assert.Equal(0, reply.Held);

            // For as long as it may come back it has a share; then what it held is out of reach.
            Assert.Equal(gone < LeaseTimes.Live ? 50 : 0, reply.Target);
        }

        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(new LeaseReply(80, 80, 0, 20, false), await SyncAsync(leases, "b", Ask(0, 0, 80, kind: kind)));
    }

    [Fact]
    public async Task WhileNobodyWasHeardOf_NobodyIsGone()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 60));
        Time.Advance(TimeSpan.FromSeconds(10));
        await SyncAsync(leases, "b", Ask(0, 0, 100));

        // An hour without the store: both went on with what they hold.
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(new LeaseReply(40, 50, 0, 0, true), await SyncAsync(leases, "b", Ask(40, 40, 100)));

        // The other one was last heard of ten seconds before, and does not come back.
        for (var i = 0; i < 8; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(40, (await SyncAsync(leases, "b", Ask(40, 40, 100))).Held);
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(100, (await SyncAsync(leases, "b", Ask(40, 40, 100))).Held);
    }

    [Theory]
    [InlineData(LimitKind.Concurrency, 0)]
    [InlineData(LimitKind.Requests, 61)]
    [InlineData(LimitKind.Day, 300)]
    public async Task ANodeThatStartsAgain_IsKnownToHaveEnded(LimitKind kind, int seconds)
    {
        var leases = await OpenAsync();
        await leases.SyncAsync(new LeaseCall("node:first", 1, false, [Ask(0, 0, 100, kind: kind)]), default);
        Time.Advance(TimeSpan.FromSeconds(1));
        var wait = TimeSpan.FromSeconds(Math.Max(0, seconds - 1));
        var number = 1;
        Assert.Equal(seconds == 0 ? 80 : 0, (await leases.SyncAsync(new LeaseCall("node:second", number, false, [Ask(0, 0, 80, kind: kind)]), default)).Replies[0].Held);
        if (seconds > 0)
        {
            Time.Advance(wait - TimeSpan.FromMilliseconds(1));
            Assert.Equal(0, (await leases.SyncAsync(new LeaseCall("node:second", ++number, false, [Ask(0, 0, 80, kind: kind)]), default)).Replies[0].Held);
            Time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(80, (await leases.SyncAsync(new LeaseCall("node:second", ++number, false, [Ask(0, 0, 80, kind: kind)]), default)).Replies[0].Held);
        }
    }

    [Fact]
    public async Task ADayThatEndedWhileNobodyWasHeardOf_IsOver()
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 100, kind: LimitKind.Day));
        Time.Advance(TimeSpan.FromHours(9));
        Assert.Equal(80, (await SyncAsync(leases, "b", Ask(0, 0, 80, kind: LimitKind.Day))).Held);
    }

    [Fact]
    public async Task ACallThatWasOvertaken_HasNoEffect()
    {
        var leases = await OpenAsync();
        await leases.SyncAsync(new LeaseCall("a", 1, false, [Ask(0, 0, 10)]), default);
        await leases.SyncAsync(new LeaseCall("a", 3, false, [Ask(10, 0, 90)]), default);
        Assert.NotNull((await leases.SyncAsync(new LeaseCall("a", 2, false, [Ask(5, 5, 5)]), default)).Fault);
        Assert.Equal(10, (await SyncAsync(leases, "b", Ask(0, 0, 20))).Held);
    }

    [Theory]
    [InlineData(LimitKind.Requests, 61)]
    [InlineData(LimitKind.Concurrency, 0)]
    [InlineData(LimitKind.Day, 300)]
    public async Task ANodeThatStops_LeavesWhatItUsed_ForAsLongAsItCounts(LimitKind kind, int seconds)
    {
        var leases = await OpenAsync();
        await SyncAsync(leases, "a", Ask(0, 0, 100, kind: kind));
        await leases.SyncAsync(new LeaseCall("a", ++_number, true, [Ask(40, 40, 0, kind: kind)]), default);
        if (seconds > 0)
        {
            Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(new LeaseReply(60, 60, 40, 0, true), await SyncAsync(leases, "b", Ask(0, 0, 100, kind: kind)));
            Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(100, (await SyncAsync(leases, "b", Ask(0, 0, 100, kind: kind))).Held);
    }

    [Fact]
    public async Task ACall_IsOfManyLimits_EachForItself_AndCountsTheNodes()
    {
        var leases = await OpenAsync();
        Assert.Equal(1, (await leases.SyncAsync(new LeaseCall("a", 1, false, []), default)).Nodes);
        LeaseAsk[] asks = [.. Enumerable.Range(0, LeaseCall.MostAsks).Select(i => Ask(0, 0, i, limit: 40) with { Scope = new LimitScope(ScopeKind.Key, $"k{i}") })];
        var answer = await leases.SyncAsync(new LeaseCall("b", 1, false, asks), default);
        Assert.Equal(2, answer.Nodes);
        Assert.Equal(Enumerable.Range(0, LeaseCall.MostAsks).Select(i => Math.Min(40L, i)), answer.Replies.Select(reply => reply.Held));
        await leases.SyncAsync(new LeaseCall("b", 2, true, []), default);
        Assert.Equal(1, (await leases.SyncAsync(new LeaseCall("a", 2, false, []), default)).Nodes);
        Time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(2, (await leases.SyncAsync(new LeaseCall("c", 1, false, []), default)).Nodes);
        Time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(2, (await leases.SyncAsync(new LeaseCall("c", 2, false, []), default)).Nodes);
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, (await leases.SyncAsync(new LeaseCall("c", 3, false, []), default)).Nodes);
    }

    [Fact]
    public async Task ManyNodesAtOnce_NeverHoldMoreThanTheLimits()
    {
        const int Nodes = 8;
        long[] limits = [7, 100, 1_000];
        var leases = await OpenAsync();
        var held = new long[limits.Length];
        await Task.WhenAll(Enumerable.Range(0, Nodes).Select(node => Task.Run(async () =>
        {
            var random = new Random(node);
            var mine = new long[limits.Length];
            for (var number = 1; number <= 40; number++)
            {
                // What is given back is given back before it is said, and what is given is there after it was said.
                var asks = limits.Select((limit, i) =>
                {
                    var kept = random.NextInt64(mine[i] + 1);
                    Interlocked.Add(ref held[i], kept - mine[i]);
                    mine[i] = kept;
                    return Ask(kept, random.NextInt64(kept + 1), random.NextInt64(limit + 1), need: random.NextInt64(limit), waited: random.Next(20), limit: limit) with { Scope = new LimitScope(ScopeKind.Key, $"k{i}") };
                }).OrderBy(_ => random.Next()).ToArray();
                var answer = await leases.SyncAsync(new LeaseCall($"n{node}", number, false, asks), TestContext.Current.CancellationToken);
                Assert.Null(answer.Fault);
                for (var j = 0; j < asks.Length; j++)
                {
                    var i = asks[j].Scope.Name[1] - '0';
                    var given = answer.Replies[j].Held;
                    Assert.InRange(given, asks[j].Held, limits[i]);
                    Assert.InRange(Interlocked.Add(ref held[i], given - mine[i]), 0, limits[i]);
                    mine[i] = given;
                }
            }
        })));
    }

    protected static LeaseAsk Ask(long held, long used, long wanted, long need = 0, int waited = 0, long limit = 100, LimitKind kind = LimitKind.Requests) =>
        new(Team, kind, limit, held, used, wanted, need, TimeSpan.FromSeconds(waited));

    private async Task<LeaseReply> SyncAsync(ILimitLeases leases, string owner, LeaseAsk ask)
    {
        var answer = await leases.SyncAsync(new LeaseCall(owner, ++_number, false, [ask]), TestContext.Current.CancellationToken);
        Assert.Null(answer.Fault);
        return Assert.Single(answer.Replies);
    }
}
