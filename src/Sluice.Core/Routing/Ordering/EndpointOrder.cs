using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing.Endpoints;
using Sluice.Core.Routing.Filters;

namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// Gives the entries of one group their ranks and keys: first what the request asked to be put last, then its own <c>provider.order</c>, then
/// the sort. Where speed decides, endpoints that were not measured lately come after those that were, in configured order; so that they are
/// not forgotten, one decision in twenty puts one of them first.
/// </summary>
internal static class EndpointOrder
{
    /// <summary>The key of an endpoint that is put first to be measured.</summary>
    public const double Exploring = double.MinValue;

    private const double ShareOfExploring = 1 / 20.0;

    // What is put last, in the order of their weight: they are added up.
    private const int LessWanted = 1;
    private const int WorseCalls = 2;
    private const int OtherTier = 4;
    private const int TooSmall = 8;

    // Rank: what is put last, times this, plus the place in provider.order.
    private const int LaterStep = 1 << 8;
    private const int Unlisted = LaterStep - 1;

    /// <summary>Sets the ranks, and the keys that no ranking has; and tells the walk what is known of the order by that.</summary>
    public static void Apply(EndpointGroup group, ref Draw draw, ref BestFirst walk)
    {
        var entries = group.Entries;
        var keysDecide = (!IsRanked(group) || SetRanks(group, entries)) && !group.KnowsToolCalls;
        switch (group.OrdinarySort)
        {
            case RouteSort.Balanced:
                Span<int> first = stackalloc int[Planner.MostCandidates];
                first = first[..PriceDraw.SetKeys(group, first, ref draw)];
                walk.Expect(keysDecide ? first : []);
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

    /// <summary>The rank is that of an endpoint which nothing puts last.</summary>
    public static bool IsNotLater(int rank) => rank < LaterStep;

    /// <summary>The rank is that of an endpoint which <c>provider.order</c> names.</summary>
    public static bool IsListed(int rank, Demands demands) => demands.Order.Count > 0 && rank % LaterStep < Unlisted;

    private static bool IsRanked(EndpointGroup group) =>
        group.MayOverflow || group.PriorityFirst || group.Demands.Order.Count > 0 || group.Demands.WantsSpeed || group.WidestFirst;

    /// <summary>True when all ranks are the same.</summary>
    private static bool SetRanks(EndpointGroup group, Span<Entry> entries)
    {
        var demands = group.Demands;
        var same = true;
        long widest = 0;
        for (var i = 0; group.WidestFirst && i < entries.Length; i++)
        {
            widest = Math.Max(widest, group.FactsOf(in entries[i]).Endpoint.ContextLength ?? 0);
        }

        foreach (ref var entry in entries)
        {
            var facts = group.FactsOf(in entry);
            var later = demands.Window > facts.ContextLength ? TooSmall
                : facts.ContextLength < widest || IsTooSlow(group.SpeedOf(in entry), demands.Preferences) ? LessWanted
                : 0;
            later += group.PriorityFirst && !demands.Tiers.IsAsked(facts) ? OtherTier : 0;
            var listed = demands.Order.Count == 0 ? 0 : demands.Order.PlaceOf(facts, demands.Tiers.IsAsked(facts));
            entry.Rank = (later * LaterStep) + (listed < 0 ? Unlisted : listed);
            same &= entry.Rank == entries[0].Rank;
        }

        return same;
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
                    entry.Rank += WorseCalls * LaterStep;
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

    private static bool IsTooSlow(EndpointSpeed? speed, ProviderPreferences preferences) => speed is not null
        && ((preferences.PreferredMinThroughput is { } least
                && (IsBelow(speed.Throughput.P50, least.P50) || IsBelow(speed.Throughput.P75, least.P75) || IsBelow(speed.Throughput.P90, least.P90) || IsBelow(speed.Throughput.P99, least.P99)))
            || (preferences.PreferredMaxLatency is { } most
                && (IsBelow(most.P50, speed.Latency.P50) || IsBelow(most.P75, speed.Latency.P75) || IsBelow(most.P90, speed.Latency.P90) || IsBelow(most.P99, speed.Latency.P99))));

    private static bool IsBelow(double? value, double? limit) => value < limit;
}
