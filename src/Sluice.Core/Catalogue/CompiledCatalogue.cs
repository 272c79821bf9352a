using Sluice.Core.Configuration;
using Sluice.Core.Configuration.Reading;
using Sluice.Core.Pricing;
using Sluice.Core.Routing.Auto;

namespace Sluice.Core.Catalogue;

/// <summary>
/// The table for one configuration. A name that is listed anywhere is one dictionary probe; only names that nobody wrote down take the
/// slow way: suffix, variant, provider prefix, newer version of a known family.
/// </summary>
internal sealed class CompiledCatalogue : CatalogueTable
{
    private const int LongestName = 256;
    private static readonly string[] SimulatorModels = ["sim/echo", "sim/tools", "sim/think"];

    // Suffixes that say how to serve a model, not which. Anything else behind a colon is part of the name ("llama3:8b").
    private static readonly string[] Variants = ["free", "nitro", "floor", "online", "exacto", "extended", "thinking", "beta"];

    private readonly Dictionary<string, ResolvedModel> _names;
    private readonly IReadOnlyList<(string Prefix, string Suffix, ResolvedModel Target)> _wildcards;
    private readonly IReadOnlyDictionary<string, Model> _families;
    private readonly HashSet<string> _authors;
    private readonly IReadOnlyList<ProviderSettings> _providers;
    private readonly ProviderSettings? _onlySimulator;
    private readonly IReadOnlyList<ResolvedModel> _servable;

    public CompiledCatalogue(
        Dictionary<string, ResolvedModel> names,
        IReadOnlyList<(string Prefix, string Suffix, ResolvedModel Target)> wildcards,
        IReadOnlyDictionary<string, Model> families,
        IReadOnlyList<ProviderSettings> providers,
        IReadOnlyList<ResolvedModel> servable)
    {
        _names = names;
        _wildcards = wildcards;
        _families = families;
        _authors = families.Values.Select(AuthorOf).Where(author => author != "openrouter").ToHashSet(StringComparer.Ordinal);
        _providers = providers;
        _onlySimulator = providers is [{ Kind: ProviderKind.Simulator } only] ? only : null;
        _servable = _onlySimulator is null ? servable : [.. servable.Select(model => model.Endpoints.Count > 0 ? model : AtSimulator(model, model.Model.Id))];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ResolvedModel> Servable => _servable;

    internal static IReadOnlyList<string> SimulatorNames => SimulatorModels;

    /// <inheritdoc/>
    public override ResolvedModel? Resolve(string name)
    {
        if (name.Length is 0 or > LongestName)
        {
            return null;
        }

        var resolved = Find(name);
        if (_onlySimulator is null || (resolved is not null && (resolved.Endpoints.Count > 0 || ChosenModels.Is(resolved.Model))))
        {
            return resolved;
        }

        return AtSimulator(resolved ?? new ResolvedModel(new Model(name), [], "simulator"), name);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Suggest(string name)
    {
        if (name.Length is 0 or > LongestName)
        {
            return [];
        }

        // Compared as the client wrote it: with the author or without.
        var withAuthor = name.Contains('/', StringComparison.Ordinal);
        var names = _servable.Select(model => withAuthor ? model.Model.Id : SlugOf(model.Model.Id)).Distinct(StringComparer.OrdinalIgnoreCase);
        return Spelling.Closest(name, names, 3);
    }

    private ResolvedModel? Find(string name)
    {
        if (_names.TryGetValue(name, out var known))
        {
            return known.Endpoints.Count > 0 || ChosenModels.Is(known.Model) ? known : AtNamedProvider(name, known.Model) ?? known;
        }

        foreach (var (prefix, suffix, target) in _wildcards)
        {
            if (Matches(name, prefix, suffix))
            {
                return target with { How = "alias" };
            }
        }

        return WithoutSuffix(name) ?? WithoutPrefix(name) ?? AtNamedProvider(name, model: null) ?? WithoutVariant(name) ?? NewerVersion(name);
    }

    internal static bool Matches(string name, string prefix, string suffix) =>
        name.Length >= prefix.Length + suffix.Length
        && name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase);

    // Claude Code writes "claude-sonnet-4-6[1m]" where it wants the long window; the model is the same. "-latest" behind a version is
    // the author's own way to name its newest snapshot.
    private ResolvedModel? WithoutSuffix(string name)
    {
        if (name.EndsWith("[1m]", StringComparison.OrdinalIgnoreCase))
        {
            return Find(name[..^"[1m]".Length]) is { } found ? found with { How = "suffix" } : null;
        }

        return name.EndsWith("-latest", StringComparison.OrdinalIgnoreCase) && _names.TryGetValue(name[..^"-latest".Length], out var known)
            ? known with { How = "latest" }
            : null;
    }

    private ResolvedModel? WithoutPrefix(string name) =>
        name.StartsWith("openrouter/", StringComparison.OrdinalIgnoreCase) && _names.TryGetValue(name["openrouter/".Length..], out var found) && !ChosenModels.Is(found.Model)
            ? found with { How = "prefix" }
            : null;

    private ResolvedModel? WithoutVariant(string name)
    {
        var colon = name.LastIndexOf(':');
        if (colon <= 0)
        {
            return null;
        }

        var written = name[(colon + 1)..].ToLowerInvariant();
        var variant = written == "fre" ? "free" : written;
        if (!Variants.Contains(variant, StringComparer.Ordinal))
        {
            return null;
        }

        var how = written == variant ? "variant" : "spelling";
        if (how == "spelling" && _names.TryGetValue($"{name[..colon]}:{variant}", out var exact))
        {
            return exact with { How = how, Variant = variant };
        }

        if (Find(name[..colon]) is not { } found)
        {
            return null;
        }

        // Asking for free must never cost: only who offers the model for nothing may serve it.
        return variant == "free"
            ? new ResolvedModel(found.Model, FreeEndpoints(found.Model), how) { Variant = variant }
            : found with { How = how, Variant = variant };
    }

    private List<ModelEndpoint> FreeEndpoints(Model model) =>
    [
        .. _providers
            .Where(provider => Dialects.VendorOf(provider) == "openrouter")
            .Select(provider => new ModelEndpoint(model, provider.Name, model.Id + ":free", FreeSheet)),
    ];

    private static readonly PriceSheet FreeSheet = new() { Input = 0, Output = 0, CacheRead = 0, CacheWrite5m = 0, CacheWrite1h = 0, Source = "free variant" };

    // "provider-name/upstream-model". Where the provider is the author's own host, its listed models are known, and a name that is not
    // among them is a slip of the pen: it gets a suggestion here in place of a refusal there.
    private ResolvedModel? AtNamedProvider(string name, Model? model)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == name.Length - 1)
        {
            return null;
        }

