using Sluice.Core.Catalogue;
using Sluice.Core.Health;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>The endpoints of one model in configured order.</summary>
internal sealed class ModelRoutes
{
    // Up to so many endpoints are asked each time; more are read once a second, since their speeds are averages over minutes.
    private const int FewEndpoints = 16;

    private volatile Reading? _reading;

    public ModelRoutes(Model model, EndpointFacts[] endpoints, IReadOnlyList<string> unconfigured)
    {
        Model = model;
        Endpoints = endpoints;
        Unconfigured = unconfigured;
        foreach (var endpoint in endpoints)
        {
            AllTake &= endpoint.Takes;
            AllTakeTools &= endpoint.TakesTools;
            LeastContext = Math.Min(LeastContext, endpoint.ContextLength);
            LeastOutput = Math.Min(LeastOutput, endpoint.MaxOutputTokens);
        }
    }

    public Model Model { get; }

    public EndpointFacts[] Endpoints { get; }

    /// <summary>Ids of endpoints whose provider is not configured.</summary>
    public IReadOnlyList<string> Unconfigured { get; }

    /// <summary>Parameters that every endpoint takes.</summary>
    public RequestParameters AllTake { get; } = (RequestParameters)~0;

    public bool AllTakeTools { get; } = true;

    /// <summary>The smallest window.</summary>
    public long LeastContext { get; } = long.MaxValue;

    /// <summary>The smallest limit of an answer.</summary>
    public long LeastOutput { get; } = long.MaxValue;

    /// <summary>How fast the endpoints are, by their positions; at most a second old.</summary>
    public EndpointSpeed?[] Speeds(IHealth health, TimeProvider time)
    {
        var now = time.GetTimestamp();
        if (_reading is { } last && time.GetElapsedTime(last.At, now) < TimeSpan.FromSeconds(1))
        {
            return last.Speeds;
        }

        var speeds = new EndpointSpeed?[Endpoints.Length];
        for (var i = 0; i < speeds.Length; i++)
        {
            speeds[i] = health.Speed(Endpoints[i].Endpoint);
        }

        if (speeds.Length > FewEndpoints)
        {
            _reading = new Reading(now, speeds);
        }

        return speeds;
    }

    private sealed record Reading(long At, EndpointSpeed?[] Speeds);
}
