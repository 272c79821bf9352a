using Sluice.Core.Health;
using Sluice.Core.Routing.Endpoints;
using Sluice.Core.Routing.Filters;

namespace Sluice.Core.Routing.Ordering;

/// <summary>The ranks of the entries of a group: first what the request, or its size, puts last, then its own <c>provider.order</c>.</summary>
internal static class EndpointRanks
{
    // What is put last, in the order of their weight: they are added up.
    private const int LessWanted = 1;
    private const int WorseCalls = 2;
    private const int OtherTier = 4;
    private const int TooSmall = 8;

    // Rank: what is put last, times this, plus the place in provider.order.
    private const int LaterStep = 1 << 8;
    private const int Unlisted = LaterStep - 1;

    /// <summary>The rank of one that is put last because its tool calls are worse than those of others.</summary>
    public const int OfWorseCalls = WorseCalls * LaterStep;

    /// <summary>The rank is that of an endpoint which nothing puts last.</summary>
    public static bool IsNotLater(int rank) => rank < LaterStep;

    /// <summary>The rank is that of an endpoint which <c>provider.order</c> names.</summary>
    public static bool IsListed(int rank, Demands demands) => demands.Order.Count > 0 && rank % LaterStep < Unlisted;

    /// <summary>Sets them, where there is a reason to. True when all are the same.</summary>
    public static bool Set(EndpointGroup group, Span<Entry> entries)
    {
        var demands = group.Demands;
        if (!group.MayOverflow && !group.PriorityFirst && !group.WidestFirst && !demands.WantsSpeed && demands.Order.Count == 0)
        {
            return true;
        }

        // A pass for each reason: hardly any request has two of them.
        if (group.MayOverflow)
        {
            foreach (ref var entry in entries)
            {
                entry.Rank += demands.Window > group.FactsOf(in entry).ContextLength ? TooSmall * LaterStep : 0;
            }
        }

        if (group.PriorityFirst)
        {
            foreach (ref var entry in entries)
            {
                entry.Rank += demands.Tiers.IsAsked(group.FactsOf(in entry)) ? 0 : OtherTier * LaterStep;
            }
        }

        if (demands.WantsSpeed || group.WidestFirst)
        {
            PutLessWantedLast(group, entries);
        }

        if (demands.Order.Count > 0)
        {
            foreach (ref var entry in entries)
            {
                var facts = group.FactsOf(in entry);
                var place = demands.Order.PlaceOf(facts, demands.Tiers.IsAsked(facts));
                entry.Rank += place < 0 ? Unlisted : place;
            }
        }

        return AreSame(entries);
    }

    private static void PutLessWantedLast(EndpointGroup group, Span<Entry> entries)
    {
        long widest = 0;
        foreach (ref var entry in entries)
        {
            widest = group.WidestFirst ? Math.Max(widest, group.FactsOf(in entry).Endpoint.ContextLength ?? 0) : 0;
        }

        foreach (ref var entry in entries)
        {
            var isLessWanted = group.FactsOf(in entry).ContextLength < widest || IsTooSlow(group.SpeedOf(in entry), group.Demands.Preferences);
            entry.Rank += isLessWanted ? LessWanted * LaterStep : 0;
        }
    }

    private static bool AreSame(Span<Entry> entries)
    {
        foreach (ref var entry in entries)
        {
            if (entry.Rank != entries[0].Rank)
            {
                return false;
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
