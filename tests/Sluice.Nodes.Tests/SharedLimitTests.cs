using System.Diagnostics;
using Xunit;

namespace Sluice.Nodes.Tests;

/// <summary>Limits that three real processes share by leases, over more than a minute of real time.</summary>
public sealed class SharedLimitTests
{
    private const int Limit = 600;

    // What a request counts for begins when it is let in; the provider sees it some milliseconds later, one more than another.
    private static readonly TimeSpan Travel = TimeSpan.FromMilliseconds(100);

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

        await LoadAsync(group, TimeSpan.FromSeconds(95));

        var arrivals = group.Provider.Record.Requests.Select(request => request.ArrivedAt).Order().ToList();
        var minute = TimeSpan.FromMinutes(1);
        var (first, last) = (arrivals[0], arrivals[^1]);
        Assert.True(last - first > TimeSpan.FromSeconds(90), $"The last call came {last - first} after the first.");
        var counts = arrivals.Where(from => from + minute <= last).Select(from => (From: from - first, Count: arrivals.Count(at => at >= from && at < from + minute - Travel))).ToList();
        Assert.All(counts, window => Assert.True(window.Count <= Limit, $"{window.Count} in the minute from {window.From}"));

        var full = arrivals.Where(from => from + minute <= last).Select(from => (From: from - first, Count: arrivals.Count(at => at >= from && at < from + minute + Travel))).ToList();
        Assert.All(full, window => Assert.True(window.Count >= Limit * 0.98, $"{window.Count} in the minute from {window.From}"));
    }

    private static async Task LoadAsync(NodeGroup group, TimeSpan duration)
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
        Assert.All(await Task.WhenAll(asked), status => Assert.True(status is 200 or 429, $"{status}"));
    }
}
