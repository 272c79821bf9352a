using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Health;

/// <summary>Waiting for another request's probe: every verdict wakes all who wait, nobody is forgotten, and no more wait than may.</summary>
public sealed class ProbeWaitersTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly World _world = new World().Provider("a").Model("x/one", ("a", 1m));

    public ProbeWaitersTests()
    {
        _ = _world.Snapshot;
        for (var i = 0; i < 5; i++)
        {
            Board.Failed(One, Key, Fault());
        }

        _world.Time.Advance(TimeSpan.FromSeconds(15));
    }

    private HealthBoard Board => _world.Health;

    private ModelEndpoint One => _world.Endpoint("x/one", "a");

    private Credential Key => _world.Credential("a#1");

    [Fact]
    public async Task ProbeAnswers_AllWhoWaitMayEnter()
    {
        var probe = Probe();
        var waiting = Enumerable.Range(0, 20).Select(_ => WaitAsync()).ToList();
        Assert.DoesNotContain(waiting, task => task.IsCompleted);

        probe.Answered();

        Assert.All(await Task.WhenAll(waiting), Assert.True);
        Assert.True(Board.TryEnter(One, Key, mayProbe: true, out var mine));
        Assert.Null(mine);
    }

    [Fact]
    public async Task ProbeFails_AllWhoWaitLookAgainAndAreKeptOut()
    {
        var probe = Probe();
        var waiting = WaitAsync();

        Board.Failed(One, Key, Fault(), probe);

        Assert.True(await waiting);
        Assert.False(Board.TryEnter(One, Key, mayProbe: true, out _));
        Assert.False(Board.Excluded(One, Key)!.Value.IsProbed);
    }

    [Fact]
    public async Task ProbeGivenBack_ExactlyOneOfThoseWhoWaitIsTheNext()
    {
        var probe = Probe();
        var waiting = Enumerable.Range(0, 20).Select(_ => WaitAsync()).ToList();

        probe.Dispose();

        await Task.WhenAll(waiting);
        Assert.Equal(1, waiting.Count(_ => Board.TryEnter(One, Key, mayProbe: true, out var next) && next is not null));
    }

    [Fact]
    public async Task ProbeNotHeardOf_KeepsNobodyLongerThanItsOwnTime()
    {
        _ = Probe();
        _world.Time.Advance(TimeSpan.FromSeconds(12));
        var waiting = WaitAsync();

        // The probe was sent 12 s ago and counts for 15.
        _world.Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(waiting.IsCompleted);
        _world.Time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(await waiting);
        Assert.True(Board.TryEnter(One, Key, mayProbe: true, out _));
    }

    [Fact]
    public async Task Waiting_EndsAfterTheLongestTimeAndWithItsRequest()
    {
        _ = Probe();
        var patient = WaitAsync();
        using var gone = new CancellationTokenSource();
        var leaving = Board.ProbeHeardAsync(One, Key, Longest, gone.Token);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.False(patient.IsCompleted);
        _world.Time.Advance(Longest);

        Assert.True(await patient);
        Assert.True(Board.Excluded(One, Key)!.Value.IsProbed);
    }

    [Fact]
    public async Task NoProbeOnItsWay_NobodyWaits() => Assert.True(await WaitAsync());

    [Fact]
    public async Task MoreThan64_AreTurnedAway_UntilOthersHaveGone()
    {
        _ = Probe();
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 64).Select(_ => Board.ProbeHeardAsync(One, Key, Longest, gone.Token)).ToList();

        Assert.False(await WaitAsync());

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        Assert.False(WaitAsync().IsCompleted);
    }

    private Task<bool> WaitAsync() => Board.ProbeHeardAsync(One, Key, Longest, TestContext.Current.CancellationToken);

    private Probe Probe()
    {
        Assert.True(Board.TryEnter(One, Key, mayProbe: true, out var probe));
        return probe!;
    }

    private static UpstreamFault Fault() => new(FaultPhase.Status, new UpstreamError(ErrorKind.UpstreamError, "down") { Status = 500 });
}
