using Sluice.Core.Configuration;
using Sluice.Core.Pricing;
using Sluice.Core.Routing.Auto;

namespace Sluice.Core.Catalogue;

/// <summary>
/// Lays the names of a configuration over those of the built-in catalogue, in the order that the documentation promises: the file's
/// models, its aliases, catalogue ids, catalogue aliases. Whoever claims a name first keeps it.
/// </summary>
internal sealed class CatalogueCompiler(IReadOnlyList<ProviderSettings> providers, CatalogueFile builtIn)
{
    private readonly Dictionary<string, ResolvedModel> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<ResolvedModel> _listing = [];

    /// <summary>Compiles; every alias whose target means nothing is named in <paramref name="danglingAliases"/>.</summary>
    public CompiledCatalogue Compile(IReadOnlyList<NamedModel> models, IReadOnlyList<KeyValuePair<string, string>> aliases, out IReadOnlyList<string> danglingAliases)
    {
        AddSimulatorModels();
        foreach (var model in models)
        {
            var resolved = new ResolvedModel(model.Model, model.Endpoints, "exact");
            _names[model.Model.Id] = resolved;
            _listing.Add(resolved);
        }

        var fixedNames = new HashSet<string>(_names.Keys, StringComparer.OrdinalIgnoreCase);
        AddChoices();
        var families = AddCatalogue();
        var servable = _listing.Where(model => model.Endpoints.Count > 0 || IsSimulatorAlone).ToList();

        // Targets are looked up before any alias is laid over the catalogue, so that an alias may carry its own target's name.
        var plain = new CompiledCatalogue(new(_names, StringComparer.OrdinalIgnoreCase), [], families, providers, []);
        var wildcards = new List<(string Prefix, string Suffix, ResolvedModel Target)>();
        var exact = new List<(string Name, ResolvedModel Target)>();
        var dangling = new List<string>();
        foreach (var (name, target) in aliases)
        {
            if (plain.Resolve(Follow(target, aliases)) is not { } resolved)
            {
                dangling.Add(name);
            }
            else if (name.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star)
            {
                wildcards.Add((name[..star], name[(star + 1)..], resolved with { How = "alias" }));
            }
            else if (!fixedNames.Contains(name))
            {
                exact.Add((name, resolved with { How = "alias" }));
            }
        }

        // The most specific pattern wins, whatever the order in the file.
        wildcards.Sort((a, b) => (b.Prefix.Length + b.Suffix.Length).CompareTo(a.Prefix.Length + a.Suffix.Length));
        foreach (var name in _names.Keys.Where(name => !fixedNames.Contains(name)).ToList())
        {
            foreach (var (prefix, suffix, target) in wildcards)
            {
                if (CompiledCatalogue.Matches(name, prefix, suffix))
                {
                    _names[name] = target;
                    break;
                }
            }
        }

        foreach (var (name, target) in exact)
        {
            _names[name] = target;
        }

        danglingAliases = dangling;
        return new CompiledCatalogue(_names, wildcards, families, providers, servable);
    }

    /// <summary>The name that a chain of aliases ends at; the last one before it would go round in a circle.</summary>
    internal static string Follow(string target, IReadOnlyList<KeyValuePair<string, string>> aliases)
    {
        for (var step = 0; step < 8; step++)
        {
            var next = aliases.FirstOrDefault(alias => alias.Key == target).Value;
            if (next is null || next == target)
            {
                break;
            }

            target = next;
        }

        return target;
    }

    /// <summary>What a model costs at a provider under a name, as far as the catalogue knows that host.</summary>
    internal static PriceSheet? PriceAt(ProviderSettings provider, string upstreamModel, CatalogueFile builtIn)
    {
        if (provider.Kind == ProviderKind.Simulator)
        {
            return SimulatorPrices.Sheet;
        }

        var vendor = Dialects.VendorOf(provider);
        foreach (var entry in builtIn.Models)
        {
            if (vendor is not null && entry.At.TryGetValue(vendor, out var host) && host.Model == upstreamModel)
            {
                return (host.Price ?? entry.Price)?.ToSheet($"catalogue {builtIn.Version}");
            }
        }

        return null;
    }

