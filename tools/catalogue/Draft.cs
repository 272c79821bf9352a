using Sluice.Core.Catalogue;
using Sluice.Core.Configuration.Schema;

namespace Sluice.Catalogue;

/// <summary>A model while the lists are brought together.</summary>
internal sealed class Draft(string id)
{
    private readonly Dictionary<string, bool> _can = new(StringComparer.Ordinal);

    public string Id { get; } = id;

    public string Author { get; } = id[..id.IndexOf('/', StringComparison.Ordinal)];

    public string Slug { get; } = id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..];

    public DateOnly? Released { get; set; }

    public long? Context { get; set; }

    public long? MaxOutput { get; set; }

    public long? MaxThinkingBudget { get; set; }

    public bool? Adaptive { get; set; }

    public IReadOnlyList<string> Efforts { get; set; } = [];

    public CataloguePrice? ListPrice { get; set; }

    public CataloguePrice? OpenRouterPrice { get; set; }

    /// <summary>Beside text.</summary>
    public bool MakesImages { get; set; }

    public string? FirstPartyName { get; set; }

    public SortedSet<string> Aliases { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, string> At { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, CataloguePrice> HostPrices { get; } = new(StringComparer.Ordinal);

    /// <summary>Last days, by vendor.</summary>
    public Dictionary<string, DateOnly> Ends { get; } = new(StringComparer.Ordinal);

    /// <summary>One of its names has this comparison key.</summary>
    public bool IsCalled(string key) => Names.Key(Slug) == key || Aliases.Any(alias => Names.Key(alias) == key);

    public void Can(string word, bool does) => _can[word] = does;

    public void CanUnlessKnown(string word, bool? does)
    {
        if (does is { } known)
        {
            _can.TryAdd(word, known);
        }
    }

    public CatalogueEntry Finish()
    {
        var search = Author == "google" ? ListPrice?.WebSearch ?? OpenRouterPrice?.WebSearch : OpenRouterPrice?.WebSearch ?? ListPrice?.WebSearch;
        var list = ListPrice ?? (OpenRouterPrice is { Input: not null } ? OpenRouterPrice : null);
        list = list is null ? null : Corrections.Apply(Id, Author, list with { WebSearch = search });
        var hosts = new SortedDictionary<string, CatalogueHost>(StringComparer.Ordinal);
        foreach (var (vendor, name) in At)
        {
            var price = vendor == "openrouter" ? OpenRouterPrice : HostPrices.GetValueOrDefault(vendor);
            hosts[vendor] = new CatalogueHost(name, price is null or { Input: null } || (list is not null && SameRates(price, list)) ? null : price, Ends.TryGetValue(vendor, out var day) ? day : null);
        }

        return new CatalogueEntry
        {
            Id = Id,
            Name = Names.ForPeople(Slug),
            Released = Released,
            Context = Context,
            MaxOutput = MaxOutput,
            Can = [.. Capabilities.Words.Where(word => _can.GetValueOrDefault(word))],
            Makes = MakesImages ? ["text", "images"] : null,
            Efforts = Efforts.Count == 0 ? null : Efforts,
            Adaptive = Author == "anthropic" ? Adaptive : null,
            MaxThinkingBudget = MaxThinkingBudget,
            Price = list,
            Aliases = Aliases.Count == 0 ? null : [.. Aliases],
            At = hosts,
        };
    }

    // The common rates decide; what one list merely leaves out is no difference.
    private static bool SameRates(CataloguePrice a, CataloguePrice b) =>
        a.Input == b.Input && a.Output == b.Output && (a.CacheRead ?? b.CacheRead) == b.CacheRead && (a.CacheWrite5m ?? b.CacheWrite5m) == b.CacheWrite5m
        && (a.Tiers?.Count ?? 0) == (b.Tiers?.Count ?? 0);
}
