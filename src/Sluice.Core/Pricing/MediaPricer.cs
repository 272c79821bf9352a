using Sluice.Protocols.Conversation;

namespace Sluice.Core.Pricing;

/// <summary>
/// Turns units of images, sound and video into money. A price list charges each model by one or two of them, and the others are known beside: what the
/// list has a rate for is charged, and what is covered by none of its rates is an alarm.
/// </summary>
internal static class MediaPricer
{
    private const decimal NanoPerUsd = 1_000_000_000m;
    private const decimal NanoPerUnitAtOneUsdPerMillion = 1_000m;

    /// <summary>The most of one unit that is believed; a larger number is garbage and must not empty a budget.</summary>
    private const long MostUnits = Pricer.MaxTokens;

    /// <summary>The components to add, in nano-dollars, each to be rounded once, and whether the list's rates cover what was made.</summary>
    public static MediaCost Price(PriceSheet? sheet, MediaUsage usage)
    {
        if (sheet?.Media is not { } rates)
        {
            return new MediaCost([], IsCovered: false, MissesRate: Believable(usage.ImageInput) + Believable(usage.ImageOutput) > 0);
        }

        var components = new List<decimal>(4);
        var isCovered = false;
        var missesRate = false;
        var missesTokenRate = false;
        Tokens(usage.ImageInput, rates.ImageInput ?? sheet.Input, covers: false);
        Tokens(usage.ImageOutput, rates.ImageOutput, covers: true);
        Units(usage.Images, rates.Image);
        Units(usage.VideoMilliseconds, rates.VideoSecond, perThousand: true);
        if (Believable(usage.AudioMilliseconds) is > 0 and var sound && rates.AudioSecond is { } second)
        {
            components.Add(sound * second * NanoPerUsd / 1000);
            isCovered = true;
        }

        if (Believable(usage.Characters) is > 0 and var characters && rates.Characters is { } perMillion)
        {
            components.Add(characters * perMillion * NanoPerUnitAtOneUsdPerMillion);
            isCovered = true;
        }

        // Who charges by the image reports tokens all the same.
        return new MediaCost(components, isCovered, missesRate || (missesTokenRate && !isCovered));

        void Tokens(long? count, decimal? rate, bool covers)
        {
            if (Believable(count) is not (> 0 and var tokens))
            {
                return;
            }

            missesTokenRate |= rate is null;
            isCovered |= covers && rate is not null;
            components.Add(tokens * (rate ?? 0m) * NanoPerUnitAtOneUsdPerMillion);
        }

        void Units(long? count, IReadOnlyList<UnitRate> list, bool perThousand = false)
        {
            if (list.Count == 0 || Believable(count) is not (> 0 and var units))
            {
                return;
            }

            if (UnitRate.Find(list, usage.Size, usage.Quality) is not { } rate)
            {
                missesRate = true;
                return;
            }

            components.Add(units * rate.Usd * NanoPerUsd / (perThousand ? 1000 : 1));
            isCovered = true;
        }
    }

    private static long Believable(long? count) => Math.Clamp(count ?? 0, 0, MostUnits);
}

/// <summary>What units cost.</summary>
/// <param name="Components">Nano-dollars, not rounded yet.</param>
/// <param name="IsCovered">Some rate of a unit stands for what was made: tokens that have no rate of their own are then part of it.</param>
/// <param name="MissesRate">Something is charged by a rate that is not known.</param>
internal readonly record struct MediaCost(IReadOnlyList<decimal> Components, bool IsCovered, bool MissesRate);
