using Sluice.Core.Catalogue;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>A list of provider names as a request gives it, looked up once, so that asking for an endpoint is one step however long the list is.</summary>
internal sealed class ProviderList
{
    /// <summary>Names nobody.</summary>
    public static readonly ProviderList Empty = new([], [], []);

    private readonly ProviderMatch[] _matches;

    // By provider: one more than the place of the first name that means it as a whole; 0 for none. Places are below 256, since lists are bounded.
    private readonly byte[] _places;
    private readonly int[] _suffixed;

    private ProviderList(ProviderMatch[] matches, byte[] places, int[] suffixed) => (_matches, _places, _suffixed) = (matches, places, suffixed);

    public int Count => _matches.Length;

    /// <summary>Some name means no configured provider.</summary>
    public bool NamesStrangers => Array.Exists(_matches, match => !match.IsKnown);

    public static ProviderList Of(IReadOnlyList<string> written, ProviderNames names)
    {
        if (written.Count == 0)
        {
            return Empty;
        }

        var matches = new ProviderMatch[Math.Min(written.Count, byte.MaxValue)];
        var places = new byte[names.Count];
        List<int>? suffixed = null;
        for (var i = 0; i < matches.Length; i++)
        {
            matches[i] = names.Find(written[i]);
            if (matches[i].Suffix is not null)
            {
                (suffixed ??= []).Add(i);
                continue;
            }

            foreach (var provider in matches[i].Providers)
            {
                places[provider] = places[provider] == 0 ? (byte)(i + 1) : places[provider];
            }
        }

        return new ProviderList(matches, places, suffixed is null ? [] : [.. suffixed]);
    }

    /// <summary>Some name means a service tier: <c>openai/flex</c>.</summary>
    public bool NamesTiers => Array.Exists(_suffixed, i => ServiceTiers.IsTier(_matches[i].Suffix?.ToLowerInvariant()));

    /// <summary>The place of the first name that covers an endpoint; -1 where none does.</summary>
    /// <param name="endpoint">Which.</param>
    /// <param name="withTiers">A provider's name covers its endpoints in other tiers too, which by themselves only <c>provider/tier</c> does.</param>
    public int PlaceOf(EndpointFacts endpoint, bool withTiers = false)
    {
        if (_matches.Length == 0)
        {
            return -1;
        }

        var place = endpoint.Tier is null || withTiers ? _places[endpoint.ProviderIndex] - 1 : -1;
        foreach (var i in _suffixed)
        {
            if ((place < 0 || i < place) && _matches[i].Covers(endpoint))
            {
                return i;
            }
        }

        return place;
    }

    public bool Covers(EndpointFacts endpoint, bool withTiers = false) =>
        _suffixed.Length > 0 ? PlaceOf(endpoint, withTiers) >= 0
        : _places.Length > 0 && _places[endpoint.ProviderIndex] > 0 && (endpoint.Tier is null || withTiers);
}
