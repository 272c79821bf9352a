using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.Configuration.Schema;
using Sluice.Core.Pricing;
using Sluice.Protocols.Formats;

namespace Sluice.Core.Catalogue;

/// <summary>The built-in list of models: <c>catalogue.json</c>, made by <c>tools/catalogue</c>.</summary>
/// <param name="Version">Day of the newest figures in it.</param>
/// <param name="Models">Sorted by id.</param>
internal sealed record CatalogueFile(string Version, IReadOnlyList<CatalogueEntry> Models)
{
    private static readonly Lazy<CatalogueFile> Embedded = new(ReadEmbedded);

    /// <summary>The one in this build.</summary>
    public static CatalogueFile BuiltIn => Embedded.Value;

    /// <summary>Reads one from its JSON.</summary>
    /// <exception cref="JsonException">It is not a catalogue.</exception>
    public static CatalogueFile Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, CatalogueJson.Default.CatalogueFile) ?? throw new JsonException("The catalogue is empty.");

    private static CatalogueFile ReadEmbedded()
    {
        using var stream = typeof(CatalogueFile).Assembly.GetManifestResourceStream("Sluice.Core.Catalogue.catalogue.json")!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        return Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}

/// <summary>One model.</summary>
internal sealed record CatalogueEntry
{
    /// <summary><c>author/slug</c>.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public string? Name { get; init; }

    /// <summary>Release day.</summary>
    public DateOnly? Released { get; init; }

    /// <summary>Tokens of the window.</summary>
    public long? Context { get; init; }

    /// <summary>Most output tokens of one answer.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>All that it can do, in the words of <see cref="Capabilities"/>; null where not known.</summary>
    public IReadOnlyList<string>? Can { get; init; }

    /// <summary>What it makes, in the words of <see cref="ProductWords"/>; null for text alone.</summary>
    public IReadOnlyList<string>? Makes { get; init; }

    /// <summary>Effort words.</summary>
    public IReadOnlyList<string>? Efforts { get; init; }

    /// <summary>Claude only: thinking is adaptive instead of budgeted.</summary>
    public bool? Adaptive { get; init; }

    /// <summary>Largest thinking budget, where it takes one.</summary>
    public long? MaxThinkingBudget { get; init; }

    /// <summary>List price; null where none is known.</summary>
    public CataloguePrice? Price { get; init; }

    /// <summary>Further names without the author: dated ids, older spellings.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>Which vendor's host serves it under which name.</summary>
    public IReadOnlyDictionary<string, CatalogueHost> At { get; init; } = new Dictionary<string, CatalogueHost>(StringComparer.Ordinal);

    /// <summary>Author part of the id.</summary>
    [JsonIgnore]
    public string Author => Id[..Id.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>The id without its author.</summary>
    [JsonIgnore]
    public string Slug => Id[(Id.IndexOf('/', StringComparison.Ordinal) + 1)..];

    public Model ToModel(string version) => new(Id)
    {
        Name = Name ?? Id,
        Released = Released,
        ListPrice = Price?.ToSheet($"catalogue {version}"),
        Traits = (Can is null ? ModelTraits.Unknown : Capabilities.Apply(ModelTraits.Unknown, [.. Can])) with
        {
            Makes = Makes is null ? Products.Text : ProductWords.Parse(Makes),
            ContextLength = Context,
            MaxOutputTokens = MaxOutput,
            Efforts = Efforts ?? [],
            AdaptiveThinking = Adaptive,
            MaxThinkingBudget = MaxThinkingBudget,
        },
    };
}

/// <summary>One host of a model.</summary>
/// <param name="Model">The host's own name of it.</param>
/// <param name="Price">Its price there; null where it is the list price.</param>
/// <param name="Ends">Its last day there; null where none is announced.</param>
internal sealed record CatalogueHost(string Model, CataloguePrice? Price = null, DateOnly? Ends = null);

/// <summary>USD per million tokens.</summary>
internal sealed record CataloguePrice
{
    public decimal? Input { get; init; }

    public decimal? Output { get; init; }

    public decimal? CacheRead { get; init; }

    [JsonPropertyName("cache_write")]
    public decimal? CacheWrite5m { get; init; }

    [JsonPropertyName("cache_write_1h")]
    public decimal? CacheWrite1h { get; init; }

    public decimal? AudioInput { get; init; }

    public decimal? AudioOutput { get; init; }

    /// <summary>USD each.</summary>
    public decimal? WebSearch { get; init; }

    public decimal? ImageInput { get; init; }

    public decimal? ImageOutput { get; init; }

    /// <summary>USD each.</summary>
    public IReadOnlyList<CatalogueUnitRate>? Image { get; init; }

    /// <summary>USD per second.</summary>
    public IReadOnlyList<CatalogueUnitRate>? VideoSecond { get; init; }

    /// <summary>USD per second.</summary>
    public decimal? AudioSecond { get; init; }

    /// <summary>USD per million.</summary>
    public decimal? Characters { get; init; }

    public decimal? Flex { get; init; }

    public decimal? Priority { get; init; }

    /// <summary>Whole requests with more input than <c>above</c>.</summary>
    public IReadOnlyList<CatalogueTier>? Tiers { get; init; }

    /// <summary>Announced changes.</summary>
    public IReadOnlyList<CatalogueChange>? Changes { get; init; }

    public PriceSheet ToSheet(string source) => new()
    {
        Input = Input,
        Output = Output,
        CacheRead = CacheRead,
        CacheWrite5m = CacheWrite5m,
        CacheWrite1h = CacheWrite1h,
        AudioInput = AudioInput,
        AudioOutput = AudioOutput,
        WebSearch = WebSearch,
        Media = MediaRates(),
        ServiceTiers = Factors(),
        Tiers = [.. (Tiers ?? []).Select(tier => new PriceTier(tier.Above, tier.Rates.ToSheet(source)))],
        Changes = [.. (Changes ?? []).Select(change => new PriceChange(change.From, change.Rates.ToSheet(source)))],
        Source = source,
    };

    private MediaRates? MediaRates() => this is { ImageInput: null, ImageOutput: null, Image: null, VideoSecond: null, AudioSecond: null, Characters: null } ? null : new()
    {
        ImageInput = ImageInput,
        ImageOutput = ImageOutput,
        Image = [.. (Image ?? []).Select(rate => rate.ToRate())],
        VideoSecond = [.. (VideoSecond ?? []).Select(rate => rate.ToRate())],
        AudioSecond = AudioSecond,
        Characters = Characters,
    };

    private Dictionary<string, decimal> Factors()
    {
        var factors = new Dictionary<string, decimal>(StringComparer.Ordinal);
        if (Flex is { } flex)
        {
            factors["flex"] = flex;
        }

        if (Priority is { } priority)
        {
            factors["priority"] = priority;
        }

        return factors;
    }
}

internal sealed record CatalogueUnitRate(decimal Usd, string? Size = null, string? Quality = null)
{
    public UnitRate ToRate() => new(Usd, Size, Quality);
}

internal sealed record CatalogueTier(long Above, CataloguePrice Rates);

internal sealed record CatalogueChange(DateOnly From, CataloguePrice Rates);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CatalogueFile))]
internal sealed partial class CatalogueJson : JsonSerializerContext;
