using Sluice.Core.Routing.Endpoints;
using Sluice.Core.Routing.Ordering;

namespace Sluice.Core.Routing.Filters;

/// <summary>Applies the filters to the endpoints of one model.</summary>
internal static class Filtering
{
    /// <summary>Moves what passes to the front, in its order, and returns how many those are; the reason of every other endpoint goes to the draft.</summary>
    public static int Apply(Span<Entry> entries, ModelRoutes routes, Demands demands, PlanDraft draft)
    {
        var left = entries;
        foreach (var filter in EndpointFilters.All)
        {
            if (left.Length > 0 && filter.IsWanted(demands) && filter.AllowsAll?.Invoke(routes, demands) != true)
            {
                left = left[..Apply(filter, left, routes, demands, draft)];
            }
        }

        return left.Length;
    }

    /// <summary>What each filter leaves of a model's endpoints; empty where none takes any away.</summary>
    public static IReadOnlyList<FunnelStep> Funnel(ModelRoutes ordinary, string? variant, Demands demands)
    {
        var routes = demands.Enter(ordinary, variant, isSubstitute: false);
        var left = routes.Endpoints.ToList();
        var funnel = new List<FunnelStep> { new("Endpoints of the Model", left.Count) };
        foreach (var filter in EndpointFilters.All)
        {
            if (left.Count > 0 && filter.IsWanted(demands))
            {
                var passed = left.FindAll(endpoint => filter.Allows(endpoint, demands));
                var before = left.Count;
                left = passed.Count > 0 || filter.Holds(demands) ? passed : left;
                if (filter.IsQuiet && left.Count == before)
                {
                    continue;
                }

                funnel.Add(new FunnelStep(filter.Step, left.Count));
            }
        }

        return funnel[^1].Endpoints < routes.Endpoints.Length ? funnel : [];
    }

    private static int Apply(EndpointFilter filter, Span<Entry> entries, ModelRoutes routes, Demands demands, PlanDraft draft)
    {
        if (!filter.Holds(demands) && !IsAnyAllowed(filter, entries, routes.Endpoints, demands))
        {
            return entries.Length;
        }

        var why = demands.IsSubstitute ? filter.WhyFallback : filter.Why;
        return filter.ByList?.Invoke(routes, demands) is { } list
            ? Apply(list, entries, routes.Endpoints, why, draft)
            : Apply(new AskedVerdict(filter, routes.Endpoints, demands), entries, routes.Endpoints, why, draft);
    }

    private static int Apply<TVerdict>(TVerdict verdict, Span<Entry> entries, EndpointFacts[] endpoints, string why, PlanDraft draft)
        where TVerdict : struct, IVerdict
    {
        var (passed, unnamed) = (0, 0);
        for (var at = 0; at < entries.Length; at++)
        {
            ref var entry = ref entries[at];
            if (verdict.Passes(entry.Position))
            {
                if (passed < at)
                {
                    entries[passed] = entry;
                }

                passed++;
            }
            else if (draft.HasRoomForNames)
            {
                draft.LeaveOut(endpoints[entry.Position].Endpoint.Id, why);
            }
            else
            {
                unnamed++;
            }
        }

        draft.LeaveOutUnnamed(unnamed);
        return passed;
    }

    private static bool IsAnyAllowed(EndpointFilter filter, Span<Entry> entries, EndpointFacts[] endpoints, Demands demands)
    {
        foreach (ref var entry in entries)
        {
            if (filter.Allows(endpoints[entry.Position], demands))
            {
                return true;
            }
        }

        return false;
    }
}
