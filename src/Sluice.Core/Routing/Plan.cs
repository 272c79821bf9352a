using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;

namespace Sluice.Core.Routing;

/// <summary>What the planner needs to know of one request.</summary>
/// <param name="Model">As the client named it.</param>
public sealed record RoutingRequest(string Model)
{
    /// <summary>Further models that the request itself names, in order.</summary>
    public IReadOnlyList<string> FallbackModels { get; init; } = [];

    /// <summary>The agent conversation; null where there is none.</summary>
    public string? Session { get; init; }

    /// <summary>Models that the key may use, as written; empty is all.</summary>
    public IReadOnlyList<string> AllowedModels { get; init; } = [];

    /// <summary>What the request's <c>provider</c> object wants.</summary>
    public ProviderPreferences Preferences { get; init; } = ProviderPreferences.None;

    /// <summary>What an endpoint must be able to do.</summary>
    public RequestNeeds Needs { get; init; }

    /// <summary>Who sends it, for rules.</summary>
    public RequestOrigin Origin { get; init; } = RequestOrigin.Unknown;
}

/// <summary>An endpoint together with one credential.</summary>
/// <param name="Endpoint">Which model where.</param>
/// <param name="Provider">Its provider.</param>
/// <param name="Credential">Null where the provider needs none.</param>
/// <param name="Reason">Why it stands where it stands, one short phrase without commas: <c>only endpoint</c>, <c>session stays</c>, <c>next in order</c>.</param>
public sealed record Candidate(ModelEndpoint Endpoint, ProviderSettings Provider, Credential? Credential, string Reason);

/// <summary>An endpoint that the plan does not use, and why.</summary>
public sealed record LeftOutEndpoint(string Endpoint, string Why);

/// <summary>The ordered candidates for one request.</summary>
public sealed record Plan
{
    /// <summary>Best first. Empty when there is nothing to try: <see cref="Refusal"/> says why.</summary>
    public IReadOnlyList<Candidate> Candidates { get; init; } = [];

    /// <summary>Every endpoint considered and not used.</summary>
    public IReadOnlyList<LeftOutEndpoint> LeftOut { get; init; } = [];

    /// <summary>What was asked for and done otherwise, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The canonical model asked for; null when the name means nothing.</summary>
    public Model? Model { get; init; }

    /// <summary>What the client is told when there are no candidates.</summary>
    public Protocols.Errors.GatewayError? Refusal { get; init; }
}