    private bool IsSimulatorAlone => providers is [{ Kind: ProviderKind.Simulator }];

    private void AddSimulatorModels()
    {
        var simulators = providers.Where(provider => provider.Kind == ProviderKind.Simulator).ToList();
        foreach (var name in simulators.Count == 0 ? [] : CompiledCatalogue.SimulatorNames)
        {
            var model = new Model(name) { ListPrice = SimulatorPrices.Sheet, Traits = SimulatorTraits };
            var resolved = new ResolvedModel(model, [.. simulators.Select(provider => new ModelEndpoint(model, provider.Name, name, SimulatorPrices.Sheet))], "exact");
            _names[name] = resolved;
            _listing.Add(resolved);
        }
    }

    // Before the catalogue's own entries of the same names, which would hand the choice to another gateway unasked.
    private void AddChoices()
    {
        foreach (var (name, model) in ChosenModels.Names)
        {
            _names.TryAdd(name, new ResolvedModel(model, [], name == model.Id ? "exact" : "alias"));
        }
    }

    private static readonly Protocols.Formats.ModelTraits SimulatorTraits = new()
    {
        Makes = (Protocols.Formats.Products)~0,
        Images = true,
        Documents = true,
        Audio = true,
        Tools = true,
        Reasoning = true,
        StructuredOutput = true,
        Sampling = true,
        ContextLength = 1_000_000,
        MaxOutputTokens = 128_000,
    };

    private Dictionary<string, Model> AddCatalogue()
    {
        var vendors = providers.Select(Dialects.VendorOf).ToList();
        var resolved = new List<(CatalogueEntry Entry, ResolvedModel Model)>(builtIn.Models.Count);
        foreach (var entry in builtIn.Models)
        {
            var model = entry.ToModel(builtIn.Version) with { Ends = LastDay(entry, vendors) };
            var found = new ResolvedModel(model, Endpoints(entry, model, vendors), "exact");
            if (_names.TryAdd(entry.Id, found))
            {
                _listing.Add(found);
            }
            else
            {
                // The file's endpoints are all there are, by whichever of its spellings a client names the model.
                found = _names[entry.Id];
            }

            resolved.Add((entry, found));
        }

        foreach (var (entry, model) in resolved)
        {
            AddSpellings(entry, model);
        }

        AddBareNames(resolved);
        return AddFamilies(resolved);
    }

    // A model ends for its users when the last of their providers drops it.
    private DateOnly? LastDay(CatalogueEntry entry, List<string?> vendors)
    {
        DateOnly? last = null;
        for (var i = 0; i < vendors.Count; i++)
        {
            if (vendors[i] is not { } vendor || !entry.At.TryGetValue(vendor, out var host))
            {
                continue;
            }

            if (host.Ends is not { } day)
            {
                return null;
            }

            last = last is { } other && other > day ? other : day;
        }

        return last is null || providers.Any(provider => DeploymentOf(entry, provider) is not null) ? null : last;
    }

    private List<ModelEndpoint> Endpoints(CatalogueEntry entry, Model model, List<string?> vendors)
    {
        var endpoints = new List<ModelEndpoint>();
        for (var i = 0; i < providers.Count; i++)
        {
            // OpenRouter behind the Anthropic wire is for Claude alone; other models would come back through its own translation.
            var isForeign = vendors[i] == "openrouter" && providers[i].Kind == ProviderKind.Anthropic && entry.Author != "anthropic";
            if (vendors[i] is { } vendor && !isForeign && entry.At.TryGetValue(vendor, out var host))
            {
                var price = host.Price?.ToSheet(model.ListPrice?.Source ?? $"catalogue {builtIn.Version}") ?? model.ListPrice;
                endpoints.Add(TierOffers.AtVendor(new ModelEndpoint(model, providers[i].Name, host.Model, price) { Ends = host.Ends }, providers[i]));
            }
            else if (DeploymentOf(entry, providers[i]) is { } deployment)
            {
                endpoints.Add(new ModelEndpoint(model, providers[i].Name, deployment, model.ListPrice));
            }
        }

        return endpoints;
    }

