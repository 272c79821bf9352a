using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration.Schema;
using Sluice.Core.Pricing;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Configuration.Reading;

/// <summary>The <c>models</c> section. What the file leaves out of a model that the catalogue knows, the catalogue fills in.</summary>
internal sealed class ModelsReader(IReadOnlyList<ProviderSettings> providers, CatalogueFile builtIn, Findings findings)
{
    public IReadOnlyList<NamedModel> Read(ConfigValue? section)
    {
        var models = new List<NamedModel>();
        foreach (var item in section?.Items ?? [])
        {
            if (item.Get<string>("id") is not { Length: > 0 } id)
            {
                continue;
            }

            if (models.Exists(other => string.Equals(other.Model.Id, id, StringComparison.OrdinalIgnoreCase)))
            {
                findings.Error(item["id"]!, "the id is taken by a model above; each needs its own");
            }

            var model = Model(item, id);
            models.Add(new NamedModel(model, [.. (item["endpoints"]?.Items ?? []).Select(endpoint => Endpoint(endpoint, model)).OfType<ModelEndpoint>()]));
        }

        return models;
    }

    private Model Model(ConfigValue item, string id)
    {
        var known = builtIn.Models.FirstOrDefault(entry => string.Equals(entry.Id, id, StringComparison.OrdinalIgnoreCase))?.ToModel(builtIn.Version) ?? new Model(id);
        var traits = known.Traits with
        {
            ContextLength = item.Get<long?>("context") ?? known.Traits.ContextLength,
            MaxOutputTokens = item.Get<long?>("max_output") ?? known.Traits.MaxOutputTokens,
        };
        return new Model(id)
        {
            Name = item.Get<string>("name") ?? (known.Name == known.Id ? id : known.Name),
            Traits = Made(item, item["capabilities"] is { } can ? Capabilities.Apply(traits, [.. can.Texts()]) : traits),
            ListPrice = known.ListPrice,
            Released = known.Released,
            Ends = Day(item, "ends") ?? known.Ends,
        };
    }

    private static ModelTraits Made(ConfigValue item, ModelTraits traits) =>
        item["makes"] is { } words ? traits with { Makes = ProductWords.Parse(words.Texts()) } : traits;

    private DateOnly? Day(ConfigValue item, string name)
    {
        if (item.Get<string>(name) is not { } text)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return day;
        }

        findings.Error(item[name]!, "not a day; write it as 2027-01-31");
        return null;
    }

    private ModelEndpoint? Endpoint(ConfigValue item, Model model)
    {
        if (item.Get<string>("provider") is not { } name || item.Get<string>("model") is not { } upstream)
        {
            return null;
        }

        var provider = providers.FirstOrDefault(candidate => candidate.Name == name);
        if (provider is null)
        {
            var names = providers.Select(candidate => candidate.Name).Distinct(StringComparer.Ordinal).ToList();
            var close = Spelling.Closest(name, names);
            findings.Error(item["provider"]!, "no provider has this name; " + (close is null ? "" : $"did you mean {close}? ") + $"allowed: {string.Join(", ", names)}");
            return null;
        }

        var price = item["price"] is { } written ? Sheet(written) : CatalogueCompiler.PriceAt(provider, upstream, builtIn);
        if (price is null)
        {
            findings.Warn($"{item.Path} has no price: what it costs is reported as unpriced.");
        }

        var endpoint = new ModelEndpoint(model, name, upstream, price)
        {
            ContextLength = item.Get<long?>("context"),
            MaxOutputTokens = item.Get<long?>("max_output"),
            Quantization = item.Get<string>("quantization"),
            Tag = item.Get<string>("tag"),
            Parameters = item["parameters"] is { } listed ? listed.Texts().Aggregate(RequestParameters.None, (all, word) => all | RequestParameterNames.Parse(word)) : null,
        };
        return item["tiers"] is { } tiers ? InTiers(endpoint, tiers, provider) : TierOffers.AtVendor(endpoint, provider);
    }

    private ModelEndpoint InTiers(ModelEndpoint endpoint, ConfigValue tiers, ProviderSettings provider)
    {
        if (!TierOffers.IsTakenBy(provider))
        {
            findings.Error(tiers, $"providers of kind {ProviderKindNames.WordOf(provider.Kind)} take no service tiers");
        }

        return endpoint.OfferedIn(tiers.Members.Select(tier =>
            (tier.Key, tier.Value["price"] is { } own ? TierPrices.Own(Sheet(own), tier.Key) : TierPrices.Of(endpoint.Price, tier.Key))));
    }

    private static PriceSheet Sheet(ConfigValue price) => new()
    {
        Input = price.Get<decimal?>("input"),
        Output = price.Get<decimal?>("output"),
        CacheRead = price.Get<decimal?>("cache_read"),
        CacheWrite5m = price.Get<decimal?>("cache_write"),
        CacheWrite1h = price.Get<decimal?>("cache_write_1h"),
        AudioInput = price.Get<decimal?>("audio_input"),
        AudioOutput = price.Get<decimal?>("audio_output"),
        WebSearch = price.Get<decimal?>("web_search"),
        Media = MediaRates(price),
        Source = "configuration",
    };

    private static MediaRates? MediaRates(ConfigValue price)
    {
        var rates = new MediaRates
        {
            ImageInput = price.Get<decimal?>("image_input"),
            ImageOutput = price.Get<decimal?>("image_output"),
            Image = UnitRates(price, "image", "images"),
            VideoSecond = UnitRates(price, "video_second", "video_seconds"),
            AudioSecond = price.Get<decimal?>("audio_second"),
            Characters = price.Get<decimal?>("characters"),
        };
        return rates is { ImageInput: null, ImageOutput: null, Image.Count: 0, VideoSecond.Count: 0, AudioSecond: null, Characters: null } ? null : rates;
    }

    private static List<UnitRate> UnitRates(ConfigValue price, string any, string listed)
    {
        var rates = new List<UnitRate>();
        if (price.Get<decimal?>(any) is { } usd)
        {
            rates.Add(new UnitRate(usd));
        }

        foreach (var item in price[listed]?.Items ?? [])
        {
            if (item.Get<decimal?>("usd") is { } own)
            {
                rates.Add(new UnitRate(own, item.Get<string>("size"), item.Get<string>("quality")));
            }
        }

        return rates;
    }
}
