using Sluice.Core.Catalogue;
using Sluice.Core.Health;
using Sluice.Core.Routing.Ordering;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>The endpoints of one model in configured order.</summary>
internal sealed class ModelRoutes
{
    // Up to so many endpoints are asked each time; more are read once a second, since their speeds are averages over minutes.
    private const int FewEndpoints = 16;

    private volatile SpeedReading? _speeds;
    private Ranking? _byPrice;
    private Ranking? _forDraws;
    private Dictionary<string, int>? _positions;
    private volatile ToolReading? _toolReading;

    /// <param name="model">Which.</param>
    /// <param name="endpoints">Those in the ordinary tier.</param>
    /// <param name="gone">Endpoints that cannot be asked by anybody today.</param>
    /// <param name="withTiers">The same and those in other tiers; null where there are none such.</param>
    public ModelRoutes(Model model, EndpointFacts[] endpoints, IReadOnlyList<LeftOutEndpoint> gone, EndpointFacts[]? withTiers = null)
    {
        Model = model;
        Endpoints = endpoints;
        Gone = gone;
        Providers = Array.Exists(endpoints, static endpoint => endpoint.Tier is not null || endpoint.EnforcesPreferences) ? null : Array.ConvertAll(endpoints, static endpoint => endpoint.ProviderIndex);
        AsListed = Ranking.AsListed(endpoints.Length);
        Draws = endpoints.Length > PriceDraw.Few ? DrawTable.Of(Array.ConvertAll(endpoints, static endpoint => endpoint.Weight)) : null;
        WithTiers = withTiers is null ? this : new ModelRoutes(model, withTiers, gone);
        foreach (var endpoint in endpoints)
        {
            AllTake &= endpoint.Takes;
            AllMake &= endpoint.Makes;
            AllTakeTools &= endpoint.TakesTools;
            LeastContext = Math.Min(LeastContext, endpoint.ContextLength);
            LeastOutput = Math.Min(LeastOutput, endpoint.MaxOutputTokens);
        }
    }

    public Model Model { get; }

    public EndpointFacts[] Endpoints { get; }

    /// <summary>Their providers by position; null where some endpoint is in another tier, or holds to preferences itself: then a name does not mean all of a provider's.</summary>
    public int[]? Providers { get; }

    /// <summary>In configured order, all with the key 0.</summary>
    public Ranking AsListed { get; }

    /// <summary>Cheapest first.</summary>
    public Ranking ByPrice => _byPrice ??= Ranking.By(Array.ConvertAll(Endpoints, static endpoint => endpoint.Price));

    /// <summary>In configured order, but those that no draw by price can reach at the end.</summary>
    public Ranking ForDraws => _forDraws ??= Ranking.By(Array.ConvertAll(Endpoints, static endpoint => endpoint.Weight == 0 ? double.PositiveInfinity : double.MaxValue));

    /// <summary>For draws by price; null where they are few, some are free, or no price is known.</summary>
    public DrawTable? Draws { get; }

    /// <summary>The same model for a request that service tiers are open to: its endpoints in those tiers stand behind the ordinary ones.</summary>
    public ModelRoutes WithTiers { get; }

    /// <summary>Endpoints whose provider is not configured, or whose last day is over.</summary>
    public IReadOnlyList<LeftOutEndpoint> Gone { get; }

    /// <summary>Parameters that every endpoint takes.</summary>
    public RequestParameters AllTake { get; } = (RequestParameters)~0;

    /// <summary>What every endpoint makes.</summary>
    public Products AllMake { get; } = (Products)~0;

    public bool AllTakeTools { get; } = true;

    /// <summary>The smallest window.</summary>
    public long LeastContext { get; } = long.MaxValue;

    /// <summary>The smallest limit of an answer.</summary>
    public long LeastOutput { get; } = long.MaxValue;

    /// <summary>Some endpoint is in this tier.</summary>
    public bool Has(string? tier) => tier is not null && Array.Exists(Endpoints, endpoint => endpoint.Tier == tier);

    /// <summary>The position of an endpoint by its id; -1 for a stranger.</summary>
    public int PositionOf(string id)
    {
        _positions ??= Endpoints.ToLookup(static endpoint => endpoint.Endpoint.Id, StringComparer.Ordinal)
            .ToDictionary(static same => same.Key, static same => same.First().Position, StringComparer.Ordinal);
        return _positions.GetValueOrDefault(id, -1);
    }

    /// <summary>How fast the endpoints are; at most a second old.</summary>
    public SpeedReading Speeds(IHealth health, TimeProvider time)
    {
        var now = time.GetTimestamp();
        if (_speeds is { } last && time.GetElapsedTime(last.At, now) < TimeSpan.FromSeconds(1))
        {
            return last;
        }

        var speeds = new SpeedReading(now, Array.ConvertAll(Endpoints, endpoint => health.Speed(endpoint.Endpoint)));
        if (Endpoints.Length > FewEndpoints)
        {
            _speeds = speeds;
        }

        return speeds;
    }

    /// <summary>How the endpoints stand as to tool calls, by their positions, at most a second old; null where nothing is known of any.</summary>
    public (ToolStanding Standing, double Key)[]? ToolStandings(IHealth health, TimeProvider time)
    {
        var now = time.GetTimestamp();
        if (_toolReading is { } last && time.GetElapsedTime(last.At, now) < TimeSpan.FromSeconds(1))
        {
            return last.Standings;
        }

        var standings = Ordering.ToolStandings.Of(Endpoints, Speeds(health, time), health);
        if (Endpoints.Length > FewEndpoints)
        {
            _toolReading = new ToolReading(now, standings);
        }

        return standings;
    }

    private sealed record ToolReading(long At, (ToolStanding Standing, double Key)[]? Standings);
}
