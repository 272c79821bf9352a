using Sluice.Core.Admission;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Admission.Leases;

/// <summary>When a node asks for what, what it goes on with, and what it tells.</summary>
public sealed class LeaseKeeperTests
{
    private static readonly Flow Someone = new("u", null, false);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryLimitLeases _leases;

    public LeaseKeeperTests()
    {
        _leases = new MemoryLimitLeases(_time);
    }

    [Fact]
    public async Task WithoutLeases_ANodeHasAllOfItsLimits_AndNothingToSay()
    {
        var control = new AdmissionControl(_time);
        control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Organization, "")] = new() { RequestsPerMinute = 2 } });
        var way = control.WayOf(new CallerScopes("k", "u", null, null, null, IsFree: false))!;
        Assert.Null(control.Leases);
        Assert.True(control.Gate.LeaseAsync(way, default).IsCompletedSuccessfully);
        Assert.NotNull(control.Gate.TryEnter(way, default, Someone, out _));
        Assert.NotNull(control.Gate.TryEnter(way, default, Someone, out _));
        Assert.Null(control.Gate.TryEnter(way, default, Someone, out var lack));
        Assert.False(lack!.IsOfLease);
        Assert.True(control.Gate.LeaseAsync(way, default).IsCompletedSuccessfully);
        var entry = await control.Gate.EnterAsync([way], default, Someone, TimeSpan.Zero, default);
        Assert.Null(entry.Permit);
    }

    [Fact]
    public void WithoutLeases_NothingMoreIsAllocatedForARequest()
    {
        var control = new AdmissionControl(_time);
        control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Organization, "")] = new() { RequestsPerMinute = LimitSet.Most } });
        var way = control.WayOf(new CallerScopes("k", "u", null, null, null, IsFree: false))!;
        long Bytes(Action step)
        {
            step();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                step();
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        }

        // A permit and its standing: two small objects.
        Assert.InRange(Bytes(() => control.Gate.TryEnter(way, default, Someone, out _)!.Dispose()), 0, 320);
        Assert.Equal(0, Bytes(() => Assert.True(control.Gate.LeaseAsync(way, default).IsCompletedSuccessfully)));
    }

    [Fact]
    public async Task ALeaseThatSuffices_IsWaitedForByNobody_AndCostsNothing()
    {
        var nodes = Nodes(new LimitSet { RequestsPerMinute = 600 }, count: 1);
        await nodes.AdvanceAsync(Second);
        for (var i = 0; i < 20; i++)
        {
            nodes.Ask(0, 0);
        }

        await nodes.AdvanceAsync(Second);
        await nodes.AdvanceAsync(Second);
        var calls = _leases.Calls;
        var (control, _, way) = nodes.All[0];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(control.Gate.LeaseAsync(way, default).IsCompletedSuccessfully);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.NotNull(nodes.Try(0));
        Assert.Equal(calls, _leases.Calls);
    }

    [Fact]
    public async Task ANodeThatUsesNothing_SaysOnlyThatItLives()
    {
        var nodes = Nodes(new LimitSet { RequestsPerMinute = 600, Concurrency = 5 }, count: 1);
        nodes.Ask(0, 0);
        await StepAsync(nodes, seconds: 130);
        var calls = _leases.Calls;
        await StepAsync(nodes, seconds: 60);
        Assert.Equal(6, _leases.Calls - calls);

        // Nothing is left behind: another gets all of it.
        Assert.Equal(600, (await _leases.SyncAsync(new LeaseCall("other", 1, false, [new LeaseAsk(new(ScopeKind.Organization, ""), LimitKind.Requests, 600, 0, 0, 600, 0, default)]), default)).Replies[0].Held);
    }

    [Fact]
    public async Task ADaysLimit_ThatNobodyUsesForAWhile_IsHardlySpokenOf_AndGivenBackAtMidnight()
    {
        // The clock starts at noon.
        var nodes = Nodes(new LimitSet { RequestsPerDay = 50 }, count: 2);
        nodes.Ask(0, 0);
        await StepAsync(nodes, seconds: 130);
        var calls = _leases.Calls;
        await StepAsync(nodes, seconds: 600);
        Assert.InRange(_leases.Calls - calls, 120, 135);
        for (var i = 0; i < 60; i++)
        {
            nodes.Ask(1, 0);
        }

        Assert.Equal(50, nodes.Since(default));
        await nodes.AdvanceAsync(TimeSpan.FromHours(12));
        await StepAsync(nodes, seconds: 5);
        for (var i = 0; i < 60; i++)
        {
            nodes.Ask(0, 0);
        }

        Assert.Equal(100, nodes.Since(default));
    }

    [Fact]
    public async Task TheFirstRequestOfAColdLease_IsLetIn_AlsoWhereNobodyMayWait()
    {
        var nodes = Nodes(new LimitSet { RequestsPerMinute = 2, InputPerMinute = 10_000, Concurrency = 2, RequestsPerDay = 10 });
        var (control, _, way) = nodes.All[0];
        var entry = await control.Gate.EnterAsync([way], new Demand(6_000, 0), Someone, TimeSpan.Zero, default);
        Assert.NotNull(entry.Permit);

        // As a provider's limits are asked, and on another node.
        await nodes.All[1].Control.Gate.LeaseAsync(nodes.All[1].Way, new Demand(4_000, 0));
        Assert.NotNull(nodes.Try(1, input: 4_000));
        await nodes.All[2].Control.Gate.LeaseAsync(nodes.All[2].Way, new Demand(1, 0));
        Assert.Null(nodes.Try(2, input: 1));
    }

    [Fact]
    public async Task WhatIsTold_IsTheWholeLimit_AndWhatIsLeftOverAllNodes()
    {
        var nodes = Nodes(new LimitSet { RequestsPerMinute = 100 }, count: 2);
        for (var i = 0; i < 30; i++)
        {
            nodes.Ask(0, 0);
        }

        await StepAsync(nodes, seconds: 3);
        nodes.Ask(1, 0);
        await StepAsync(nodes, seconds: 3);
        var caller = new CallerScopes("key", "user", null, null, null, IsFree: false);
        Assert.All(nodes.All, node => Assert.Equal((100, 69), (node.Control.Read(caller)[0].Limit, node.Control.Read(caller)[0].Left)));
        Assert.Equal(68, nodes.Try(1)!.Tightest!.Remaining);
    }

    [Fact]
    public async Task AStoreThatIsAway_StopsNobodyWhoHoldsSomething_AndIsToldOnce()
    {
        List<string> told = [];
        var keeper = new LeaseKeeper(_leases, _time) { Owner = "a", Lost = fault => told.Add(fault), Found = silence => told.Add($"{silence.TotalSeconds:0}") };
        var control = new AdmissionControl(_time, keeper);
        control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Organization, "")] = new() { Concurrency = 8 } });
        var way = control.WayOf(new CallerScopes("k", "u", null, null, null, IsFree: false))!;
        await control.Gate.LeaseAsync(way, default);
        control.Gate.TryEnter(way, default, Someone, out _)!.Dispose();
        Assert.True(control.Leases!.IsReachable);
        _leases.IsAway = true;
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(Second);
            using var permit = control.Gate.TryEnter(way, default, Someone, out _);
            Assert.NotNull(permit);
        }

        Assert.Equal(("It is away.", false), (control.Leases!.Fault, control.Leases.IsReachable));
        _leases.IsAway = false;
        _time.Advance(TimeSpan.FromSeconds(2));
        await keeper.Running;
        Assert.True(control.Leases!.IsReachable);
        Assert.Equal("It is away.", told[0]);
        Assert.Equal(2, told.Count);
        Assert.InRange(int.Parse(told[1], System.Globalization.CultureInfo.InvariantCulture), 18, 22);
    }

    [Fact]
    public async Task AStoreThatIsAway_LeavesAnEqualPartToANodeThatHoldsNothing()
    {
        var nodes = Nodes(new LimitSet { RequestsPerMinute = 90 });
        await StepAsync(nodes, seconds: 11);
        _leases.IsAway = true;
        await StepAsync(nodes, seconds: 16);
        for (var i = 0; i < 100; i++)
        {
            nodes.Ask(0, 0);
            nodes.Ask(1, 0);
            nodes.Ask(2, 0);
        }

        Assert.Equal(90, nodes.Most);
    }

    [Fact]
    public async Task AnAnswerThatDoesNotCome_IsGivenUp_AndKeepsARequestNoLongerThanItsPatience()
    {
        var silent = new SilentLeases();
        var keeper = new LeaseKeeper(silent, _time);
        var control = new AdmissionControl(_time, keeper);
        control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Organization, "")] = new() { RequestsPerMinute = 10 } });
        var way = control.WayOf(new CallerScopes("k", "u", null, null, null, IsFree: false))!;
        var lease = control.Gate.LeaseAsync(way, default).AsTask();
        Assert.False(lease.IsCompleted);
        _time.Advance(LeaseKeeper.Patience);
        await lease;
        Assert.Null(control.Gate.TryEnter(way, default, Someone, out _));
        _time.Advance(TimeSpan.FromSeconds(2));
        await keeper.Running;
        Assert.False(control.Leases!.IsReachable);
    }

    [Fact]
    public async Task Stop_LeavesWhatCounts_AndNothingElse()
    {
        var nodes = Nodes(new LimitSet { RequestsPerMinute = 100 }, count: 2);
        for (var i = 0; i < 40; i++)
        {
            nodes.Ask(0, 0);
        }

        await nodes.All[0].Keeper.DisposeAsync();
        for (var i = 0; i < 100; i++)
        {
            nodes.Ask(1, 0);
        }

        Assert.Equal(100, nodes.Most);
        await StepAsync(nodes, seconds: 62);
        for (var i = 0; i < 100; i++)
        {
            nodes.Ask(1, 0);
        }

        Assert.Equal(200, nodes.Since(default));
    }

    [Fact]
    public async Task WhoWaits_IsLetInWhenANodeGivesBack()
    {
        var nodes = Nodes(new LimitSet { Concurrency = 4 }, count: 2);
        var held = new List<Permit>();
        for (var i = 0; i < 4; i++)
        {
            held.Add((await nodes.All[0].Control.Gate.EnterAsync([nodes.All[0].Way], default, Someone, Second, default)).Permit!);
        }

        var waiting = nodes.All[1].Control.Gate.EnterAsync([nodes.All[1].Way], default, Someone, TimeSpan.FromSeconds(20), default).AsTask();
        await nodes.AdvanceAsync(Second);
        Assert.False(waiting.IsCompleted);
        held[0].Dispose();
        await nodes.AdvanceAsync(TimeSpan.FromMilliseconds(300));
        Assert.NotNull((await waiting).Permit);
    }

    private NodesUnderTest Nodes(LimitSet limits, int count = 3) => new(_time, _leases, limits, count);

    private static async Task StepAsync(NodesUnderTest nodes, int seconds)
    {
        for (var i = 0; i < seconds * 4; i++)
        {
            await nodes.AdvanceAsync(Second / 4);
        }
    }

    private sealed class SilentLeases : ILimitLeases
    {
        public async Task<LeaseAnswer> SyncAsync(LeaseCall call, CancellationToken cancellation)
        {
            await Task.Delay(Timeout.Infinite, cancellation); // Until it is cancelled: a store that does not answer.
            throw new InvalidOperationException("It never ends otherwise.");
        }
    }
}
