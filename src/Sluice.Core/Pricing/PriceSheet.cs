namespace Sluice.Core.Pricing;

/// <summary>What tokens cost. All figures are USD per million tokens unless they say otherwise. Null is "not known": tokens of that bucket then cannot be priced.</summary>
public sealed record PriceSheet
{
    /// <summary>Input that no cache holds.</summary>
    public decimal? Input { get; init; }

    /// <summary>Output, thinking included.</summary>
    public decimal? Output { get; init; }

    /// <summary>Input read from a prompt cache; null where the model has no own rate: then <see cref="Input"/> counts.</summary>
    public decimal? CacheRead { get; init; }

    /// <summary>Input written to a prompt cache for 5 minutes; null: <see cref="Input"/> counts.</summary>
    public decimal? CacheWrite5m { get; init; }

    /// <summary>Input written to a prompt cache for 1 hour; null: <see cref="CacheWrite5m"/> counts.</summary>
    public decimal? CacheWrite1h { get; init; }

    /// <summary>Sound in.</summary>
    public decimal? AudioInput { get; init; }

    /// <summary>Sound out.</summary>
    public decimal? AudioOutput { get; init; }

    /// <summary>USD per web search.</summary>
    public decimal? WebSearch { get; init; }

    /// <summary>What images, sound and video cost; null where the model makes none, or is charged by the tokens above alone.</summary>
    public MediaRates? Media { get; init; }

    /// <summary>Rates that replace these for a whole request whose input is larger than a threshold, rising.</summary>
    public IReadOnlyList<PriceTier> Tiers { get; init; } = [];

    /// <summary>Rates that replace these from a day on, rising; empty where no change is announced.</summary>
    public IReadOnlyList<PriceChange> Changes { get; init; } = [];

    /// <summary>Factors of the service tiers (<c>flex</c>, <c>priority</c>, <c>batch</c>) on all token rates; a tier that is not here has the vendors' usual factor, if there is one.</summary>
    public IReadOnlyDictionary<string, decimal> ServiceTiers { get; init; } = new Dictionary<string, decimal>(StringComparer.Ordinal);

    /// <summary>Where the figures come from, and of which day: <c>catalogue 2026-08-21</c>, <c>configuration</c>.</summary>
    public string Source { get; init; } = "";
}

/// <summary>Rates of one request size.</summary>
/// <param name="AboveInputTokens">Applies when the whole input (cached included) is larger than this.</param>
/// <param name="Rates">The rates; nulls fall back to the base sheet. Its own tiers are empty.</param>
public sealed record PriceTier(long AboveInputTokens, PriceSheet Rates);

/// <summary>Rates from a day on.</summary>
/// <param name="From">First day, UTC.</param>
/// <param name="Rates">The rates, tiers included. Its own changes are empty.</param>
public sealed record PriceChange(DateOnly From, PriceSheet Rates);
