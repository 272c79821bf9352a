using Sluice.Core.Catalogue;
using Sluice.Core.Pricing;

namespace Sluice.Core.Routing.Auto;

/// <summary>What the names of <see cref="ChosenModels"/> may choose among in one configuration. Immutable.</summary>
public sealed class AutoTable
{
    /// <summary>Chooses among nothing.</summary>
    public static readonly AutoTable Empty = new(new Dictionary<TaskKind, IReadOnlyList<ResolvedModel>>(), [], alwaysConcerned: false);

    private readonly IReadOnlyDictionary<TaskKind, IReadOnlyList<ResolvedModel>> _tiers;
    private readonly bool _alwaysConcerned;

    /// <param name="tiers">Models that can be served, in order.</param>
    /// <param name="free">Models that can be served and cost nothing anywhere.</param>
    /// <param name="alwaysConcerned">Any request may need to be read: a rule asks for the task, or another name leads to a choice.</param>
    internal AutoTable(IReadOnlyDictionary<TaskKind, IReadOnlyList<ResolvedModel>> tiers, IReadOnlyList<ResolvedModel> free, bool alwaysConcerned)
    {
        (_tiers, Free, _alwaysConcerned) = (tiers, free, alwaysConcerned);
        Listed = [.. Entries()];
    }

    /// <summary>The names as lists of models show them; only those that can be served.</summary>
    public IReadOnlyList<ResolvedModel> Listed { get; }

    /// <summary>Models that cost nothing, the newest first.</summary>
    internal IReadOnlyList<ResolvedModel> Free { get; }

    /// <summary>Whether a request may have to be read for its task: everybody else's bodies are left alone.</summary>
    public bool Concerns(RoutingRequest request)
    {
        if (_alwaysConcerned || ChosenModels.MayMean(request.Model))
        {
            return true;
        }

        for (var i = 0; i < request.FallbackModels.Count; i++)
        {
            if (ChosenModels.MayMean(request.FallbackModels[i]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The entry of a list for a name that means a choice; null for every other.</summary>
    public ResolvedModel? Find(ResolvedModel? resolved)
    {
        foreach (var entry in Listed)
        {
            if (resolved is not null && ChosenModels.Is(resolved.Model) && entry.Model.Id == resolved.Model.Id)
            {
                return entry with { How = resolved.How };
            }
        }

        return null;
    }

    /// <summary>The models of a tier that can be served, in order.</summary>
    internal IReadOnlyList<ResolvedModel> Tier(TaskKind task) => _tiers.GetValueOrDefault(task, []);

    /// <summary>Compiles the tiers of the file, and the shipped ones where it has none.</summary>
    internal static AutoTable Compile(IReadOnlyDictionary<TaskKind, IReadOnlyList<string>> written, CatalogueTable catalogue, bool alwaysConcerned)
    {
        var tiers = new Dictionary<TaskKind, IReadOnlyList<ResolvedModel>>();
        foreach (var task in TaskKinds.All)
        {
            var names = written.TryGetValue(task, out var own) ? own : AutoPolicy.Of(task);
            tiers[task] = [.. names.Select(catalogue.Resolve).OfType<ResolvedModel>().Where(model => model.Endpoints.Count > 0 && !ChosenModels.Is(model.Model)).DistinctBy(model => model.Model.Id)];
        }

        // Who serves a model for nothing in one place and for money in another may be asked in either: such a model is not free.
        var free = catalogue.Servable.Where(model => model.Endpoints.Count > 0 && model.Endpoints.All(endpoint => IsFree(endpoint.Price)) && !IsJudge(model.Model.Id));
        return new AutoTable(tiers, [.. free.OrderByDescending(model => model.Model.Released ?? DateOnly.MinValue).ThenBy(model => model.Model.Id, StringComparer.Ordinal)], alwaysConcerned);
    }

    private static bool IsFree(PriceSheet? price) => price is { Input: 0, Output: 0, Tiers.Count: 0 };

    // Guards answer with a verdict on the conversation, whatever is asked.
    private static bool IsJudge(string id) => id.Contains("-safety", StringComparison.Ordinal) || id.Contains("-guard", StringComparison.Ordinal) || id.Contains("-safeguard", StringComparison.Ordinal);

    private IEnumerable<ResolvedModel> Entries()
    {
        var chosen = TaskKinds.All.SelectMany(Tier).DistinctBy(model => model.Model.Id).ToList();
        if (chosen.Count > 0)
        {
            yield return Entry(ChosenModels.Auto, chosen);
        }

        if (Free.Count > 0)
        {
            yield return Entry(ChosenModels.Free, Free);
        }
    }

    // A client that keeps within the smallest window has room whatever is chosen.
    private static ResolvedModel Entry(Model name, IReadOnlyList<ResolvedModel> models) => new(
        name with
        {
            Traits = name.Traits with
            {
                ContextLength = models.Min(model => model.Model.Traits.ContextLength),
                MaxOutputTokens = models.Min(model => model.Model.Traits.MaxOutputTokens),
                Tools = models.Any(model => model.Model.Traits.Tools == true) ? true : null,
                Images = models.Any(model => model.Model.Traits.Images == true) ? true : null,
            },
        },
        [.. models.SelectMany(model => model.Endpoints)],
        "exact");
}
