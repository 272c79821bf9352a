using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Health;

/// <summary>Circuits of <c>breaker: { failures: 5, window: 30s, open: 15s, max_open: 5m }</c>, the defaults.</summary>
public sealed class CircuitTests
{
    private readonly World _world = new World().Provider("a", credentials: 2).Provider("b").Model("x/one", ("a", 1m), ("b", 1m)).Model("y/two", ("a", 1m)).Model("z/three", ("b", 1m));

    public CircuitTests() => _ = _world.Snapshot;

    private HealthBoard Board => _world.Health;

    private ModelEndpoint One => _world.Endpoint("x/one", "a");

    private Credential First => _world.Credential("a#1");

    private Credential Second => _world.Credential("a#2");

    private DateTimeOffset Now => _world.Time.GetUtcNow();

    [Fact]
    public void D16_FiveFailuresInARow_OpenTheCircuitForFifteenSecondsAndEveryCredential()
    {
        Fail(4);
        Assert.Null(Board.Excluded(One, First));
        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);

        Fail(1);
        var expected = new Exclusion(Now.AddSeconds(15), ExclusionCause.Circuit) { AskableFrom = Now.AddSeconds(15) };
        Assert.Equal(expected, Board.Excluded(One, First));
        Assert.Equal(expected, Board.Excluded(One, Second));
        Assert.Equal(CircuitState.Open, Board.Of(One).Circuit);
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
        Assert.Null(Board.Excluded(_world.Endpoint("y/two", "a"), First));
        Assert.True(Board.TryEnter(_world.Endpoint("y/two", "a"), First, mayProbe: true, out var probe));
        Assert.Null(probe);
    }

    [Fact]
    public void D16_ASuccessBetween_StartsTheCountAnew()
    {
        Fail(4);
        Board.Succeeded(One, Second);
        Fail(4);
        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);

        Fail(1);
        Assert.Equal(CircuitState.Open, Board.Of(One).Circuit);
    }

    [Fact]
    public void D16_FailuresFurtherApartThanTheWindow_DoNotAddUp()
    {
        for (var i = 0; i < 40; i++)
        {
            Fail(1);
            _world.Time.Advance(TimeSpan.FromSeconds(7.5));
        }

        // Four fall into any thirty seconds.
        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
    }

    [Theory]
    [InlineData(ErrorKind.InvalidRequest, false)]
    [InlineData(ErrorKind.ContextLength, false)]
    [InlineData(ErrorKind.ContentPolicy, false)]
    [InlineData(ErrorKind.Cancelled, true)]
    public void D16_WhatTheRequestOrItsClientCaused_NeverCounts(ErrorKind kind, bool canFailOver)
    {
        for (var i = 0; i < 20; i++)
        {
            Board.Failed(One, First, new UpstreamFault(FaultPhase.Status, new UpstreamError(kind, "no")) { CanFailOver = canFailOver });
        }

        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
        Assert.Equal(default, Board.Of(One).Count(HealthWindow.Day));
    }

    [Theory]
    [InlineData(ErrorKind.ModelNotFound)]
    [InlineData(ErrorKind.NoEndpoint)]
    public void D16_WhatDoesNotPassByItself_OpensNoCircuit(ErrorKind kind)
    {
        for (var i = 0; i < 20; i++)
        {
            Board.Failed(One, First, Fault(kind));
        }

        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
        Assert.True(Board.FailedRecently(One));
    }

    [Theory]
    [InlineData(ErrorKind.Authentication)]
    [InlineData(ErrorKind.Credits)]
    public void D16_RefusalWithoutACredential_OpensNoCircuit(ErrorKind kind)
    {
        for (var i = 0; i < 20; i++)
        {
            Board.Failed(One, credential: null, Fault(kind) with { CredentialIsDead = true });
        }

        Assert.Null(Board.Excluded(One, credential: null));
    }

    [Fact]
    public void D16_HundredAtOnce_ExactlyOneIsTheProbe()
    {
        Fail(5);
        _world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Null(Board.Excluded(One, First));
        Assert.Equal(CircuitState.HalfOpen, Board.Of(One).Circuit);

        var entered = 0;
        var probes = new System.Collections.Concurrent.ConcurrentBag<Probe>();
        using var together = new Barrier(8);
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            together.SignalAndWait(TestContext.Current.CancellationToken);
            for (var i = 0; i < 13; i++)
            {
                if (Board.TryEnter(One, i % 2 == 0 ? First : Second, mayProbe: true, out var probe))
                {
                    Interlocked.Increment(ref entered);
                    probes.Add(probe!);
                }
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        Assert.Equal(1, entered);
        Assert.NotNull(Assert.Single(probes));
        Assert.Equal(ExclusionCause.Circuit, Board.Excluded(One, First)?.Cause);
    }

    [Fact]
    public void D16_ProbeSucceeds_ClosesAndForgetsTheGrowth()
    {
        Fail(5);
        ProbeFails(); // now open for 30 s
        _world.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var probe));
        Board.Succeeded(One, First, new AttemptSpeed(null, TimeSpan.Zero, 0), probe);

        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
        Assert.Null(Board.Excluded(One, First));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var ordinary));
        Assert.Null(ordinary);

        Fail(5);
        Assert.Equal(Now.AddSeconds(15), Board.Excluded(One, First)?.Until);
    }

    [Fact]
    public void D16_ProbeFails_OpensTwiceAsLongUpToTheLongest()
    {
        Fail(5);
        var seconds = new List<double> { (Board.Excluded(One, First)!.Value.Until - Now).TotalSeconds };
        for (var i = 0; i < 6; i++)
        {
            _world.Time.Advance(Board.Excluded(One, First)!.Value.Until - Now);
            Assert.True(Board.TryEnter(One, First, mayProbe: true, out var probe));
            Board.Failed(One, First, Fault(ErrorKind.UpstreamError), probe);
            seconds.Add((Board.Excluded(One, First)!.Value.Until - Now).TotalSeconds);
        }

        Assert.Equal([15, 30, 60, 120, 240, 300, 300], seconds);
    }

    [Fact]
    public void D16_GrownCircuit_CanBeAskedOncePerOpenTimeWhenNobodyElseIsLeft()
    {
        Fail(5);
        ProbeFails();
        ProbeFails();
        ProbeFails();
        Assert.Equal(new Exclusion(Now.AddSeconds(120), ExclusionCause.Circuit) { AskableFrom = Now.AddSeconds(15) }, Board.Excluded(One, First));

        _world.Time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
        _world.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var probe));
        Assert.NotNull(probe);
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
    }

    [Fact]
    public void D16_ProbeOfAClientThatLeft_IsGivenBack()
    {
        Fail(5);
        _world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var left));
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
        left!.Dispose();

        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var next));
        Assert.NotSame(left, next);
        left.Dispose();
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
    }

    [Fact]
    public void D16_ProbeAnswers_ClosesBeforeItsAnswerHasEnded()
    {
        Fail(5);
        _world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var probe));
        probe!.Answered();

        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
        Assert.True(Board.TryEnter(One, Second, mayProbe: true, out _));
        probe.Dispose();
        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
    }

    [Fact]
    public void D16_ProbeThatHangs_KeepsTheNextOutForOneOpenTimeOnly()
    {
        Fail(5);
        _world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var hanging));
        _world.Time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
        _world.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var next));

        // The old one's failure says nothing new; its success would.
        Board.Failed(One, First, Fault(ErrorKind.Timeout), hanging);
        Assert.Equal(CircuitState.HalfOpen, Board.Of(One).Circuit);
        Board.Failed(One, First, Fault(ErrorKind.Timeout), next);
        Assert.Equal(CircuitState.Open, Board.Of(One).Circuit);
        hanging!.Answered();
        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
    }

    [Fact]
    public void D16_AttemptsUnderWayWhenItOpened_NeitherLengthenNorCloseIt()
    {
        Fail(5);
        Fail(50);
        Assert.Equal(Now.AddSeconds(15), Board.Excluded(One, First)?.Until);

        _world.Time.Advance(TimeSpan.FromSeconds(5));
        Board.Succeeded(One, First, new AttemptSpeed(null, TimeSpan.FromSeconds(60), 0));
        Assert.Equal(CircuitState.Open, Board.Of(One).Circuit);
        Board.Succeeded(One, First, new AttemptSpeed(null, TimeSpan.FromSeconds(4), 0));
        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
    }

    [Fact]
    public void D16_RefusalsOfOneCredential_OpenItsOwnCircuitAlone()
    {
        for (var i = 0; i < 5; i++)
        {
            Board.Failed(One, First, Fault(ErrorKind.RateLimit));
        }

        Assert.Equal(CircuitState.Closed, Board.Of(One).Circuit);
        Assert.Equal(CircuitState.Open, Board.Of(One).CircuitOf(First));
        Assert.Equal(ExclusionCause.Circuit, Board.Excluded(One, First)?.Cause);
        Assert.Null(Board.Excluded(One, Second));
        Assert.False(Board.TryEnter(One, First, mayProbe: true, out _));
        Assert.True(Board.TryEnter(One, Second, mayProbe: true, out _));
    }

    [Fact]
    public void F32_RefusalsWithAHint_OpenNoCircuitThatOutlivesTheHint()
    {
        for (var i = 0; i < 20; i++)
        {
            _world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(2));
        }

        Assert.Equal(new Exclusion(Now.AddSeconds(2), ExclusionCause.Cooldown), Board.Excluded(One, First));
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(Board.Excluded(One, First));
    }

    [Fact]
    public void D16_CountOfTokens_IsNoProbe()
    {
        Fail(5);
        _world.Time.Advance(TimeSpan.FromSeconds(15));

        Assert.False(Board.TryEnter(One, First, mayProbe: false, out _));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out _));
    }

    [Fact]
    public void D16_Plan_SendsTrafficElsewhereWhileOpen()
    {
        Fail(5);

        Assert.Equal(["b#1"], _world.Order("x/one"));
        Assert.Contains(_world.Plan("x/one").LeftOut, left => left.Why.Contains("circuit is open, 15 s", StringComparison.Ordinal));
    }

    [Fact]
    public void D16_Plan_WithOpenCircuitsAlone_Is503WithAPauseUntilTheProbe()
    {
        for (var i = 0; i < 5; i++)
        {
            Board.Failed(_world.Endpoint("z/three", "b"), _world.Credential("b#1"), Fault(ErrorKind.UpstreamError));
        }

        var refusal = _world.Plan("z/three").Refusal!;
        Assert.Equal((503, ErrorKind.NoEndpoint, TimeSpan.FromSeconds(15)), (refusal.Status, refusal.Kind, refusal.RetryAfter!.Value));

        _world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(["b#1"], _world.Order("z/three"));
        Assert.True(Board.TryEnter(_world.Endpoint("z/three", "b"), _world.Credential("b#1"), mayProbe: true, out _));

        // While it is on its way the others are planned behind it: they may wait for what it hears.
        Assert.Equal(["after another request's probe"], _world.Plan("z/three").Candidates.Select(candidate => candidate.Reason));
    }

    [Fact]
    public void D16_Plan_WithAGrownCircuitAlone_StillProbesOncePerOpenTime()
    {
        var three = _world.Endpoint("z/three", "b");
        var key = _world.Credential("b#1");
        for (var i = 0; i < 5; i++)
        {
            Board.Failed(three, key, Fault(ErrorKind.UpstreamError));
        }

        for (var i = 0; i < 10; i++)
        {
            _world.Time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal(["b#1"], _world.Order("z/three"));
            Assert.True(Board.TryEnter(three, key, mayProbe: true, out var probe));
            Board.Failed(three, key, Fault(ErrorKind.UpstreamError), probe);
            Assert.Empty(_world.Order("z/three"));
            Assert.Equal(TimeSpan.FromSeconds(15), _world.Plan("z/three").Refusal!.RetryAfter);
        }
    }

    [Fact]
    public void D16_OwnSettings_AreTaken()
    {
        _world.Breaker = new BreakerSettings { Failures = 2, Window = TimeSpan.FromSeconds(1), Open = TimeSpan.FromSeconds(3), MaxOpen = TimeSpan.FromSeconds(4) };
        _world.Provider("c");
        _ = _world.Snapshot;

        Fail(2);
        Assert.Equal(Now.AddSeconds(3), Board.Excluded(One, First)?.Until);
        _world.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var probe));
        Board.Failed(One, First, Fault(ErrorKind.UpstreamError), probe);
        Assert.Equal(Now.AddSeconds(4), Board.Excluded(One, First)?.Until);
    }

    private static UpstreamFault Fault(ErrorKind kind) => new(FaultPhase.Status, new UpstreamError(kind, "no"));

    private void Fail(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Board.Failed(One, i % 2 == 0 ? First : Second, Fault(ErrorKind.UpstreamError));
        }
    }

    private void ProbeFails()
    {
        _world.Time.Advance(Board.Excluded(One, First)!.Value.Until - Now);
        Assert.True(Board.TryEnter(One, First, mayProbe: true, out var probe));
        Board.Failed(One, First, Fault(ErrorKind.UpstreamError), probe);
    }
}
