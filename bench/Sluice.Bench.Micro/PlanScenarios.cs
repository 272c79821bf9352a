using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Bench.Micro;

/// <summary>One decision of the planner with 200 endpoints: all of one model at 200 providers, or one each of 200 models. Some endpoints failed lately, so that health is really asked.</summary>
internal static class PlanScenarios
{
    private const int Endpoints = 200;
    private const int Decisions = 100;

    private static readonly RequestNeeds AgentTurn = new(30_000, 8_000, Images: false, Documents: false, Tools: true, RequestParameters.Tools | RequestParameters.MaxTokens);

    public static IEnumerable<Scenario> All()
    {
        var one = Snapshot(models: 1);
        var request = new RoutingRequest("author/model-0") { Needs = AgentTurn, Session = "user\nsession" };
        yield return Of("plan-200-providers", one, request);
        yield return Of("plan-200-providers-well", one, request, allWell: true);
        yield return Of("plan-200-providers-balanced", one, request with { DefaultSort = RouteSort.Balanced });
        yield return Of("plan-200-providers-price", one, request with { Preferences = new ProviderPreferences { Sort = RouteSort.Price } });
        yield return Of("plan-200-providers-throughput", one, request with { Preferences = new ProviderPreferences { Sort = RouteSort.Throughput } });
        yield return Of("plan-200-providers-filtered", one, request with
        {
            Preferences = new ProviderPreferences
            {
                Only = [.. Enumerable.Range(0, 20).Select(i => $"provider-{i * 10}")],
                Ignore = ["provider-30"],
                MaxPrice = new PriceLimit(5, 25, null, null, null),
                RequireParameters = true,
            },
        });
        yield return Of("plan-200-providers-order", one, request with
        {
            Preferences = new ProviderPreferences { Order = [.. Enumerable.Range(0, 20).Select(i => $"provider-{199 - i}")] },
        });
        yield return Of("plan-200-providers-max-price", one, request with { Preferences = new ProviderPreferences { MaxPrice = new PriceLimit(5, 25, null, null, null) } });
        yield return Of("plan-200-providers-ignore", one, request with
        {
            Preferences = new ProviderPreferences { Ignore = [.. Enumerable.Range(0, 20).Select(i => $"provider-{i * 10}")] },
        });
        yield return Of("plan-200-providers-drawn-filtered", one, request with
        {
            DefaultSort = RouteSort.Balanced,
            Preferences = new ProviderPreferences { Ignore = [.. Enumerable.Range(0, 20).Select(i => $"provider-{i * 10}")], MaxPrice = new PriceLimit(5, 25, null, null, null) },
        });
        yield return Of("plan-200-providers-latency", one, request with { DefaultSort = RouteSort.Latency }, measured: true);
        yield return Of("plan-200-providers-large", one, request with { Needs = AgentTurn with { InputTokens = 199_000 } });
        yield return Of("plan-200-providers-at-home", one, request, home: 150);
        yield return Of("plan-200-providers-at-home-price", one, request with { DefaultSort = RouteSort.Price }, home: 143);
        yield return Of("plan-200-providers-exacto", one, request with { DefaultSort = RouteSort.Exacto });
        yield return Of("plan-200-models", Snapshot(models: Endpoints), request with { Model = "author/model-117" });
        yield return Of("plan-200-models-5-fallbacks", Snapshot(models: Endpoints), request with
        {
            Model = "author/model-117",
            FallbackModels = [.. Enumerable.Range(0, 5).Select(i => $"author/model-{i}")],
        });
    }

    private static Scenario Of(string name, ConfigSnapshot snapshot, RoutingRequest request, bool allWell = false, int? home = null, bool measured = false)
    {
        var health = new HealthBoard(TimeProvider.System);
        health.Reload(snapshot);
        var failed = snapshot.Catalogue.Resolve("author/model-0")!.Endpoints[0];
        if (!allWell)
        {
            health.Failed(failed, snapshot.Providers[0].Credentials[0], new UpstreamFault(FaultPhase.Status, new UpstreamError(ErrorKind.UpstreamError, "no")));
        }

        for (var i = 0; measured && i < Endpoints; i++)
        {
            var endpoint = snapshot.Catalogue.Resolve(request.Model)!.Endpoints[i];
            health.Succeeded(endpoint, snapshot.Providers[i].Credentials[0], new AttemptSpeed(TimeSpan.FromMilliseconds(100 + (i * 37 % 101)), TimeSpan.FromSeconds(3), 200));
        }

        var affinity = new SessionAffinity(TimeProvider.System);
        if (home is { } place)
        {
            affinity.Remember(request.Session!, request.Model, snapshot.Catalogue.Resolve(request.Model)!.Endpoints[place].Id, snapshot.Providers[place].Credentials[0].Id, new CacheUse(25_000, TimeSpan.FromHours(1), DateTimeOffset.UtcNow));
        }

        var planner = new Planner(health, affinity, TimeProvider.System, seed: 7);
        return new Scenario(name, Decisions, () =>
        {
            for (var i = 0; i < Decisions; i++)
            {
                if (planner.Plan(snapshot, request).Candidates.Count == 0)
                {
                    throw new InvalidOperationException("The sample request has no candidate.");
                }
            }
        });
    }

    private static ConfigSnapshot Snapshot(int models) => new()
    {
        Server = new ServerSettings(),
        Providers =
        [
            .. Enumerable.Range(0, Endpoints).Select(i => new ProviderSettings
            {
                Name = $"provider-{i}",
                Kind = ProviderKind.OpenAI,
                BaseUrl = new Uri($"http://127.0.0.1:{10_000 + i}/v1"),
                Credentials = [new Credential($"provider-{i}#1", $"key-of-provider-{i}")],
            }),
        ],
        Catalogue = new Models(models),
    };

    private sealed class Models : CatalogueTable
    {
        private readonly Dictionary<string, ResolvedModel> _models = new(StringComparer.OrdinalIgnoreCase);

        public Models(int models)
        {
            for (var m = 0; m < models; m++)
            {
                var model = new Model($"author/model-{m}") { Traits = new ModelTraits { Tools = true, ContextLength = 200_000, MaxOutputTokens = 64_000 } };
                var providers = models == 1 ? Enumerable.Range(0, Endpoints) : [m];
                _models[model.Id] = new ResolvedModel(
                    model,
                    [.. providers.Select(i => new ModelEndpoint(model, $"provider-{i}", $"model-{m}", new PriceSheet { Input = 1 + (i * 7 % 13), Output = 5 + (i * 5 % 11) }))],
                    "exact");
            }
        }

        public override IReadOnlyList<ResolvedModel> Servable => [.. _models.Values];

        public override ResolvedModel? Resolve(string name) => _models.GetValueOrDefault(name);

        public override IReadOnlyList<string> Suggest(string name) => [];
    }
}
