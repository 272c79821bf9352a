using Sluice.Core.Catalogue;
using Sluice.Core.Routing.Filters;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing;

/// <summary>What a client is told whose request has no candidate.</summary>
internal static class Refusals
{
    private const int LongestShown = 200;
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(55);

    /// <summary>404: the name means nothing; near names that the key may use.</summary>
    public static GatewayError ModelNotFound(CatalogueTable catalogue, RoutingRequest request)
    {
        List<string>? near = null;
        foreach (var name in catalogue.Suggest(request.Model))
        {
            // Not even the names of models that the key may not use are given away.
            if (catalogue.Resolve(name) is { } resolved && ModelPermission.Allows(request.AllowedModels, name, resolved, catalogue))
            {
                (near ??= []).Add(name);
            }
        }

        var message = request.Model.EndsWith(":batch", StringComparison.OrdinalIgnoreCase)
            ? $"The model '{Shown(request)}' does not exist here: ':batch' names endpoints for batches, which this gateway does not serve. Leave it out."
            : near is null
            ? $"The model '{Shown(request)}' does not exist here."
            : $"The model '{Shown(request)}' does not exist here. Did you mean {string.Join(" or ", near)}?";
        return new GatewayError(ErrorKind.ModelNotFound, ErrorSource.Client, 404, message)
        {
            Param = "model",
            RequestedModels = ModelsOf(request),
            FallbackModels = near ?? [],
            ShouldRetry = false,
            Remedy = "GET /v1/models lists what can be used; an administrator adds models and aliases in the configuration.",
        };
    }

    /// <summary>403: the key may not use the model.</summary>
    public static GatewayError NotAllowed(RoutingRequest request) =>
        new(ErrorKind.Permission, ErrorSource.Client, 403, $"This key may not use the model '{Shown(request)}'.")
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = "Use one of the key's models, or ask the administrator to allow this one.",
        };

    /// <summary>The model is known and nobody can be asked: 503 or 429 where somebody can be later, 502 where all credentials are refused, else 404.</summary>
    public static GatewayError NothingToTry(RoutingRequest request, PlanDraft draft, IReadOnlyList<FunnelStep> funnel) =>
        Nobody(request, draft, funnel) with { RequestedModels = ModelsOf(request) };

    private static string[] ModelsOf(RoutingRequest request) => [request.Model, .. request.FallbackModels];

    private static GatewayError Nobody(RoutingRequest request, PlanDraft draft, IReadOnlyList<FunnelStep> funnel)
    {
        if (draft.FreeAgainIn is { } rest)
        {
            return draft.AnyOpen ? OpenCircuits.Refusal(request.Model, rest, draft.Words) : AllCooling(request, draft, rest);
        }

        if (draft.AnyDead)
        {
            return ProviderWords.Quote(
                new GatewayError(ErrorKind.UpstreamError, ErrorSource.Provider, 502, $"Every provider credential for '{Shown(request)}' was refused by its provider (key, credit or permission).")
                {
                    ShouldRetry = false,
                    Remedy = "The administrator must replace the provider's key or settle its account, and save the configuration.",
                },
                draft.Words);
        }

        return funnel.Count > 0 && funnel[^1].Endpoints == 0 ? FilteredOut(request, funnel) : NotServed(request, draft.LeftOut());
    }

    private static GatewayError AllCooling(RoutingRequest request, PlanDraft draft, TimeSpan rest) => ProviderWords.Quote(
        new GatewayError(ErrorKind.RateLimit, ErrorSource.Provider, 429, $"Every provider of '{Shown(request)}' asked to be left alone for now; the first is free again in {PlanDraft.Seconds(rest)} s.")
        {
            RetryAfter = Wait(rest),
            Remedy = "Wait and try again; more credentials, another provider or a fallback model would help.",
        },
        draft.Words);

    private static GatewayError FilteredOut(RoutingRequest request, IReadOnlyList<FunnelStep> funnel)
    {
        var last = Array.Find(EndpointFilters.All, filter => filter.Step == funnel[^1].Step)!;
        var steps = new List<string>();
        for (var i = 1; i < funnel.Count; i++)
        {
            if (funnel[i].Endpoints < funnel[i - 1].Endpoints)
            {
                var filter = Array.Find(EndpointFilters.All, filter => filter.Step == funnel[i].Step)!;
                steps.Add($"{filter.Member ?? filter.Step} leaves {PlanDraft.Number(funnel[i].Endpoints)}");
            }
        }

        return new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Client, 404,
            $"No endpoint of '{Shown(request)}' is what the request asks for: of {PlanDraft.Number(funnel[0].Endpoints)}, {string.Join(", ", steps)}.")
        {
            Param = last.Member,
            Funnel = [.. funnel.Select(step => new ErrorFunnelStep(step.Step, step.Endpoints) { ExcludedBy = Array.Find(EndpointFilters.All, filter => filter.Step == step.Step)?.ExcludedBy })],
            ShouldRetry = false,
            Remedy = last.Remedy,
        };
    }

    private static GatewayError NotServed(RoutingRequest request, IReadOnlyList<LeftOutEndpoint> leftOut)
    {
        var reasons = leftOut.Count == 0 ? "" : $" ({leftOut[0].Endpoint}: {leftOut[0].Why})";
        return new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Gateway, 404, $"The model '{Shown(request)}' is known, but nothing here can serve it{reasons}.")
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = "Configure a provider that serves the model, or use one that GET /v1/models lists.",
        };
    }

    private static TimeSpan Wait(TimeSpan rest) =>
        rest < ShortestRetry ? ShortestRetry : rest > LongestRetry ? LongestRetry : TimeSpan.FromSeconds(Math.Ceiling(rest.TotalSeconds));

    private static string Shown(RoutingRequest request) => request.Model.Length <= LongestShown ? request.Model : request.Model[..LongestShown] + "…";
}
