using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Core.Catalogue;

namespace Sluice.Catalogue;

/// <summary>OpenAI's models of images, speech, transcripts and videos, which LiteLLM's list alone prices: one charge for each, by the vendor's own unit.</summary>
internal static partial class MediaModels
{
    private const string Vendor = "openai";
    private const decimal PerMillion = 1_000_000m;

    /// <summary>The entries, dated names as aliases of the plain ones.</summary>
    public static IEnumerable<CatalogueEntry> Of(JsonElement liteLlm)
    {
        var models = liteLlm.EnumerateObject().Where(model => model.Value.Text("litellm_provider") == Vendor).ToList();
        var named = models.Where(model => !model.Name.Contains('/', StringComparison.Ordinal) && Makes(model.Value) is not null && !Odd().IsMatch(model.Name)).ToList();
        foreach (var model in named.Where(model => Undated(model.Name) == model.Name))
        {
            var makes = Makes(model.Value)!;
            var dated = named.Where(other => other.Name != model.Name && Undated(other.Name) == model.Name).Select(other => other.Name).Order(StringComparer.Ordinal).ToList();
            yield return new CatalogueEntry
            {
                Id = $"{Vendor}/{model.Name}",
                Name = Names.ForPeople(model.Name),
                Makes = [makes],
                Can = makes switch { "images" => model.Name.StartsWith("gpt", StringComparison.Ordinal) ? ["images"] : [], "transcripts" => ["audio"], "videos" => ["images"], _ => [] },
                Price = Price(makes, model, models),
                Aliases = dated.Count == 0 ? null : dated,
                At = new SortedDictionary<string, CatalogueHost>(StringComparer.Ordinal) { [Vendor] = new CatalogueHost(model.Name) },
            };
        }
    }

    private static string? Makes(JsonElement model) => model.Text("mode") switch
    {
        "image_generation" => "images",
        "audio_speech" => "speech",
        "audio_transcription" => "transcripts",
        "video_generation" => "videos",
        _ => null,
    };

    private static CataloguePrice Price(string makes, JsonProperty model, List<JsonProperty> all)
    {
        var list = model.Value;
        var tokens = new CataloguePrice
        {
            Input = list.Price("input_cost_per_token", PerMillion),
            CacheRead = list.Price("cache_read_input_token_cost", PerMillion),
        };
        return makes switch
        {
            "images" when list.Price("output_cost_per_image_token", PerMillion) is { } output => tokens with
            {
                Output = list.Price("output_cost_per_token", PerMillion),
                ImageInput = list.Price("input_cost_per_image_token", PerMillion),
                ImageOutput = output,
            },
            "images" => new CataloguePrice { Image = [new CatalogueUnitRate(list.Price("input_cost_per_image", 1m) ?? 0m), .. BySize(model.Name, all)] },
            "speech" when list.Price("input_cost_per_character", PerMillion) is { } characters => new CataloguePrice { Characters = characters },
            "speech" => tokens with { AudioOutput = list.Price("output_cost_per_audio_token", PerMillion), AudioSecond = list.Price("output_cost_per_second", 1m) },
            "transcripts" when tokens.Input is null => new CataloguePrice { AudioSecond = list.Price("input_cost_per_second", 1m) },
            "transcripts" => tokens with { AudioInput = list.Price("input_cost_per_audio_token", PerMillion), Output = list.Price("output_cost_per_token", PerMillion) },
            _ => new CataloguePrice { VideoSecond = [new CatalogueUnitRate(list.Price("output_cost_per_video_per_second", 1m)!.Value), .. HighResolution(model.Name, all)] },
        };
    }

    // "hd/1024-x-1792/dall-e-3" with a price by the pixel, rounded to the tenth of a cent that vendors charge in. "standard" is what is meant without a word.
    private static IEnumerable<CatalogueUnitRate> BySize(string name, List<JsonProperty> all) =>
        from sized in all
        let match = Sized().Match(sized.Name)
        where match.Success && match.Groups["model"].Value == name
        let width = int.Parse(match.Groups["width"].Value, CultureInfo.InvariantCulture)
        let height = int.Parse(match.Groups["height"].Value, CultureInfo.InvariantCulture)
        let pixel = sized.Value.GetProperty("input_cost_per_pixel").GetDecimal()
        let quality = match.Groups["quality"].Value
        orderby quality, width, height
        select new CatalogueUnitRate(Math.Round(pixel * width * height, 3) / 1.000m, $"{width}x{height}", quality is "" or "standard" ? null : quality);

    // A name of the list's own for the larger sizes of a model.
    private static IEnumerable<CatalogueUnitRate> HighResolution(string name, List<JsonProperty> all) =>
        from high in all
        where high.Name == name + "-high-res"
        from size in (string[])["1024x1792", "1792x1024"]
        select new CatalogueUnitRate(high.Value.Price("output_cost_per_video_per_second", 1m)!.Value, size);

    private static string Undated(string name) => Dated().Replace(name, "");

    [GeneratedRegex("(-[0-9]{4}-[0-9]{2}-[0-9]{2}|-1106)$", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Dated();

    [GeneratedRegex("realtime|-latest$|-high-res$", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Odd();

    [GeneratedRegex("^((?<quality>[a-z]+)/)?(?<width>[0-9]+)-x-(?<height>[0-9]+)/(?<model>[^/]+)$", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Sized();
}
