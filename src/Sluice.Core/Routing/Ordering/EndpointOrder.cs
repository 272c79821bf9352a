using Sluice.Core.Configuration;

namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// Orders the entries of one group: by their ranks (<see cref="EndpointRanks"/>), and within a rank by the sort. Where speed decides, endpoints
/// that were not measured lately come after those that were, in configured order; so that they are not forgotten, one decision in twenty puts
/// one of them first.
/// </summary>
internal static class EndpointOrder
{
    /// <summary>The key of an endpoint that is put first to be measured.</summary>
    public const double Exploring = double.MinValue;

    private const double ShareOfExploring = 1 / 20.0;

    /// <summary>Sets the ranks, and the keys that no ranking has; and tells the walk what is known of the order by that.</summary>
    public static void Apply(EndpointGroup group, ref Draw draw, ref BestFirst walk)
    {
        var entries = group.Entries;
        var keysDecide = EndpointRanks.Set(group, entries) && !group.KnowsToolCalls;
        switch (group.OrdinarySort)
        {
            case RouteSort.Balanced:
                Span<int> first = stackalloc int[Planner.MostCandidates];
                first = first[..PriceDraw.SetKeys(group, first, ref draw)];
                walk.Expect(keysDecide ? first : []);
                walk.AsListed = keysDecide && first.Length > 0;
                break;
            case RouteSort.Throughput or RouteSort.Latency:
                walk.AsListed = !Explore(entries, ref draw) && keysDecide && group.IsOfOneModel;
                break;
            default:
                walk.AsListed = keysDecide && (group.IsOfOneModel || group.OrdinarySort == RouteSort.Order);
                break;
        }

        if (group.KnowsToolCalls)
        {
            SetToolKeys(group, entries);
        }
    }

    /// <summary>Over the keys of the ordinary order: whose tool calls are known to be good goes first, whose are worse than the others' goes last.</summary>
    private static void SetToolKeys(EndpointGroup group, Span<Entry> entries)
    {
        foreach (ref var entry in entries)
        {
            var (standing, key) = group.ToolStandingOf(in entry);
            switch (standing)
            {
                case ToolStanding.Good:
                    entry.Key = key;
                    break;
                case ToolStanding.Worse:
                    entry.Key = key;
                    entry.Rank += EndpointRanks.OfWorseCalls;
                    break;
            }
        }
    }

    /// <summary>Once in a while puts one first that was not measured, where others were. True when it did.</summary>
    private static bool Explore(Span<Entry> entries, ref Draw draw)
    {
        if (draw.Next() >= ShareOfExploring)
        {
            return false;
        }

        var unmeasured = 0;
        foreach (ref var entry in entries)
        {
            unmeasured += entry.Key == SpeedReading.Unmeasured ? 1 : 0;
        }

        if (unmeasured == entries.Length)
        {
            return false;
        }

        var chosen = (int)(draw.Next() * unmeasured);
        foreach (ref var entry in entries)
        {
            if (entry.Key == SpeedReading.Unmeasured && chosen-- == 0)
            {
                entry.Key = Exploring;
                return true;
            }
        }

        return false;
    }
}
