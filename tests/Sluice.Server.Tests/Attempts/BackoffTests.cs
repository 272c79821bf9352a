using Sluice.Server.Attempts;
using Sluice.Server.Hosting;

namespace Sluice.Server.Tests.Attempts;

public sealed class BackoffTests
{
    // Half a second doubled up to eight, of which at least a half is waited.
    [Theory]
    [InlineData(0, 250, 500)]
    [InlineData(1, 500, 1_000)]
    [InlineData(3, 2_000, 4_000)]
    [InlineData(4, 4_000, 8_000)]
    [InlineData(5, 4_000, 8_000)]
    [InlineData(int.MaxValue, 4_000, 8_000)]
    public void D10_D11_EachRepeat_WaitsBetweenHalfAndAllOfItsStep(int repeat, int least, int most)
    {
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            Assert.InRange(Backoff.Wait(repeat, TimeSpan.Zero, random).TotalMilliseconds, least, most);
        }
    }

    [Fact]
    public void D10_LongerPauseOfTheUpstream_IsWaitedOutAndSpread()
    {
        var random = new Random(1);
        var waits = Enumerable.Range(0, 200).Select(_ => Backoff.Wait(0, TimeSpan.FromSeconds(3), random).TotalMilliseconds).ToList();

        Assert.All(waits, wait => Assert.InRange(wait, 3_000, 3_500));
        Assert.True(waits.Max() - waits.Min() > 400, "all come back together");
    }

    // Seconds: before this repeat, before earlier ones, since the request came, and the client's patience (0: not said).
    [Theory]
    [InlineData(8, 0, 1, 0, true)]
    [InlineData(8, 22, 30, 0, true)]
    [InlineData(8, 23, 30, 0, false)]
    [InlineData(1, 0, 149, 0, true)]
    [InlineData(1, 0, 150, 0, false)]
    [InlineData(1, 0, 4, 10, true)]
    [InlineData(1, 0, 5, 10, false)]
    [InlineData(1, 0, 299, 600, true)]
    public void F33_Repeat_IsWorthItWhileSomebodyWaits(int wait, int waited, int elapsed, int patience, bool worth) => Assert.Equal(worth, Backoff.IsWorthIt(
        TimeSpan.FromSeconds(wait), TimeSpan.FromSeconds(waited), TimeSpan.FromSeconds(elapsed), patience == 0 ? null : TimeSpan.FromSeconds(patience)));

    [Fact]
    public void Wait_ManyThreadsOnOneSource_StaysSpread()
    {
        // A seeded source that two threads draw from at once, unguarded, falls to the same number for ever: all clients would knock together.
        var random = new SharedRandom(1);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                Backoff.Wait(4, TimeSpan.Zero, random);
            }
        });

        var waits = Enumerable.Range(0, 1_000).Select(_ => Backoff.Wait(4, TimeSpan.Zero, random).TotalMilliseconds).ToList();
        Assert.True(waits.Distinct().Count() > 900, $"only {waits.Distinct().Count()} different waits");
        Assert.InRange(waits.Average(), 5_800, 6_200);
    }
}
