using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing.Auto;

namespace Sluice.Core.Routing;

/// <summary>A model that a plan tries.</summary>
/// <param name="Resolved">What its name means.</param>
/// <param name="IsFallback">Not the one asked for.</param>
internal readonly record struct ModelToTry(ResolvedModel Resolved, bool IsFallback);

/// <summary>The models of one request, in order and each once: the one asked for, then the request's own further ones or the configured fallbacks.</summary>
internal static class ModelsToTry
{
    public static IReadOnlyList<ModelToTry> Of(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel? asked, PlanDraft draft, DateOnly today)
    {
        draft.AnyKnown = asked is not null;
        if (asked is null)
        {
            draft.LeaveOut(request.Model, "no such model");
        }

        var further = Further(snapshot, request, asked);
        if (further.Count == 0 && asked is not null)
        {
            return [new ModelToTry(asked, IsFallback: false)];
        }

        var models = new List<ModelToTry>(1 + further.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (asked is not null)
        {
            models.Add(new ModelToTry(asked, IsFallback: false));
            seen.Add(asked.Model.Id);
        }

        for (var i = 0; i < further.Count; i++)
        {
            var name = further[i];
            if (snapshot.Catalogue.Resolve(name) is not { } next)
            {
                draft.LeaveOut(name, "fallback: no such model");
                continue;
            }

            if (!seen.Add(next.Model.Id))
            {
                continue;
            }

            if (ChosenModels.Is(next.Model))
            {
                foreach (var chosen in new AutoRouter(snapshot, request, today).Instead(next))
                {
                    draft.AnyKnown = true;
                    if (seen.Add(chosen.Model.Id))
                    {
                        models.Add(new ModelToTry(chosen, IsFallback: true));
                    }
                }

                continue;
            }

            draft.AnyKnown = true;
            if (ModelPermission.Allows(request.AllowedModels, name, next, snapshot.Catalogue))
            {
                models.Add(new ModelToTry(next, IsFallback: true));
            }
            else
            {
                draft.LeaveOut(next.Model.Id, "fallback: the key may not use this model");
            }
        }

        return models;
    }

    // Who wants no fallback gets no model either that he did not name.
    private static IReadOnlyList<string> Further(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel? asked)
    {
        if (request.FallbackModels.Count > 0 || asked is null || !request.Preferences.AllowFallbacks)
        {
            return request.FallbackModels;
        }

        return snapshot.Fallbacks.TryGetValue(asked.Model.Id, out var chain) || snapshot.Fallbacks.TryGetValue("*", out chain) ? chain : [];
    }
}
