using System.Runtime.Intrinsics;
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

    /// <summary>Numbers drawn one by one at most: with more, a few endpoints have nearly all of the weight.</summary>
    public const int MostDraws = 4 * Planner.MostCandidates;

    private const int MostOnStack = 1024;
    private const double ShareOfExploring = 1 / 20.0;

    // What is put last, in the order of their weight: they are added up.
    private const int LessWanted = 1;
    private const int WorseCalls = 2;
    private const int OtherTier = 4;
    private const int TooSmall = 8;

    // Rank: what is put last, times this, plus the place in provider.order.
    private const int LaterStep = 1 << 8;
    private const int Unlisted = LaterStep - 1;

    /// <summary>Ranks and keys; true when that leaves the entries as they are listed.</summary>
    public static bool Apply(EndpointGroup group, ref Draw draw)
    {
        var entries = group.Entries;
        var asListed = !IsRanked(group) || SetRanks(group, entries);
        asListed = SetKeys(group, entries, asListed, ref draw);
        return (group.Sort != RouteSort.Exacto || !SetToolKeys(group, entries)) && asListed;
    }

    private static bool SetKeys(EndpointGroup group, Span<Entry> entries, bool asListed, ref Draw draw)
    {
        switch (group.OrdinarySort)
        {
            case RouteSort.Price:
                foreach (ref var entry in entries)
                {
                    entry.Key = group.FactsOf(in entry).Price;
                }

                return false;
            case RouteSort.Balanced:
                SetDrawnKeys(group, entries, ref draw);
                return false;
            case RouteSort.Throughput or RouteSort.Latency:
                return !SetSpeedKeys(group, entries, ref draw) && asListed;
            default:
                return asListed;
        }
    }

    /// <summary>The measure that a sort goes by; null where the endpoint has none of late.</summary>
    public static double? Measured(EndpointSpeed? speed, RouteSort sort) => sort switch
    {
        RouteSort.Throughput when speed is { TokensPerSecond: > 0 and var rate } => -rate,
        RouteSort.Latency when speed is { FirstTokenSeconds: > 0 and var seconds } => seconds,
        _ => null,
    };

    /// <summary>The rank is that of an endpoint which nothing puts last.</summary>
    public static bool IsNotLater(int rank) => rank < LaterStep;

    /// <summary>The rank is that of an endpoint which <c>provider.order</c> names.</summary>
    public static bool IsListed(int rank, Demands demands) => demands.Order.Count > 0 && rank % LaterStep < Unlisted;

    // Where there are many, the sixteen that a plan needs are drawn one by one: the first whose running sum of weights passes a random share of
    // the whole; one that was drawn already is drawn again. The rest, needed when all of these are left out, keep their listed order.
    private static void SetDrawnKeys(EndpointGroup group, Span<Entry> entries, ref Draw draw)
    {
        var drawn = entries.Length > 2 * Planner.MostCandidates ? DrawFirst(group, entries, ref draw) : 0;
        if (drawn < Planner.MostCandidates)
        {
            SetExponentialKeys(group, entries, drawn, ref draw);
        }
    }

    /// <summary>Gives the first of them keys below zero, in the order in which they were drawn; how many: fewer where a few have nearly all of the weight.</summary>
    private static int DrawFirst(EndpointGroup group, Span<Entry> entries, ref Draw draw)
    {
        var upTo = entries.Length <= MostOnStack ? stackalloc double[entries.Length] : new double[entries.Length];
        var sum = 0.0;
        for (var i = 0; i < entries.Length; i++)
        {
            var weight = group.WeightOf(in entries[i]);
            sum += weight;
            upTo[i] = sum;
            entries[i].Key = weight == 0 ? double.PositiveInfinity : double.MaxValue;
        }

        if (!double.IsFinite(sum) || sum == 0)
        {
            return 0; // Some are free, or no price is known.
        }

        var drawn = 0;
        for (var tries = 0; drawn < Planner.MostCandidates && tries < MostDraws; tries++)
        {
            ref var entry = ref entries[FirstAbove(upTo, draw.Next() * sum)];
            if (entry.Key == double.MaxValue)
            {
                entry.Key = drawn++ - Planner.MostCandidates;
            }
        }

        return drawn;
    }

    // The first whose sum is above the number, so never one without weight; the last one where rounding let the number pass them all.
    private static int FirstAbove(ReadOnlySpan<double> upTo, double number)
    {
        var (from, to) = (0, upTo.Length - 1);
        while (from < to)
        {
            var middle = (from + to) >> 1;
            (from, to) = upTo[middle] > number ? (from, middle) : (middle + 1, to);
        }

        return from;
    }

    // Exponential keys with rate 1/price² give exactly the order of repeated weighted drawing; so they go on where drawing one by one ended.
    // What is free is drawn first. Four logarithms at once, since with many endpoints they are most of a decision's time.
    private static void SetExponentialKeys(EndpointGroup group, Span<Entry> entries, int drawnBefore, ref Draw draw)
    {
        Span<double> drawn = stackalloc double[Vector256<double>.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var lane = i % Vector256<double>.Count;
            if (lane == 0)
            {
                Vector256.Log(Vector256.Create(1 - draw.Next(), 1 - draw.Next(), 1 - draw.Next(), 1 - draw.Next())).CopyTo(drawn);
            }

            if (drawnBefore > 0 && entries[i].Key < 0)
            {
                continue;
            }

            // An infinite price times a draw of nothing would be no number.
            var square = group.FactsOf(in entries[i]).PriceSquared;
            entries[i].Key = double.IsPositiveInfinity(square) ? square : -drawn[lane] * square;
        }
    }

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

    /// <summary>Over the keys of the ordinary order: whose tool calls are known to be good goes first, whose are worse than the others' goes last. True when something is known.</summary>
    private static bool SetToolKeys(EndpointGroup group, Span<Entry> entries)
    {
        var known = false;
        foreach (ref var entry in entries)
        {
            var (standing, key) = group.ToolStandingOf(in entry);
            known |= standing != ToolStanding.Unknown;
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

        return known;
    }

    /// <summary>True when some endpoint was measured.</summary>
    private static bool SetSpeedKeys(EndpointGroup group, Span<Entry> entries, ref Draw draw)
    {
        var unmeasured = 0;
        foreach (ref var entry in entries)
        {
            var measured = Measured(group.SpeedOf(in entry), group.OrdinarySort);
            entry.Key = measured ?? double.MaxValue;
            unmeasured += measured is null ? 1 : 0;
        }

        if (unmeasured == entries.Length)
        {
            return false;
        }

        if (unmeasured > 0 && draw.Next() < ShareOfExploring)
        {
            var chosen = (int)(draw.Next() * unmeasured);
            foreach (ref var entry in entries)
            {
                if (entry.Key == double.MaxValue && chosen-- == 0)
                {
                    entry.Key = Exploring;
                    break;
                }
            }
        }

        return true;
    }

    private static bool IsTooSlow(EndpointSpeed? speed, ProviderPreferences preferences) => speed is not null
        && ((preferences.PreferredMinThroughput is { } least
                && (IsBelow(speed.Throughput.P50, least.P50) || IsBelow(speed.Throughput.P75, least.P75) || IsBelow(speed.Throughput.P90, least.P90) || IsBelow(speed.Throughput.P99, least.P99)))
            || (preferences.PreferredMaxLatency is { } most
                && (IsBelow(most.P50, speed.Latency.P50) || IsBelow(most.P75, speed.Latency.P75) || IsBelow(most.P90, speed.Latency.P90) || IsBelow(most.P99, speed.Latency.P99))));

    private static bool IsBelow(double? value, double? limit) => value < limit;
}
