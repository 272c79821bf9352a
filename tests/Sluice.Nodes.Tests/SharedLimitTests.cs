using System.Diagnostics;
using Xunit;

namespace Sluice.Nodes.Tests;

/// <summary>Limits that three real processes share by leases, over more than a minute of real time.</summary>
public sealed class SharedLimitTests
{
    private const int Limit = 600;

    // A request counts from when it is let in; its attempt is written down a moment later, on a busy machine one more than another.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Twice as much as the limit is asked for, evenly in time and unevenly among the nodes. The lower bound holds for every minute since nobody
    /// asks in one moment for all of it: what is taken at once is free again at once, a minute later.
    /// </summary>
    [Fact]
    public async Task F31_ThreeNodes_AnyMinuteHoldsTheLimit_AndHardlyLess()
    {
        await using var group = await NodeGroup.StartAsync(3, "queue: { max_wait: 2s }");
        var set = await group.Nodes[0].CommandAsync("limits", "set", "--scope", "organization", "--rpm", $"{Limit}");
        Assert.True(set.ExitCode == 0, set.ToString());

        var answered = await LoadAsync(group, TimeSpan.FromSeconds(95));

        var begun = await group.AttemptsAsync(answered);
        var minute = TimeSpan.FromMinutes(1);
        var (first, last) = (begun[0], begun[^1]);
        Assert.True(last - first > TimeSpan.FromSeconds(90), $"The last attempt began {last - first} after the first.");
        foreach (var from in begun.Where(from => from + minute <= last))
        {
            var most = begun.Count(at => at >= from && at < from + minute - Moment);
            var least = begun.Count(at => at >= from && at < from + minute + Moment);
            Assert.True(most <= Limit, $"{most} in the minute from {from - first}");
            Assert.True(least >= Limit * 0.98, $"{least} in the minute from {from - first}");
        }
    }

    /// <returns>How many were answered.</returns>
    private static async Task<int> LoadAsync(NodeGroup group, TimeSpan duration)
    {
        const int PerSecond = 20;
        var random = new Random(31);
        var asked = new List<Task<int>>();
        var watch = Stopwatch.StartNew();
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        while (watch.Elapsed < duration && await tick.WaitForNextTickAsync())
        {
            var node = random.Next(10) switch { < 6 => 0, < 9 => 1, _ => 2 };
            asked.Add(group.AskAsync(node));
        }

        // Nothing but the limit refuses anybody.
        var statuses = await Task.WhenAll(asked);
        Assert.All(statuses, status => Assert.True(status is 200 or 429, $"{status}"));
        return statuses.Count(status => status == 200);
    }
}
