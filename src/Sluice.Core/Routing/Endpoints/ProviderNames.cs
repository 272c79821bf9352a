using System.Collections.Frozen;
using Sluice.Core.Configuration;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>
/// What requests may call the configured providers: the name in the file first, then the slugs and display names that OpenRouter has for the
/// vendor, then the vendor's domain. A name that some provider has in the file means that provider alone.
/// </summary>
internal sealed class ProviderNames
{
    // Vendors and kinds whose slug at OpenRouter is another word. Display names need no rows: they differ in case, spaces and hyphens only.
    private static readonly (string Vendor, string[] Slugs)[] Vendors =
    [
        ("google", ["google-ai-studio", "google"]), ("qwen", ["alibaba", "qwen"]), ("moonshot", ["moonshotai", "moonshot"]),
        ("zai", ["z-ai", "zai"]),
    ];

    private static readonly (ProviderKind Kind, string[] Slugs)[] Kinds =
    [
        (ProviderKind.Bedrock, ["amazon-bedrock", "bedrock"]), (ProviderKind.Vertex, ["google-vertex", "vertex", "google"]), (ProviderKind.Azure, ["azure"]),
    ];

    private const int LongestName = 128;

    private readonly FrozenDictionary<string, int[]> _asWritten;
    private readonly Dictionary<string, int[]> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int[]> _loose = new(StringComparer.Ordinal);

    public ProviderNames(IReadOnlyList<ProviderSettings> providers)
    {
        Count = providers.Count;
        for (var i = 0; i < providers.Count; i++)
        {
            _exact[providers[i].Name] = [i];
            Add(_loose, Loose(providers[i].Name), i);
        }

        var own = new HashSet<string>(_exact.Keys, StringComparer.OrdinalIgnoreCase);
        var ownLoose = new HashSet<string>(_loose.Keys, StringComparer.Ordinal);
        for (var i = 0; i < providers.Count; i++)
        {
            foreach (var alias in Aliases(providers[i]))
            {
                if (!own.Contains(alias))
                {
                    Add(_exact, alias, i);
                }

                if (!ownLoose.Contains(Loose(alias)))
                {
                    Add(_loose, Loose(alias), i);
                }
            }
        }

        _asWritten = _exact.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Configured providers.</summary>
    public int Count { get; }

    /// <summary>Whom a name of a request means; covers nothing where it means nobody.</summary>
    /// <param name="written"><c>anthropic</c>, <c>Moonshot AI</c>, <c>google-vertex/us-east5</c>.</param>
    public ProviderMatch Find(string written)
    {
        if (written.Length is 0 or > LongestName)
        {
            return ProviderMatch.Nobody;
        }

        if (Providers(written) is { } whole)
        {
            return new ProviderMatch(whole, null);
        }

        var slash = written.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && Providers(written[..slash]) is { } some ? new ProviderMatch(some, written[(slash + 1)..]) : ProviderMatch.Nobody;
    }

    // Nearly all names are written as they stand in the file, and letters compared as they are cost half of those compared in any case.
    private int[]? Providers(string name) => _asWritten.TryGetValue(name, out var providers) ? providers : _exact.GetValueOrDefault(name) ?? _loose.GetValueOrDefault(Loose(name));

    private static void Add(Dictionary<string, int[]> names, string name, int provider)
    {
        if (name.Length > 0)
        {
            names[name] = !names.TryGetValue(name, out var others) ? [provider] : others.Contains(provider) ? others : [.. others, provider];
        }
    }

    private static IEnumerable<string> Aliases(ProviderSettings provider)
    {
        foreach (var alias in Array.Find(Kinds, row => row.Kind == provider.Kind).Slugs ?? [])
        {
            yield return alias;
        }

        if (provider.Kind is ProviderKind.Bedrock or ProviderKind.Vertex or ProviderKind.Azure or ProviderKind.Simulator)
        {
            yield break;
        }

        if (Dialects.VendorOf(provider) is { } vendor)
        {
            foreach (var alias in Array.Find(Vendors, row => row.Vendor == vendor).Slugs ?? [vendor])
            {
                yield return alias;
            }
        }

        if (DomainOf(provider.BaseUrl) is { } domain)
        {
            yield return domain;
        }
    }

    // api.deepinfra.com → deepinfra.
    private static string? DomainOf(Uri url)
    {
        if (url.HostNameType != UriHostNameType.Dns)
        {
            return null;
        }

        var labels = url.Host.Split('.');
        return labels.Length >= 2 && labels[^1] != "invalid" ? labels[^2] : null;
    }

    private static string Loose(string name) => string.Create(name.Count(char.IsAsciiLetterOrDigit), name, static (text, name) =>
    {
        var at = 0;
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                text[at++] = char.ToLowerInvariant(c);
            }
        }
    });
}

/// <summary>Whom a name of a request means.</summary>
/// <param name="Providers">Their places in the configuration.</param>
/// <param name="Suffix">What stands behind the slash: only endpoints of that service tier, tag, region or upstream model; null for all in the ordinary tier.</param>
internal readonly record struct ProviderMatch(int[] Providers, string? Suffix)
{
    /// <summary>Means nobody.</summary>
    public static readonly ProviderMatch Nobody = new([], null);

    public bool IsKnown => Providers.Length > 0;

    public bool Covers(EndpointFacts endpoint)
    {
        foreach (var provider in Providers)
        {
            if (provider == endpoint.ProviderIndex)
            {
                return endpoint.Tier is { } tier ? Is(tier) : Suffix is null || IsSuffixOf(endpoint);
            }
        }

        return false;
    }

    private bool IsSuffixOf(EndpointFacts endpoint) =>
        Is(endpoint.Endpoint.Tag) || Is(endpoint.Provider.Region) || Is(endpoint.Endpoint.UpstreamModel)
        || Is(endpoint.Provider.Cloud switch { VertexSettings vertex => vertex.Location, BedrockSettings bedrock => bedrock.Region, _ => null });

    private bool Is(string? name) => string.Equals(name, Suffix, StringComparison.OrdinalIgnoreCase);
}
