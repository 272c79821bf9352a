using Sluice.Core.Catalogue;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>A list of provider names as a request gives it, looked up once, so that asking for an endpoint is one step however long the list is.</summary>
internal sealed class ProviderList
{
    /// <summary>Names nobody.</summary>
    public static readonly ProviderList Empty = new(0, [], [], namesStrangers: false);

    // By provider: one more than the place of the first name that means it as a whole; 0 for none. Places are below 256, since lists are bounded.
    private readonly byte[] _places;

    // Names that mean a part of a provider's endpoints, with their places.
    private readonly (int Place, ProviderMatch Match)[] _suffixed;

    private ProviderList(int count, byte[] places, (int Place, ProviderMatch Match)[] suffixed, bool namesStrangers)
    {
        (Count, NamesStrangers) = (count, namesStrangers);
        (_places, _suffixed) = (places, suffixed);
    }

    public int Count { get; }

    /// <summary>By provider, 0 for whom the list does not name; null where it names parts of some provider's endpoints.</summary>
    public byte[]? WholePlaces => _suffixed.Length == 0 ? _places : null;

    /// <summary>Some name means no configured provider.</summary>
    public bool NamesStrangers { get; }

    public static ProviderList Of(IReadOnlyList<string> written, ProviderNames names)
    {
        if (written.Count == 0)
        {
            return Empty;
        }

        var count = Math.Min(written.Count, byte.MaxValue);
        var places = new byte[names.Count];
        var namesStrangers = false;
        List<(int Place, ProviderMatch Match)>? suffixed = null;
        for (var i = 0; i < count; i++)
        {
            var match = names.Find(written[i]);
            namesStrangers |= !match.IsKnown;
            if (match.Suffix is not null)
            {
                (suffixed ??= []).Add((i, match));
                continue;
            }

            foreach (var provider in match.Providers)
            {
                places[provider] = places[provider] == 0 ? (byte)(i + 1) : places[provider];
            }
        }

        return new ProviderList(count, places, suffixed is null ? [] : [.. suffixed], namesStrangers);
    }

    /// <summary>Some name means a service tier: <c>openai/flex</c>.</summary>
    public bool NamesTiers => Array.Exists(_suffixed, static name => ServiceTiers.IsTier(name.Match.Suffix?.ToLowerInvariant()));

    /// <summary>The place of the first name that covers an endpoint; -1 where none does.</summary>
    /// <param name="endpoint">Which.</param>
    /// <param name="withTiers">A provider's name covers its endpoints in other tiers too, which by themselves only <c>provider/tier</c> does.</param>
    public int PlaceOf(EndpointFacts endpoint, bool withTiers = false)
    {
        if (Count == 0)
        {
            return -1;
        }

        var place = endpoint.Tier is null || withTiers ? _places[endpoint.ProviderIndex] - 1 : -1;
        foreach (var (at, match) in _suffixed)
        {
            if ((place < 0 || at < place) && match.Covers(endpoint))
            {
                return at;
            }
        }

        return place;
    }

    public bool Covers(EndpointFacts endpoint, bool withTiers = false) =>
        (_places.Length > 0 && _places[endpoint.ProviderIndex] > 0 && (endpoint.Tier is null || withTiers)) || (_suffixed.Length > 0 && PlaceOf(endpoint, withTiers) >= 0);
}
