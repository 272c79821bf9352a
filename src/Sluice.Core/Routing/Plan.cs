using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing.Auto;

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

    /// <summary>The order that the request's path means where the request names none; null is the configured one.</summary>
    public RouteSort? DefaultSort { get; init; }

    /// <summary>An upstream that is a router itself gets the <c>provider</c> member as the client wrote it.</summary>
    public bool PreferencesTravel { get; init; }

    /// <summary>The service tier asked for, one of the words of <see cref="ServiceTiers"/>; null where the request leaves it open.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>It may be shortened to fit a window: one that holds half of it will do.</summary>
    public bool MayBeShortened { get; init; }

    /// <summary>What an endpoint must be able to do.</summary>
    public RequestNeeds Needs { get; init; }

    /// <summary>Who sends it, for rules.</summary>
    public RequestOrigin Origin { get; init; } = RequestOrigin.Unknown;

    /// <summary>Its body, where the task may have to be told; null where nobody asks for that.</summary>
    public RequestPrompt? Prompt { get; init; }
}

/// <summary>An endpoint together with one credential.</summary>
/// <param name="Endpoint">Which model where.</param>
/// <param name="Provider">Its provider.</param>
/// <param name="Credential">Null where the provider needs none.</param>
/// <param name="Reason">Why it stands where it stands, one short phrase without commas: <c>only endpoint</c>, <c>session stays</c>, <c>next in order</c>.</param>
public sealed record Candidate(ModelEndpoint Endpoint, ProviderSettings Provider, Credential? Credential, string Reason);

/// <summary>An endpoint that the plan does not use, and why.</summary>
public readonly record struct LeftOutEndpoint(string Endpoint, string Why);

/// <summary>One step of the way from all endpoints of a model to those that a request allows.</summary>
/// <param name="Step">What was asked there.</param>
/// <param name="Endpoints">How many were left after it.</param>
public sealed record FunnelStep(string Step, int Endpoints);

/// <summary>The ordered candidates for one request.</summary>
public sealed record Plan
{
    /// <summary>Best first. Empty when there is nothing to try: <see cref="Refusal"/> says why.</summary>
    public IReadOnlyList<Candidate> Candidates { get; init; } = [];

    /// <summary>Every endpoint considered and not used.</summary>
    public IReadOnlyList<LeftOutEndpoint> LeftOut { get; init; } = [];

    /// <summary>Which filters left how many endpoints of the model asked for; only where they left none.</summary>
    public IReadOnlyList<FunnelStep> Funnel { get; init; } = [];

    /// <summary>What was asked for and done otherwise, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What leaving the session's warm cache would cost; null where prices did not decide, or there was none to leave.</summary>
    public WarmComparison? Moving { get; init; }

    /// <summary>How the endpoints of the model asked for were sorted; null where there was nothing to sort.</summary>
    public RouteSort? Sort { get; init; }

    /// <summary>The canonical model asked for; null when the name means nothing.</summary>
    public Model? Model { get; init; }

    /// <summary>How the model was chosen; null where the request named one.</summary>
    public AutoChoice? Auto { get; init; }

    /// <summary>The configured rule that the request was planned by; null where none held.</summary>
    public string? Rule { get; init; }

    /// <summary>What the client is told when there are no candidates.</summary>
    public Protocols.Errors.GatewayError? Refusal { get; init; }
}
