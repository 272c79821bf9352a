using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>A configuration as the planner reads it: the facts of every endpoint, worked out once. Immutable; a new one for each snapshot, and each day, since prices change by the day.</summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, int> _providers = new(StringComparer.Ordinal);
    private readonly Dictionary<IReadOnlyList<ModelEndpoint>, ModelRoutes> _models = new(ReferenceEqualityComparer.Instance);
    private readonly DateTimeOffset _day;

    public RouteTable(ConfigSnapshot snapshot, DateTimeOffset now)
    {
        Snapshot = snapshot;
        Day = DayOf(now);
        _day = now;
        Names = new ProviderNames(snapshot.Providers);
        for (var i = 0; i < snapshot.Providers.Count; i++)
        {
            _providers.TryAdd(snapshot.Providers[i].Name, i);
        }

        foreach (var model in snapshot.Catalogue.Servable)
        {
            _models.TryAdd(model.Endpoints, Compile(model));
        }
    }

    public ConfigSnapshot Snapshot { get; }

    /// <summary>Days since year 1, UTC.</summary>
    public long Day { get; }

    public ProviderNames Names { get; }

    public static long DayOf(DateTimeOffset now) => now.UtcTicks / TimeSpan.TicksPerDay;

    /// <summary>The endpoints of a model. Names that are not listed anywhere make endpoints as they are asked for; those have few and are worked out each time.</summary>
    public ModelRoutes Of(ResolvedModel resolved) => _models.TryGetValue(resolved.Endpoints, out var routes) ? routes : Compile(resolved);

    private ModelRoutes Compile(ResolvedModel resolved)
    {
        var endpoints = new List<EndpointFacts>(resolved.Endpoints.Count);
        var today = DateOnly.FromDateTime(_day.UtcDateTime);
        List<LeftOutEndpoint>? gone = null;
        foreach (var endpoint in resolved.Endpoints)
        {
            if (endpoint.Ends < today)
            {
                (gone ??= []).Add(new LeftOutEndpoint(endpoint.Id, string.Create(CultureInfo.InvariantCulture, $"ended on {endpoint.Ends:yyyy-MM-dd}")));
            }
            else if (_providers.TryGetValue(endpoint.Provider, out var index))
            {
                endpoints.Add(new EndpointFacts(endpoint, Snapshot.Providers[index], index, endpoints.Count, _day));
            }
            else
            {
                (gone ??= []).Add(new LeftOutEndpoint(endpoint.Id, "the provider is not configured"));
            }
        }

        var tiers = endpoints.SelectMany(ordinary => ordinary.Endpoint.Tiers, static (ordinary, tier) => (ordinary, tier)).ToList();
        var withTiers = tiers.Count == 0 ? null : endpoints.Concat(tiers.Select((pair, i) =>
            new EndpointFacts(pair.tier, pair.ordinary.Provider, pair.ordinary.ProviderIndex, endpoints.Count + i, _day)));
        return new ModelRoutes(resolved.Model, [.. endpoints], gone ?? [], withTiers?.ToArray());
    }
}
