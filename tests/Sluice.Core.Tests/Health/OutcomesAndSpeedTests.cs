using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Health;

public sealed class OutcomesAndSpeedTests
{
    private readonly World _world = new World().Provider("a").Model("x/one", ("a", 1m));

    public OutcomesAndSpeedTests() => _ = _world.Snapshot;

    private ModelEndpoint One => _world.Endpoint("x/one", "a");

    private Credential First => _world.Credential("a#1");

    private EndpointHealth Place => _world.Health.Of(One);

    [Fact]
    public void A21_Outcomes_AgeOutOfTheirWindowsOneAfterTheOther()
    {
        Succeed(3);
        _world.Fail("x/one", "a#1");
        foreach (var window in Enum.GetValues<HealthWindow>())
        {
            Assert.Equal(new OutcomeCounts(3, 1, 0), Place.Count(window));
        }

        Assert.Equal(0.75, Place.Count(HealthWindow.FiveMinutes).Uptime);
        _world.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(new OutcomeCounts(3, 1, 0), Place.Count(HealthWindow.HalfMinute));
        _world.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(default, Place.Count(HealthWindow.HalfMinute));
        Assert.Null(Place.Count(HealthWindow.HalfMinute).Uptime);
        Assert.Equal(new OutcomeCounts(3, 1, 0), Place.Count(HealthWindow.FiveMinutes));

        _world.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(default, Place.Count(HealthWindow.FiveMinutes));
        Assert.Equal(new OutcomeCounts(3, 1, 0), Place.Count(HealthWindow.HalfHour));
        _world.Time.Advance(TimeSpan.FromMinutes(28));
        Assert.Equal(default, Place.Count(HealthWindow.HalfHour));
        _world.Time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(new OutcomeCounts(3, 1, 0), Place.Count(HealthWindow.Day));
        _world.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(default, Place.Count(HealthWindow.Day));
    }

    [Fact]
    public void A21_Refusals_OfTheCredential_AreNoDowntime()
    {
        Succeed(1);
        _world.Fail("x/one", "a#1", ErrorKind.RateLimit);
        _world.Fail("x/one", "a#1", ErrorKind.Overloaded);
        _world.Fail("x/one", "a#1", ErrorKind.Overloaded);

        Assert.Equal(new OutcomeCounts(1, 2, 1), Place.Count(HealthWindow.FiveMinutes));
        Assert.Equal([(ErrorKind.Overloaded, 2), (ErrorKind.RateLimit, 1)], Place.Failures(HealthWindow.FiveMinutes));
        Assert.Equal(new OutcomeCounts(1, 2, 1), _world.Health.Standing("a", First).FiveMinutes);
    }

    [Fact]
    public void A21_SteadyTraffic_FillsTheWindowAndNoMore()
    {
        for (var second = 0; second < 3600; second++)
        {
            Succeed(1);
            _world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(Place.Count(HealthWindow.HalfMinute).Succeeded, 30, 35);
        Assert.InRange(Place.Count(HealthWindow.FiveMinutes).Succeeded, 300, 330);
        Assert.InRange(Place.Count(HealthWindow.HalfHour).Succeeded, 1800, 1980);
        Assert.Equal(3600, Place.Count(HealthWindow.Day).Succeeded);
    }

    [Fact]
    public void Speed_OfAttempts_IsAveragedAndRanked()
    {
        Assert.Null(_world.Health.Speed(One));
        for (var i = 1; i <= 100; i++)
        {
            // First token after 0.01 .. 1.00 s; then 100 tokens in 1 s, 0.5 s, ...: 100 .. 10,000 a second.
            var first = TimeSpan.FromSeconds(i / 100d);
            _world.Health.Succeeded(One, First, new AttemptSpeed(first, first + TimeSpan.FromSeconds(1d / i), 100));
        }

        var speed = _world.Health.Speed(One)!;
        Assert.Equal(100, speed.Samples);
        Assert.Equal([0.5, 0.75, 0.9, 0.99], Rounded(speed.Latency.P50, speed.Latency.P75, speed.Latency.P90, speed.Latency.P99));
        Assert.Equal([5100, 2600, 1100, 200], Rounded(speed.Throughput.P50, speed.Throughput.P75, speed.Throughput.P90, speed.Throughput.P99));

        // Σ 0.2·0.8^k·(100-k)/100 for a long past: 1.00 - 0.04.
        Assert.Equal(0.96, speed.FirstTokenSeconds, 0.001);
        Assert.Equal(9600, speed.TokensPerSecond, 10d);
    }

    [Fact]
    public void Speed_AfterFiveSilentMinutes_IsForgotten()
    {
        _world.Health.Succeeded(One, First, new AttemptSpeed(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10), 10));
        Assert.Equal(9, _world.Health.Speed(One)!.FirstTokenSeconds);
        _world.Time.Advance(TimeSpan.FromSeconds(301));
        Assert.Null(_world.Health.Speed(One));

        _world.Health.Succeeded(One, First, new AttemptSpeed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 50));
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1d, 50d), (_world.Health.Speed(One)!.Samples, _world.Health.Speed(One)!.FirstTokenSeconds, _world.Health.Speed(One)!.TokensPerSecond));
    }

    [Fact]
    public void Speed_OfAnswersInOnePieceOrOneBurst_IsNotGuessed()
    {
        _world.Health.Succeeded(One, First, new AttemptSpeed(null, TimeSpan.FromSeconds(10), 1000));
        Assert.Null(_world.Health.Speed(One));

        _world.Health.Succeeded(One, First, new AttemptSpeed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.001), 1000));
        var speed = _world.Health.Speed(One)!;
        Assert.Equal((1, 0d), (speed.Samples, speed.TokensPerSecond));
        Assert.Null(speed.Throughput.P50);
    }

    [Fact]
    public void Speed_OfThousandsOfAttempts_IsBounded()
    {
        for (var i = 0; i < 5_000; i++)
        {
            _world.Health.Succeeded(One, First, new AttemptSpeed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 50));
        }

        Assert.Equal(128, _world.Health.Speed(One)!.Samples);
    }

    [Fact]
    public void Reads_AllocateNothing()
    {
        _world.Health.Succeeded(One, First, new AttemptSpeed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 50));
        _world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(40));
        var (one, first) = (One, First);
        var found = Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            found += Read();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(3003, found);

        int Read() =>
            (_world.Health.Excluded(one, first) is null ? 0 : 1) + (_world.Health.FailedRecently(one, first) ? 1 : 0) + (_world.Health.Speed(one) is null ? 0 : 1);
    }

    [Fact]
    public void Endpoints_ThatDifferInTheirHealthAlone_AreEqual()
    {
        var same = new ModelEndpoint(One.Model, One.Provider, One.UpstreamModel, One.Price);
        _world.Fail("x/one", "a#1");

        Assert.Equal(One, same);
        Assert.Equal(One.GetHashCode(), same.GetHashCode());
        Assert.True(_world.Health.FailedRecently(same));
        Assert.Same(Place, _world.Health.Of(same));
    }

    private static IEnumerable<double> Rounded(params double?[] values) => values.Select(v => Math.Round(v!.Value, v > 10 ? 0 : 2));

    private void Succeed(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _world.Health.Succeeded(One, First);
        }
    }
}
