using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing.Rules;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Core.Routing.Auto;

/// <summary>
/// Puts models in the place of a name that stands for a choice:
/// 1. the task of the request (<see cref="TaskClassifier"/>), and the tier of that task;
/// 2. of its models those that the key and the request's plugin allow and that can do what the request needs; without any, those of the nearest
///    tier that has some, and then whatever else the plugin names;
/// 3. in the tier's order, or by price where the plugin says so;
/// 4. first of all the model that the session was served by, unless the task has become harder than that model is for.
/// What is left is planned as if the client had named these models itself.
/// </summary>
internal sealed class AutoRouter(ConfigSnapshot snapshot, RoutingRequest request, DateOnly today)
{
    private const int MostModels = 16;

    private static readonly TaskVerdict Unread = new(TaskKind.Code, "the request was not read");

    private readonly AutoRestrictions _restrictions = request.Prompt?.Restrictions.Restrictions ?? AutoRestrictions.None;
    private readonly bool _mayUseAll = request.AllowedModels.Count == 0 || IsAllowedByName(request.AllowedModels);
    private readonly List<LeftOutEndpoint> _leftOut = [];

    /// <summary>The request with models in the place of the name, or the plan that refuses it.</summary>
    /// <param name="asked">What the request's model means: one of <see cref="ChosenModels"/>.</param>
    /// <param name="affinity">Where sessions were served.</param>
    /// <param name="plan">Plans a request that names models.</param>
    public Plan Choose(ResolvedModel asked, IAffinity affinity, Func<RoutingRequest, Plan> plan)
    {
        var isFree = ReferenceEquals(asked.Model, ChosenModels.Free) || asked.Variant == "free";
        var choice = new AutoChoice(asked.Model.Id, "free") { IsConversation = request.Prompt?.IsConversation == true };
        if (request.Prompt?.Restrictions.Error is { } misread)
        {
            return new Plan { Auto = choice, Refusal = misread };
        }

        List<ResolvedModel> models;
        if (isFree)
        {
            models = Fitting(snapshot.Auto.Free);
        }
        else
        {
            var verdict = request.Prompt?.Task ?? Unread;
            (var tier, models) = OfTask(verdict.Task);
            choice = choice with { Task = verdict, Tier = tier };
        }

        choice = StayWithSession(choice, affinity, models);
        if (models.Count == 0)
        {
            return new Plan { Auto = choice, LeftOut = _leftOut, Refusal = Nothing(isFree) };
        }

        var names = models.Take(MostModels).Select(model => isFree || asked.Variant is null ? model.Model.Id : $"{model.Model.Id}:{asked.Variant}").ToList();
        return choice.Mark(plan(request with
        {
            Model = names[0],
            FallbackModels = request.Preferences.AllowFallbacks ? [.. names.Skip(1), .. request.FallbackModels] : request.FallbackModels,
            AllowedModels = _mayUseAll ? [] : request.AllowedModels,
        }), _leftOut);
    }

    /// <summary>What a name among the further models of a request stands for: the best few of its choice.</summary>
    public IEnumerable<ResolvedModel> Instead(ResolvedModel name) =>
        (ReferenceEquals(name.Model, ChosenModels.Free) ? Fitting(snapshot.Auto.Free) : OfTask((request.Prompt?.Task ?? Unread).Task).Models).Take(MostModels);

    private (string Tier, List<ResolvedModel> Models) OfTask(TaskKind task)
    {
        foreach (var tier in TaskKinds.Nearest(task))
        {
            var fitting = Fitting(snapshot.Auto.Tier(tier));
            if (fitting.Count > 0)
            {
                return (TaskKinds.WordOf(tier), ByCost(fitting));
            }
        }

        if (_restrictions.Allowed.Count == 0)
        {
            return (TaskKinds.WordOf(task), []);
        }

        // Named by a pattern, and of no tier: what asks much gets the dearest, what asks little the cheapest.
        var named = Fitting([.. snapshot.Catalogue.Servable.Where(model => _restrictions.Allows(model.Model.Id))]);
        named.Sort((a, b) => TaskKinds.DemandOf(task) > 0 ? PriceOf(b).CompareTo(PriceOf(a)) : PriceOf(a).CompareTo(PriceOf(b)));
        return ("allowed_models", ByCost(named));
    }

