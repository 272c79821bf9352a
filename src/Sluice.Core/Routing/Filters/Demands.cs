using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Filters;

/// <summary>What one request demands of endpoints: its preferences with their names looked up, and what its body needs.</summary>
internal sealed class Demands
{
    private EndpointFacts[] _endpoints = [];

    public Demands(RoutingRequest request, ProviderNames names)
    {
        Request = request;
        Preferences = request.Preferences;
        Needs = request.Needs;
        Window = Needs.InputTokens + (Needs.OutputTokens ?? 0);
        if (!ReferenceEquals(Preferences, ProviderPreferences.None))
        {
            Only = ProviderList.Of(Preferences.Only, names);
            Ignore = ProviderList.Of(Preferences.Ignore, names);
            Order = ProviderList.Of(Preferences.Order, names);
            Ceiling = Preferences.MaxPrice is { } limit ? new PriceCeiling(limit, Needs.InputTokens) : null;
        }

        Tiers = new TierDemand(request, Only, Order);
    }

    public RoutingRequest Request { get; }

    public ProviderPreferences Preferences { get; }

    public RequestNeeds Needs { get; }

    public ProviderList Only { get; } = ProviderList.Empty;

    public ProviderList Ignore { get; } = ProviderList.Empty;

    public ProviderList Order { get; } = ProviderList.Empty;

    /// <summary>The most that it pays; null where nothing is limited.</summary>
    public PriceCeiling? Ceiling { get; }

    public TierDemand Tiers { get; }

    /// <summary>Tokens that the window must hold: what is sent and what is asked for.</summary>
    public long Window { get; }

    /// <summary>Some preference goes by how fast endpoints were lately.</summary>
    public bool WantsSpeed => Preferences.PreferredMinThroughput is not null || Preferences.PreferredMaxLatency is not null;

    /// <summary>Some endpoint at hand is in another tier than the ordinary one.</summary>
    public bool IsTiered { get; private set; }

    /// <summary>The endpoints at hand are of a substitute, not of the model asked for.</summary>
    public bool IsSubstitute { get; private set; }

    /// <summary>
    /// The endpoint gets the <c>provider</c> member itself and holds to it. Nothing is known here of the providers behind it, so what names or
    /// concerns only those is left to it.
    /// </summary>
    public bool IsLeftTo(EndpointFacts endpoint) => endpoint.EnforcesPreferences && Request.PreferencesTravel;

    /// <summary>
    /// The endpoint is on a list, or the list names somebody behind an endpoint that holds to it itself: a provider that is not configured here, or
    /// one that is and does not serve the model.
    /// </summary>
    public bool Lists(ProviderList list, EndpointFacts endpoint) =>
        list.Covers(endpoint) || ((endpoint.Tier is not null || endpoint.EnforcesPreferences) && ListsInTierOrBehind(list, endpoint));

    private bool ListsInTierOrBehind(ProviderList list, EndpointFacts endpoint) =>
        list.Covers(endpoint, Tiers.IsAsked(endpoint)) || (IsLeftTo(endpoint) && (list.NamesStrangers || !CoversAny(list)));

    private bool CoversAny(ProviderList list)
    {
        foreach (var endpoint in _endpoints)
        {
            if (list.Covers(endpoint))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Turns to the next model; its endpoints, those in other tiers among them where the request may go there.</summary>
    /// <param name="routes">Of the model.</param>
    /// <param name="variant">As it was named.</param>
    /// <param name="isSubstitute">It is not the one asked for.</param>
    public ModelRoutes Enter(ModelRoutes routes, string? variant, bool isSubstitute)
    {
        var open = Tiers.Enter(variant) ? routes.WithTiers : routes;
        (_endpoints, IsSubstitute, IsTiered) = (open.Endpoints, isSubstitute, open.Endpoints.Length > routes.Endpoints.Length);
        return open;
    }
}