    // The operator names models as people do: by id, by slug, by a dated id, with dots or hyphens.
    private static string? DeploymentOf(CatalogueEntry entry, ProviderSettings provider)
    {
        foreach (var (name, deployment) in provider.Deployments)
        {
            if (Same(name, entry.Id) || Same(name, entry.Slug) || (entry.Aliases ?? []).Any(alias => Same(name, alias) || Same(name, $"{entry.Author}/{alias}")))
            {
                return deployment;
            }
        }

        return null;

        static bool Same(string a, string b) => string.Equals(Hyphenated(a), Hyphenated(b), StringComparison.OrdinalIgnoreCase);
    }

    private void AddSpellings(CatalogueEntry entry, ResolvedModel model)
    {
        Claim(Hyphenated(entry.Id), model, "spelling");
        foreach (var alias in entry.Aliases ?? [])
        {
            Claim($"{entry.Author}/{alias}", model, "date");
            Claim($"{entry.Author}/{Hyphenated(alias)}", model, "date");
        }
    }

    // A bare name that two authors use means neither.
    private void AddBareNames(List<(CatalogueEntry Entry, ResolvedModel Model)> models)
    {
        var owners = new Dictionary<string, (ResolvedModel Model, string How)?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (entry, model) in models)
        {
            var own = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { entry.Slug, Hyphenated(entry.Slug) };
            var dated = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var alias in entry.Aliases ?? [])
            {
                dated.Add(alias);
                dated.Add(Hyphenated(alias));
            }

            foreach (var name in own.Union(dated))
            {
                var how = own.Contains(name) ? "bare name" : "date";
                owners[name] = !owners.TryGetValue(name, out var other) || other?.Model == model ? (model, how) : null;
            }
        }

        foreach (var (name, owner) in owners)
        {
            if (owner is { } only)
            {
                Claim(name, only.Model, only.How);
            }
        }
    }

    // "~author/family-latest" is the newest of the family that can be served, else the newest.
    private Dictionary<string, Model> AddFamilies(List<(CatalogueEntry Entry, ResolvedModel Model)> models)
    {
        var byFamily = new Dictionary<string, Model>(StringComparer.OrdinalIgnoreCase);
        var latest = new List<(string Family, ResolvedModel Model)>();
        var ambiguous = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var family in models
            .Where(pair => !pair.Entry.Slug.Contains(':', StringComparison.Ordinal))
            .GroupBy(pair => (pair.Entry.Author, Name: ModelFamilies.Of(pair.Entry.Slug))))
        {
            if (family.Key.Name.Length == 0)
            {
                continue;
            }

            var newest = family
                .OrderByDescending(pair => pair.Model.Endpoints.Count > 0)
                .ThenByDescending(pair => pair.Entry.Released ?? DateOnly.MinValue)
                .ThenBy(pair => pair.Entry.Id.Length)
                .First();
            Claim($"~{family.Key.Author}/{family.Key.Name}-latest", newest.Model, "latest");
            Claim($"{family.Key.Author}/{family.Key.Name}-latest", newest.Model, "latest");
            latest.Add((family.Key.Name, newest.Model));
            if (!byFamily.TryAdd(family.Key.Name, newest.Model.Model))
            {
                ambiguous.Add(family.Key.Name);
            }
        }

        foreach (var name in ambiguous)
        {
            byFamily.Remove(name);
        }

        foreach (var (family, model) in latest.Where(pair => byFamily.ContainsKey(pair.Family)))
        {
            Claim($"{family}-latest", model, "latest");
        }

        return byFamily;
    }

    private void Claim(string name, ResolvedModel model, string how) => _names.TryAdd(name, model with { How = how });

    private static string Hyphenated(string name) => name.Replace('.', '-');
}
