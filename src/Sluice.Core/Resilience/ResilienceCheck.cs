using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;

namespace Sluice.Core.Resilience;

/// <summary>Looks at a configuration for what happens when something fails or is slow: layer by layer, each with what is configured and what is missing. Asks nobody.</summary>
public static class ResilienceCheck
{
    private const int MostNames = 5;
    private const int LateBreaker = 20;

    /// <summary>The checklist, in the order of its layers.</summary>
    public static IReadOnlyList<ResilienceFinding> Of(ConfigSnapshot snapshot) =>
        [.. Retries(snapshot), .. Models(snapshot), .. Providers(snapshot), .. Keys(snapshot), .. Breaker(snapshot), Queue(snapshot), HedgingCheck.Of(snapshot), .. Degradation(snapshot)];

    private static IEnumerable<ResilienceFinding> Retries(ConfigSnapshot snapshot)
    {
        var routing = snapshot.Routing;
        yield return routing.Retries == 0
            ? new("retries", ResilienceLevel.Weak, "A candidate that failed is never tried again (routing.retries is 0).", "Set routing.retries to 2: a fault of a second is then waited out.")
            : routing.RetryBudget == 0
                ? new("retries", ResilienceLevel.Weak, string.Create(CultureInfo.InvariantCulture, $"Up to {routing.Retries} repeats a request, but no more than {Routing.RetryBudget.AlwaysAllowed} a minute in all (routing.retry_budget is 0 %)."), "Set routing.retry_budget to 10%.")
                : new("retries", ResilienceLevel.Good, string.Create(CultureInfo.InvariantCulture, $"Up to {routing.Retries} repeats a request, with growing waits, and at most {routing.RetryBudget * 100:0.##} % of all traffic."));
    }

    private static IEnumerable<ResilienceFinding> Models(ConfigSnapshot snapshot)
    {
        const string Layer = "model fallback";
        if (snapshot.Fallbacks.All(chain => chain.Value.Count == 0))
        {
            yield return new(Layer, ResilienceLevel.Missing, "No model has a fallback.", "Write 'fallbacks: { \"*\": [author/model] }' for all models, or a chain for each that matters.");
            yield break;
        }

        foreach (var (name, chain) in snapshot.Fallbacks.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var model = name == "*" ? null : snapshot.Catalogue.Resolve(name);
            var next = chain.Select(snapshot.Catalogue.Resolve).ToList();
            var shown = $"{name} → {(chain.Count == 0 ? "nothing" : string.Join(" → ", chain))}";
            if (model is not null && next.Any(one => one?.Model.Id == model.Model.Id))
            {
                yield return new(Layer, ResilienceLevel.Weak, $"{shown}: the chain comes back to the model itself, which is skipped.", $"Take it out of fallbacks.{name}.");
            }
            else if (chain.Count > 0 && next.TrueForAll(one => one is null or { Endpoints.Count: 0 }))
            {
                yield return new(Layer, ResilienceLevel.Missing, $"{shown}: nothing in the chain can be served.", "Configure a provider for one of them.");
            }
            else if (model is not null && chain.Count > 0 && OnlyProvider(snapshot, model) is { } only)
            {
                yield return new(Layer, ResilienceLevel.Weak, $"{shown}: all of it is served by {only} alone and falls with it.", "Put a model of another provider at the end of the chain.");
            }
            else
            {
                yield return new(Layer, ResilienceLevel.Good, shown + ".");
            }
        }
    }

    private static IEnumerable<ResilienceFinding> Providers(ConfigSnapshot snapshot)
    {
        const string Layer = "provider fallback";
        var alone = snapshot.Catalogue.Servable
            .Where(model => model.Endpoints.Count > 0)
            .GroupBy(model => OnlyProvider(snapshot, model), StringComparer.Ordinal)
            .ToLookup(group => group.Key is not null);
        foreach (var group in alone[true].OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            yield return new(Layer, ResilienceLevel.Weak, $"{Names(group)}: served by {group.Key} alone, fallbacks included.", $"Add a second provider for them, or a fallback: while {group.Key} is down they get errors.");
        }

        foreach (var group in alone[false])
        {
            yield return new(Layer, ResilienceLevel.Good, $"{Names(group)}: served by two providers or more, fallbacks included.");
        }
    }

    private static IEnumerable<ResilienceFinding> Keys(ConfigSnapshot snapshot) =>
        snapshot.Providers.Where(provider => provider.Credentials.Count == 1 && provider.Cloud is null).Select(provider => provider.Name).ToList() is { Count: > 0 } single
            ? [new("provider fallback", ResilienceLevel.Weak, $"{string.Join(", ", single)}: one key each.", "A second key keeps a provider going when the first is refused or used up.")]
            : [];

    private static IEnumerable<ResilienceFinding> Breaker(ConfigSnapshot snapshot)
    {
        const string Layer = "circuit breaker";
        var breaker = snapshot.Breaker;
        var what = string.Create(CultureInfo.InvariantCulture,
            $"{breaker.Failures} failures in a row within {breaker.Window.TotalSeconds:0.##} s take an endpoint out for {breaker.Open.TotalSeconds:0.##} s, and for up to {breaker.MaxOpen.TotalSeconds:0.##} s while its probes fail.");

        // More failures in a row than this are more requests than an agent has under way: its circuit would hardly ever open.
        yield return breaker.Failures > LateBreaker
            ? new(Layer, ResilienceLevel.Weak, what, "Set breaker.failures to 5: until then each request still goes to the broken provider first.")
            : new(Layer, ResilienceLevel.Good, what);
    }

