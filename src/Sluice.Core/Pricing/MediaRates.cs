namespace Sluice.Core.Pricing;

/// <summary>What images, sound and video cost where tokens of text do not say it. Null is "not charged by this"; what no rate covers cannot be priced.</summary>
public sealed record MediaRates
{
    /// <summary>USD per million input tokens of images.</summary>
    public decimal? ImageInput { get; init; }

    /// <summary>USD per million output tokens of images.</summary>
    public decimal? ImageOutput { get; init; }

    /// <summary>USD per image, by size and quality; empty where images are not charged one by one.</summary>
    public IReadOnlyList<UnitRate> Image { get; init; } = [];

    /// <summary>USD per second of video, by size; empty where no video is made.</summary>
    public IReadOnlyList<UnitRate> VideoSecond { get; init; } = [];

    /// <summary>USD per second of sound, read or spoken.</summary>
    public decimal? AudioSecond { get; init; }

    /// <summary>USD per million characters of text that is spoken.</summary>
    public decimal? Characters { get; init; }

    /// <summary>One figure to compare endpoints of a model by, which are charged by the same unit as a rule; null where there is none.</summary>
    internal decimal? Typical =>
        Image.Count > 0 ? Image[0].Usd
        : VideoSecond.Count > 0 ? VideoSecond[0].Usd
        : ImageOutput ?? Characters ?? AudioSecond;
}

/// <summary>The rate of one unit of a size and a quality.</summary>
/// <param name="Usd">USD per unit.</param>
/// <param name="Size">Such as <c>1024x1024</c>; null for any.</param>
/// <param name="Quality">Such as <c>hd</c>; null for any.</param>
public sealed record UnitRate(decimal Usd, string? Size = null, string? Quality = null)
{
    /// <summary>The rate that says most of a unit; null where none fits, since the dearer size would else go at the price of the cheaper.</summary>
    internal static UnitRate? Find(IReadOnlyList<UnitRate> rates, string? size, string? quality)
    {
        UnitRate? best = null;
        var bestScore = -1;
        foreach (var rate in rates)
        {
            var fits = (rate.Size is null || Same(rate.Size, size)) && (rate.Quality is null || Same(rate.Quality, quality));
            var score = (rate.Size is null ? 0 : 2) + (rate.Quality is null ? 0 : 1);
            if (fits && score > bestScore)
            {
                (best, bestScore) = (rate, score);
            }
        }

        return best;

        static bool Same(string a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
    }
}