    private List<ResolvedModel> Fitting(IReadOnlyList<ResolvedModel> models)
    {
        var fitting = new List<ResolvedModel>(models.Count);
        foreach (var model in models)
        {
            if (WhyNot(model) is { } why)
            {
                _leftOut.Add(new LeftOutEndpoint(model.Model.Id, why));
            }
            else
            {
                fitting.Add(model);
            }
        }

        return fitting;
    }

    private string? WhyNot(ResolvedModel model)
    {
        var (needs, traits) = (request.Needs, model.Model.Traits);
        return !_restrictions.Allows(model.Model.Id) ? "auto: the auto-router plugin leaves it out"
            : !_mayUseAll && !ModelPermission.Allows(request.AllowedModels, model.Model.Id, model, snapshot.Catalogue) ? "auto: the key may not use this model"
            : traits.Makes is { } made && (made & Products.Text) == Products.None ? "auto: the model writes no text"
            : model.Model.Ends < today ? "auto: the model has ended"
            : needs.Tools && traits.Tools == false ? "auto: the model calls no tools"
            : needs.Images && traits.Images == false ? "auto: the model takes no images"
            : needs.Documents && traits.Documents == false ? "auto: the model takes no documents"
            : model.Endpoints.All(endpoint => needs.InputTokens + (needs.OutputTokens ?? 0) > endpoint.ContextLength) ? "auto: the window is too small"
            : model.Endpoints.All(endpoint => needs.OutputTokens > endpoint.MaxOutputTokens) ? "auto: gives fewer output tokens than asked for"
            : null;
    }

    // From the one that stands where the plugin wants to be, by price, to those farther and farther off.
    private List<ResolvedModel> ByCost(List<ResolvedModel> models)
    {
        if (_restrictions.Cost is not { } cost || models.Count < 2)
        {
            return models;
        }

        var byPrice = models.OrderBy(PriceOf).ToList();
        var wanted = cost * (byPrice.Count - 1);
        return [.. byPrice.Select((model, place) => (model, place)).OrderBy(pair => Math.Abs(pair.place - wanted)).Select(pair => pair.model)];
    }

    // Unknown is dear.
    private static decimal PriceOf(ResolvedModel model) =>
        model.Endpoints.Min(endpoint => endpoint.Price is { Input: { } input, Output: { } output } ? input + output : decimal.MaxValue);

    private AutoChoice StayWithSession(AutoChoice choice, IAffinity affinity, List<ResolvedModel> models)
    {
        if (!choice.IsConversation || !snapshot.Routing.SessionAffinity || request.Session is null || affinity.Find(request.Session, choice.Name) is not { } home)
        {
            return choice;
        }

        if (models.FirstOrDefault(model => Serves(model, home.Endpoint)) is { } same)
        {
            models.Remove(same);
            models.Insert(0, same);
            return choice with { Stays = true };
        }

        if (choice.Task is null)
        {
            return choice;
        }

        foreach (var tier in TaskKinds.All.Where(tier => TaskKinds.DemandOf(tier) >= TaskKinds.DemandOf(choice.Task.Task)))
        {
            if (snapshot.Auto.Tier(tier).FirstOrDefault(model => Serves(model, home.Endpoint)) is { } better && WhyNot(better) is null)
            {
                models.Insert(0, better);
                return choice with { Stays = true, Tier = TaskKinds.WordOf(tier) };
            }
        }

        return choice;
    }

    private static bool Serves(ResolvedModel model, string endpoint) => model.Endpoints.Any(own => own.Id == endpoint);

    private GatewayError Nothing(bool isFree) => new(ErrorKind.NoEndpoint, ErrorSource.Client, 404, _restrictions.RestrictsModels || !_mayUseAll
        ? "No models match your request and model restrictions."
        : isFree ? "No free model can be served here that does what the request needs."
        : "No models match your request: nothing that can be served here does what it needs.")
    {
        Param = _restrictions.RestrictsModels ? "plugins" : "model",
        ShouldRetry = false,
        Remedy = _restrictions.RestrictsModels ? "Widen `allowed_models` or `excluded_models` of the auto-router plugin, or name a model; GET /v1/models lists them."
            : isFree ? "Name a model; GET /v1/models lists them. Free are models whose every endpoint has the price 0."
            : "Name a model; GET /v1/models lists them. The administrator sets `auto.tiers` in the configuration.",
    };

    // A key for nothing but the choice itself may use whatever is chosen.
    private static bool IsAllowedByName(IReadOnlyList<string> allowed) =>
        allowed.Any(entry => ChosenModels.Names.Any(name => entry != "*" && Glob.Matches(entry, name.Name)));
}