    // Whatever limits requests, waiting turns most of its refusals into answers.
    private static ResilienceFinding Queue(ConfigSnapshot snapshot)
    {
        const string Layer = "queue";
        var (admission, limited) = (snapshot.Admission, snapshot.Providers.Where(provider => !provider.Limits.IsNone).Select(provider => provider.Name).ToList());
        if (admission.MaxWait == TimeSpan.Zero || admission.MaxWaiting == 0)
        {
            return new(Layer, ResilienceLevel.Weak, "No request waits for a limit: what does not fit at once is refused.", "Set queue.max_wait to 20s and queue.max_waiting to 1000.");
        }

        var waits = string.Create(CultureInfo.InvariantCulture, $"Up to {admission.MaxWaiting} requests wait up to {admission.MaxWait.TotalSeconds:0.##} s for limits, in fair turns by {admission.ShareBy.ToString().ToLowerInvariant()}");
        return limited.Count == 0
            ? new(Layer, ResilienceLevel.Weak, $"{waits}; but no provider has limits, so its 429s are met instead of avoided.", "Set providers[].limits to what each account allows.")
            : new(Layer, ResilienceLevel.Good, $"{waits}; {string.Join(", ", limited)}: calls that would exceed the account's limits go to the next provider or wait.");
    }

    // A prompt that outgrew its model is the one failure that every long session meets.
    private static IEnumerable<ResilienceFinding> Degradation(ConfigSnapshot snapshot)
    {
        const string Layer = "degradation";
        var wider = snapshot.Catalogue.Servable
            .Where(model => model.Model.Traits.ContextLength is { } window && FallbackPaths.ChainOf(snapshot, model.Model).Any(next => next.Model.Traits.ContextLength > window))
            .ToList();
        yield return wider.Count == 0
            ? new(Layer, ResilienceLevel.Weak, "No model has a fallback with a larger window: a prompt that is too long goes back to the agent, which has to compact.", "Put a model with a larger window into the chain of those that long sessions use.")
            : new(Layer, ResilienceLevel.Good, $"{Names(wider)}: a prompt that is too long goes on to a larger window.");
        if (snapshot.ShortensContext)
        {
            yield return new(Layer, ResilienceLevel.Good, "A prompt that no larger window takes loses the middle of its conversation (degrade.context: middle-out), told in x-sluice-degraded.");
        }

        yield return Cheaper(snapshot, Layer);
        yield return Kept(snapshot.Cache, Layer);
        yield return new(Layer, ResilienceLevel.Good, string.Create(CultureInfo.InvariantCulture,
            $"Silent streams get a sign of life after {snapshot.KeepAlive.After.TotalSeconds:0.##} s and every {snapshot.KeepAlive.Every.TotalSeconds:0.##} s; what a translation cannot carry is told in x-sluice-degraded, or refused with x-sluice-strict."));
    }

    private static ResilienceFinding Cheaper(ConfigSnapshot snapshot, string layer)
    {
        var cheaper = snapshot.Catalogue.Servable
            .Where(model => model.Model.ListPrice?.Output is { } price && FallbackPaths.ChainOf(snapshot, model.Model).Any(next => next.Model.ListPrice?.Output < price))
            .ToList();
        return new(layer, ResilienceLevel.Good, cheaper.Count == 0
            ? "No model falls back to a cheaper one."
            : $"{Names(cheaper)}: a cheaper model answers in their place, told in x-sluice-model and x-sluice-warning.");
    }

    private static ResilienceFinding Kept(CacheSettings cache, string layer) => cache switch
    {
        { Enabled: false } => new(layer, ResilienceLevel.Good, "No answers are kept (cache.enabled is false)."),
        { Stale.Ticks: 0 } => new(layer, ResilienceLevel.Weak, "While nobody answers, nothing is served: expired answers are not kept (cache.stale is off).", "Set 'cache: { enabled: true, stale: 24h }' where an old answer is better than none; it is called STALE."),
        _ => new(layer, ResilienceLevel.Good, string.Create(CultureInfo.InvariantCulture,
            $"While nobody answers, {(cache.Enabled == true ? "requests" : "requests that ask for kept answers")} get the answer that the same request had up to {cache.Stale.TotalSeconds + cache.Ttl.TotalSeconds:0.##} s before, called STALE.")),
    };

    /// <summary>The one provider that a model and its fallbacks hang on; null where there are several or none.</summary>
    private static string? OnlyProvider(ConfigSnapshot snapshot, ResolvedModel model) => FallbackPaths.ProvidersOf(snapshot, model) is [var only] ? only : null;

    private static string Names(IEnumerable<ResolvedModel> models)
    {
        var ids = models.Select(model => model.Model.Id).Distinct(StringComparer.Ordinal).ToList();
        return ids.Count <= MostNames
            ? string.Join(", ", ids)
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", ids.Take(MostNames))} and {ids.Count - MostNames} more");
    }
}