        foreach (var provider in _providers)
        {
            if (!provider.Name.AsSpan().Equals(name.AsSpan(0, slash), StringComparison.Ordinal))
            {
                continue;
            }

            var upstream = name[(slash + 1)..];
            var vendor = Dialects.VendorOf(provider);
            if (vendor is not null && vendor == ModelFamilies.VendorOf(provider.Name) && _authors.Contains(provider.Name))
            {
                return null;
            }

            var found = _names.GetValueOrDefault(upstream) is { } other && !ChosenModels.Is(other.Model) ? other : null;
            var listed = model ?? found?.Model;
            var own = found?.Endpoints.FirstOrDefault(endpoint => endpoint.Provider == provider.Name);
            return new ResolvedModel(
                listed ?? new Model(name),
                [own ?? new ModelEndpoint(listed ?? new Model(name), provider.Name, upstream, provider.Kind == ProviderKind.Simulator ? SimulatorPrices.Sheet : null)],
                "provider");
        }

        return null;
    }

    // A model released after this build: the family is known, the version is not. It is sent as named and marked as unpriced, since a
    // gateway that refuses every new model until it is updated would stop the agents that name them first.
    private ResolvedModel? NewerVersion(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var slug = SlugOf(name);
        if (!_families.TryGetValue(ModelFamilies.Of(slug), out var sibling))
        {
            return null;
        }

        var author = AuthorOf(sibling);
        if (slash >= 0 && !name.AsSpan(0, slash).Equals(author, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var id = $"{author}/{ModelFamilies.Dotted(slug)}";
        var model = new Model(id) { Traits = sibling.Traits };
        var endpoints = new List<ModelEndpoint>();
        foreach (var provider in _providers)
        {
            var vendor = Dialects.VendorOf(provider);
            var upstream = vendor == "openrouter" ? id : vendor == ModelFamilies.VendorOf(author) ? slug : null;
            if (upstream is not null)
            {
                endpoints.Add(new ModelEndpoint(model, provider.Name, upstream, Price: null));
            }
        }

        return endpoints.Count == 0 ? null : new ResolvedModel(model, endpoints, "newer than the catalogue");
    }

    private ResolvedModel AtSimulator(ResolvedModel resolved, string name) => resolved with
    {
        Endpoints = [new ModelEndpoint(resolved.Model, _onlySimulator!.Name, name, resolved.Model.ListPrice ?? SimulatorPrices.Sheet)],
    };

    private static string AuthorOf(Model model) => model.Id[..model.Id.IndexOf('/', StringComparison.Ordinal)];

    private static string SlugOf(string id) => id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
