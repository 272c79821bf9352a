using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing.Auto;
using Sluice.Core.Routing.Endpoints;
using Sluice.Core.Routing.Filters;
using Sluice.Core.Routing.Ordering;

namespace Sluice.Core.Routing;

/// <summary>
/// Makes the plan of one request, of what the first rule that holds makes of it:
/// 1. the model's name → the model (or 404 with near names);
/// 2. whether the key may use it (or 403);
/// 3. the models to try: the one asked for, then the request's own further ones or the configured fallbacks (<see cref="ModelsToTry"/>);
/// 4. of each, the endpoints that pass the filters (<see cref="EndpointFilters"/>);
/// 5. those in the order asked for or configured (<see cref="Ordering.EndpointOrder"/>);
/// 6. each with its credentials: the session's own place first, what failed in the last 30 s last, what is excluded not at all
///    (<see cref="Placement"/>);
/// 7. for every candidate why it stands where it stands, for every other endpoint why it is not there.
/// Thread-safe; knows nothing but what it is given.
/// </summary>
/// <param name="health">What became of recent attempts.</param>
/// <param name="affinity">Where sessions last succeeded.</param>
/// <param name="time">For the time left of cooldowns.</param>
/// <param name="seed">Start of the drawing for <see cref="RouteSort.Balanced"/>; 0 takes the clock.</param>
public sealed class Planner(IHealth health, IAffinity affinity, TimeProvider time, long seed = 0)
{
    /// <summary>Most candidates of one plan: nobody waits for the seventeenth.</summary>
    public const int MostCandidates = 16;

    private readonly Placement _placement = new(health, affinity, time, seed);
    private volatile SimplePlans _simple = new(null);
    private volatile RouteTable? _table;

    /// <summary>Plans one request against one snapshot.</summary>
    public Plan Plan(ConfigSnapshot snapshot, RoutingRequest request)
    {
        var now = time.GetUtcNow();
        return snapshot.Rules.Match(request, now) is { } rule
            ? rule.Mark(PlanModels(snapshot, rule.Apply(request, snapshot.Catalogue), now), request.Model)
            : PlanModels(snapshot, request, now);
    }

    private Plan PlanModels(ConfigSnapshot snapshot, RoutingRequest request, DateTimeOffset now)
    {
        if (_simple.Find(snapshot, request, health) is { } simple)
        {
            return simple;
        }

        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var catalogue = snapshot.Catalogue;
        var resolved = catalogue.Resolve(request.Model);
        if (resolved is not null && ChosenModels.Is(resolved.Model))
        {
            return PlanChoice(snapshot, request, resolved, now);
        }

        if (resolved is null && request.FallbackModels.Count == 0)
        {
            return new Plan { Refusal = Refusals.ModelNotFound(catalogue, request) };
        }

        if (resolved is not null && !ModelPermission.Allows(request.AllowedModels, request.Model, resolved, catalogue))
        {
            return new Plan { Model = resolved.Model, Refusal = Refusals.NotAllowed(request) };
        }

        var table = TableFor(snapshot, now);
        var demands = new Demands(request, table.Names);
        var draft = new PlanDraft();
        draft.Note(ModelNotes.Of(request.Model, resolved, today));
        Fill(draft, table, demands, ModelsToTry.Of(snapshot, request, resolved, draft, today));
        draft.AskOpenCircuits();

        var funnel = draft.Count > 0 || resolved is null ? [] : Filtering.Funnel(table.Of(resolved), resolved.Variant, demands);
        var plan = new Plan
        {
            Candidates = draft.Candidates,
            LeftOut = draft.LeftOut(),
            Notes = draft.Notes,
            Model = resolved?.Model,
            Moving = draft.Moving,
            Sort = draft.Sort,
            Funnel = funnel,
            Refusal = draft.Count > 0 ? null
                : !draft.AnyKnown ? Refusals.ModelNotFound(catalogue, request)
                : WrongProduct.Refusal(request, resolved, catalogue) ?? Refusals.NothingToTry(request, draft, funnel),
        };
        Keep(snapshot, request, resolved, plan);
        return resolved is not null && table.Of(resolved).Endpoints.Length == 0 && EndedModel.Is(resolved, today) ? EndedModel.Mark(plan, request, resolved, snapshot) : plan;
    }

    // On its own, or every plan would pay for what the choice captures.
    private Plan PlanChoice(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel name, DateTimeOffset now) =>
        new AutoRouter(snapshot, request, DateOnly.FromDateTime(now.UtcDateTime)).Choose(name, affinity, chosen => PlanModels(snapshot, chosen, now));

    private void Fill(PlanDraft draft, RouteTable table, Demands demands, IReadOnlyList<ModelToTry> models)
    {
        using var group = new EndpointGroup(demands, draft);
        for (var i = 0; i < models.Count; i++)
        {
            if (!demands.Preferences.SortAcrossModels)
            {
                _placement.Place(group);
            }

            group.Add(models[i], table.Of(models[i].Resolved), table.Snapshot, health, time);
        }

        _placement.Place(group);
    }

    private RouteTable TableFor(ConfigSnapshot snapshot, DateTimeOffset now)
    {
        if (_table is not { } table || !ReferenceEquals(table.Snapshot, snapshot) || table.Day != RouteTable.DayOf(now))
        {
            _table = table = new RouteTable(snapshot, now);
        }

        return table;
    }

    private void Keep(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel? resolved, Plan plan)
    {
        // What ends on a day must not be kept beyond it.
        if (resolved is not { Endpoints: [{ Ends: null }] } || plan.LeftOut.Count > 0 || !SimplePlans.Takes(request, plan))
        {
            return;
        }

        var simple = _simple;
        if (!ReferenceEquals(simple.Snapshot, snapshot))
        {
            _simple = simple = new SimplePlans(snapshot);
        }

        simple.Keep(request.Model, plan);
    }
}
