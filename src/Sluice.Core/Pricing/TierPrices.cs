namespace Sluice.Core.Pricing;

/// <summary>What a service tier costs, as a sheet of its own: so an endpoint in that tier is compared, limited and estimated like any other.</summary>
internal static class TierPrices
{
    /// <summary>The rates of <paramref name="sheet"/> in a tier; null where its factor is not known.</summary>
    /// <param name="sheet">The ordinary rates; null where none are known.</param>
    /// <param name="tier"><c>flex</c>, <c>priority</c>.</param>
    public static PriceSheet? Of(PriceSheet? sheet, string tier) =>
        sheet is not null && Pricer.Factor(sheet, tier) is (var factor, IsKnown: true) ? Scaled(sheet, factor) with { ServiceTiers = Served(tier) } : null;

    /// <summary>The tier's own rates, as the file gives them.</summary>
    public static PriceSheet Own(PriceSheet sheet, string tier) => sheet with { ServiceTiers = Served(tier) };

    // The answer names its tier, and the rates are that tier's already.
    private static Dictionary<string, decimal> Served(string tier) => new(StringComparer.Ordinal) { [tier] = 1m };

    // Searches are charged per call, whatever the tier.
    private static PriceSheet Scaled(PriceSheet sheet, decimal factor) => sheet with
    {
        Input = sheet.Input * factor,
        Output = sheet.Output * factor,
        CacheRead = sheet.CacheRead * factor,
        CacheWrite5m = sheet.CacheWrite5m * factor,
        CacheWrite1h = sheet.CacheWrite1h * factor,
        AudioInput = sheet.AudioInput * factor,
        AudioOutput = sheet.AudioOutput * factor,
        Tiers = [.. sheet.Tiers.Select(step => step with { Rates = Scaled(step.Rates, factor) })],
        Changes = [.. sheet.Changes.Select(change => change with { Rates = Scaled(change.Rates, factor) })],
    };
}
