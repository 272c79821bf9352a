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
    public void Wait_EachRepeat_IsBetweenHalfAndAllOfItsStep(int repeat, int least, int most)
    {
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            Assert.InRange(Backoff.Wait(repeat, hint: null, random).TotalMilliseconds, least, most);
        }
    }

    [Theory]
    [InlineData(3_000, 3_000)]
    [InlineData(100_000, 8_000)]
    public void Wait_LongerHint_Wins_UpToTheLongest(int hint, int expected)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(expected), Backoff.Wait(0, TimeSpan.FromMilliseconds(hint), new Random(1)));
    }

    [Fact]
    public void Wait_ManyThreadsOnOneSource_StaysSpread()
    {
        // A seeded source that two threads draw from at once, unguarded, falls to the same number for ever: all clients would knock together.
        var random = new SharedRandom(1);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                Backoff.Wait(4, hint: null, random);
            }
        });

        var waits = Enumerable.Range(0, 1_000).Select(_ => Backoff.Wait(4, hint: null, random).TotalMilliseconds).ToList();
        Assert.True(waits.Distinct().Count() > 900, $"only {waits.Distinct().Count()} different waits");
        Assert.InRange(waits.Average(), 5_800, 6_200);
    }
}
