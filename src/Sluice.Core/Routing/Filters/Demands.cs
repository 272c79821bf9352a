using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Filters;

/// <summary>What one request demands of endpoints: its preferences with their names looked up, and what its body needs.</summary>
internal sealed class Demands
{
    private static readonly ProviderMatch[] Nobody = [];

    public Demands(RoutingRequest request, ProviderNames names)
    {
        Request = request;
        Preferences = request.Preferences;
        Needs = request.Needs;
        Window = Needs.InputTokens + (Needs.OutputTokens ?? 0);
        if (!ReferenceEquals(Preferences, ProviderPreferences.None))
        {
            Only = Matches(Preferences.Only, names);
            Ignore = Matches(Preferences.Ignore, names);
            Order = Matches(Preferences.Order, names);
        }
    }

    public RoutingRequest Request { get; }

    public ProviderPreferences Preferences { get; }

    public RequestNeeds Needs { get; }

    public ProviderMatch[] Only { get; } = Nobody;

    public ProviderMatch[] Ignore { get; } = Nobody;

    public ProviderMatch[] Order { get; } = Nobody;

    /// <summary>Tokens that the window must hold: what is sent and what is asked for.</summary>
    public long Window { get; }

    /// <summary>Some preference goes by how fast endpoints were lately.</summary>
    public bool WantsSpeed => Preferences.PreferredMinThroughput is not null || Preferences.PreferredMaxLatency is not null;

    /// <summary>The endpoints at hand are of a substitute, not of the model asked for.</summary>
    public bool IsSubstitute { get; set; }

    /// <summary>
    /// The endpoint gets the <c>provider</c> member itself and holds to it. Nothing is known here of the providers behind it, so what names or
    /// concerns only those is left to it.
    /// </summary>
    public bool IsLeftTo(EndpointFacts endpoint) => endpoint.EnforcesPreferences && Request.PreferencesTravel;

    /// <summary>The endpoint is on a list, or the list names somebody behind an endpoint that holds to it itself.</summary>
    public bool Lists(ProviderMatch[] list, EndpointFacts endpoint) =>
        ProviderMatch.IndexOf(list, endpoint) >= 0 || (IsLeftTo(endpoint) && Array.Exists(list, match => !match.IsKnown));

    private static ProviderMatch[] Matches(IReadOnlyList<string> written, ProviderNames names)
    {
        if (written.Count == 0)
        {
            return Nobody;
        }

        var matches = new ProviderMatch[written.Count];
        for (var i = 0; i < matches.Length; i++)
        {
            matches[i] = names.Find(written[i]);
        }

        return matches;
    }
}
