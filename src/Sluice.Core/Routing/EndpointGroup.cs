using System.Buffers;
using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing.Endpoints;
using Sluice.Core.Routing.Filters;
using Sluice.Core.Routing.Ordering;

namespace Sluice.Core.Routing;

/// <summary>The endpoints that are ordered together and passed the filters: those of one model, or with <c>partition: none</c> of all. Holds a pooled array until disposed.</summary>
internal sealed class EndpointGroup(Demands demands, PlanDraft draft) : IDisposable
{
    private Entry[] _entries = ArrayPool<Entry>.Shared.Rent(Planner.MostCandidates);
    private Part[] _parts = new Part[1];
    private int _count;
    private int _models;

    public Demands Demands => demands;

    public PlanDraft Draft => draft;

    public Span<Entry> Entries => _entries.AsSpan(0, _count);

    /// <summary>The first model of the group: its name's variant and the session's place at it count for all.</summary>
    public ResolvedModel? First { get; private set; }

    public RouteSort Sort { get; private set; }

    /// <summary>With <see cref="RouteSort.Exacto"/> the order of those that nothing is known of: the one that counts without it.</summary>
    public RouteSort OrdinarySort { get; private set; }

    /// <summary>The name asks for the longest windows (<c>:extended</c>).</summary>
    public bool WidestFirst => First?.Variant == "extended";

    public bool SessionsStay { get; private set; }

    /// <summary>Where the request's session is at home, by model; looked up when first asked.</summary>
    public Func<string, SessionHome?>? Homes { get; set; }

    /// <summary>The sort goes by tool calls, and something is known of some endpoint's.</summary>
    public bool KnowsToolCalls { get; private set; }

    /// <summary>The request may be too large for some window.</summary>
    public bool MayOverflow { get; private set; }

    /// <summary>The request asks for the priority tier, and some endpoint is in one.</summary>
    public bool PriorityFirst { get; private set; }

    /// <summary>The entries are of one model, so they stand in its ranking's order.</summary>
    public bool IsOfOneModel => _models == 1;

    /// <summary>For draws among the endpoints of the one model; null where they are of several, or cannot be drawn one by one.</summary>
    public DrawTable? Draws => IsOfOneModel ? _parts[0].Routes.Draws : null;

    /// <summary>Endpoints before the filters.</summary>
    public int Considered { get; private set; }

    /// <summary>Adds the endpoints of a model that pass the filters.</summary>
    public void Add(ModelToTry model, ModelRoutes ordinary, ConfigSnapshot snapshot, IHealth health, TimeProvider time)
    {
        var routes = demands.Enter(ordinary, model.Resolved.Variant, model.IsFallback);
        var endpoints = routes.Endpoints;
        foreach (var gone in routes.Gone)
        {
            draft.LeaveOut(gone.Endpoint, gone.Why);
        }

        if (endpoints.Length == 0)
        {
            if (routes.Gone.Count == 0)
            {
                draft.LeaveOut(routes.Model.Id, "no provider is configured that serves it");
            }

            return;
        }

        if (First is null)
        {
            First = model.Resolved;
            Sort = SortChoice.Of(demands.Request, model.Resolved.Variant, routes.Has(demands.Tiers.Asked), snapshot.Routing.Sort);
            OrdinarySort = Sort == RouteSort.Exacto ? SortChoice.Ordinary(demands.Request, snapshot.Routing.Sort) : Sort;
            draft.Sort = endpoints.Length > 1 && !model.IsFallback ? Sort : draft.Sort;
            SessionsStay = snapshot.Routing.SessionAffinity;
        }

        var standings = endpoints.Length > 1 && Sort == RouteSort.Exacto ? routes.ToolStandings(health, time) : null;
        var speeds = endpoints.Length > 1 && (SortChoice.IsMeasured(OrdinarySort) || demands.WantsSpeed) ? routes.Speeds(health, time) : null;
        draft.Note(TierNotes.Of(demands.Tiers.Asked, model, routes));
        draft.Note(SortChoice.Notes(Sort, model.Resolved.Variant, endpoints.Length, speeds, standings, demands.Preferences));
        if (_models == _parts.Length)
        {
            Array.Resize(ref _parts, 2 * _models);
        }

        _parts[_models] = new Part(endpoints, routes, speeds, standings, model.IsFallback);
        Reserve(endpoints.Length);
        var entries = _entries.AsSpan(_count, endpoints.Length);
        var ranking = OrdinarySort switch
        {
            RouteSort.Price => routes.ByPrice,
            RouteSort.Balanced => routes.ForDraws,
            RouteSort.Throughput or RouteSort.Latency when speeds is not null => speeds.By(OrdinarySort),
            _ => routes.AsListed,
        };
        ranking.Entries.CopyTo(entries);
        for (var i = 0; _models > 0 && i < entries.Length; i++)
        {
            entries[i].Model = (ushort)_models;
        }

        _models++;
        Considered += endpoints.Length;
        KnowsToolCalls |= standings is not null;
        MayOverflow |= demands.Window > routes.LeastContext;

        var passed = entries[..Filtering.Apply(entries, routes, demands, draft)];
        PriorityFirst |= demands is { IsTiered: true, Tiers.Asked: ServiceTiers.Priority } && AnyAsked(passed, endpoints);
        _count += passed.Length;
    }

    /// <summary>The place of an endpoint of the first model among the entries; -1 where it did not pass.</summary>
    /// <param name="id">Of the endpoint.</param>
    public int FindFirsts(string id)
    {
        var position = _parts[0].Routes.PositionOf(id);
        for (var i = 0; position >= 0 && i < _count && _entries[i].Model == 0; i++)
        {
            if (_entries[i].Position == position)
            {
                return i;
            }
        }

        return -1;
    }

    public EndpointFacts FactsOf(in Entry entry) => _parts[entry.Model].Endpoints[entry.Position];

    /// <summary>Null while it is not known, or where nothing asks for it.</summary>
    public EndpointSpeed? SpeedOf(in Entry entry) => _parts[entry.Model].Speeds?[entry.Position];

    /// <summary>How it stands as to tool calls, and the key to sort it by; unknown where nothing asks for it.</summary>
    public (ToolStanding Standing, double Key) ToolStandingOf(in Entry entry) => _parts[entry.Model].Standings?[entry.Position] ?? default;

    /// <summary>Of a substitute, not of the model asked for.</summary>
    public bool IsFallback(in Entry entry) => _parts[entry.Model].IsFallback;

    /// <summary>Empties it for the next model.</summary>
    public void Clear()
    {
        _count = 0;
        _models = 0;
        Considered = 0;
        KnowsToolCalls = false;
        MayOverflow = false;
        PriorityFirst = false;
        First = null;
    }

    public void Dispose() => ArrayPool<Entry>.Shared.Return(_entries);

    private bool AnyAsked(Span<Entry> passed, EndpointFacts[] endpoints)
    {
        foreach (ref var entry in passed)
        {
            if (demands.Tiers.IsAsked(endpoints[entry.Position]))
            {
                return true;
            }
        }

        return false;
    }

    private void Reserve(int more)
    {
        if (_count + more > _entries.Length)
        {
            var larger = ArrayPool<Entry>.Shared.Rent(_count + more);
            Entries.CopyTo(larger);
            Dispose();
            _entries = larger;
        }
    }

    private readonly record struct Part(
        EndpointFacts[] Endpoints, ModelRoutes Routes, SpeedReading? Speeds, (ToolStanding Standing, double Key)[]? Standings, bool IsFallback);
}
