using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests;

/// <summary>The clock that the other tests stand on.</summary>
public sealed class ManualTimeProviderTests
{
    [Fact]
    public void Timers_Advanced_FireInOrderWithTheClockAtTheirTime()
    {
        var time = new ManualTimeProvider();
        var start = time.GetUtcNow();
        var fired = new List<string>();
        void Note(object? name) => fired.Add($"{name}@{(time.GetUtcNow() - start).TotalSeconds}");
        using var late = time.CreateTimer(Note, "late", TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = time.CreateTimer(Note, "often", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        using var gone = time.CreateTimer(Note, "gone", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        gone.Dispose();

        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["often@1"], fired);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(["often@1", "late@3", "often@3"], fired);
        Assert.Equal(TimeSpan.FromSeconds(4), time.GetElapsedTime(0, time.GetTimestamp()));
        Assert.Equal(1, time.PendingTimers);
    }

    [Fact]
    public async Task DelayAndCancellation_OnTheClock_EndWhenItMoves()
    {
        var time = new ManualTimeProvider();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5), time);
        var delay = Task.Delay(TimeSpan.FromMinutes(5), time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(299));
        Assert.False(delay.IsCompleted || limit.IsCancellationRequested);

        time.Advance(TimeSpan.FromSeconds(1));

        await delay;
        Assert.True(limit.IsCancellationRequested);
    }
}
