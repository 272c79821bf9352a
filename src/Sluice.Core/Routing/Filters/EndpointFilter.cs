using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Filters;

/// <summary>What a filter does when it would leave nothing of a model.</summary>
internal enum FilterForce
{
    /// <summary>Demanded by the request: leaves nothing.</summary>
    Demanded,

    /// <summary>What the catalogue knows of an ability. A substitute must have it; the model asked for is tried whatever the catalogue thinks of it.</summary>
    Ability,

    /// <summary>Only chooses among those that could: leaves all where none could.</summary>
    Choice,
}

/// <summary>One reason for which endpoints are left out.</summary>
/// <param name="Step">Its name in a funnel.</param>
/// <param name="Force">What it does when it would leave nothing.</param>
/// <param name="Why">Of an endpoint that it leaves out.</param>
/// <param name="IsWanted">Whether the request wants it at all.</param>
/// <param name="Allows">Whether an endpoint passes. What is not known never passes a demand on price or privacy.</param>
internal sealed record EndpointFilter(string Step, FilterForce Force, string Why, Func<Demands, bool> IsWanted, Func<EndpointFacts, Demands, bool> Allows)
{
    /// <summary>Whether every endpoint of a model passes, where that is known without asking each; null where each must be asked.</summary>
    public Func<ModelRoutes, Demands, bool>? AllowsAll { get; init; }

    /// <summary>The list of providers that alone decides of each endpoint of the model; null where each must be asked.</summary>
    public Func<ModelRoutes, Demands, ListVerdict?>? ByList { get; init; }

    /// <summary>The member of the request that demands it; null where the request's content does.</summary>
    public string? Member { get; init; }

    /// <summary>OpenRouter's word for what leaves endpoints out here; null where it has none.</summary>
    public string? ExcludedBy { get; init; }

    /// <summary>Every request wants it and hardly any meets it: a funnel tells of it only where it takes something away.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>What to do when nothing is left.</summary>
    public string Remedy { get; init; } = "Change the request, or configure an endpoint that can do this.";

    /// <summary><see cref="Why"/>, of a substitute.</summary>
    public string WhyFallback { get; } = "fallback: " + Why;

    /// <summary>Holds even if nothing is left then.</summary>
    public bool Holds(Demands demands) => Force == FilterForce.Demanded || (Force == FilterForce.Ability && demands.IsSubstitute);
}
