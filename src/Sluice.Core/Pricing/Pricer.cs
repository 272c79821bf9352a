using Sluice.Protocols.Conversation;

namespace Sluice.Core.Pricing;

/// <summary>Turns counted tokens into money: integer nano-dollars, each component rounded once, half to even. Never throws, never negative.</summary>
public static class Pricer
{
    /// <summary>
    /// The most tokens of one bucket that are believed. Server-side tool loops report several times the window, but no window times any
    /// sane number of rounds comes near this; a count of 10^18 is garbage and must not empty a budget for ever.
    /// </summary>
    public const long MaxTokens = 100_000_000;

    // 1 USD per million tokens is 1,000 nano-dollars per token.
    private const decimal NanoPerTokenAtOneUsdPerMillion = 1_000m;
    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>What an answer costs.</summary>
    /// <param name="sheet">The endpoint's rates; null where none are known: then only a cost that the upstream reported counts.</param>
    /// <param name="usage">Disjoint counts; negative ones count as nothing.</param>
    /// <param name="at">When the request was made: announced price changes depend on it.</param>
    /// <param name="terms">Anything special; null is <see cref="PricingTerms.Default"/>.</param>
    public static Cost Price(PriceSheet? sheet, TokenUsage usage, DateTimeOffset at, PricingTerms? terms = null)
    {
        terms ??= PricingTerms.Default;
        if (usage.ReportedCostNanoUsd is >= 0 and var reported && (terms.PreferReportedCost || sheet is null))
        {
            return new Cost(reported, IsUnpriced: false);
        }

        var sum = new Sum();
        if (usage.Media is { } media)
        {
            AddMedia(ref sum, sheet is null ? null : InForce(sheet, at), media, usage, at);
        }
        else if (usage.Iterations.Count == 0)
        {
            AddTokens(ref sum, sheet, usage, usage.ServiceTier, at);
        }
        else
        {
            // The top level adds inner calls up or leaves them out; each inner call is billed on its own, by its own size and model.
            foreach (var inner in usage.Iterations)
            {
                var rates = inner.Model is null ? sheet : terms.SheetOfModel?.Invoke(inner.Model);
                AddTokens(ref sum, rates, inner.Usage, inner.Usage.ServiceTier ?? usage.ServiceTier, at);
            }
        }

        AddSearches(ref sum, sheet, usage, at);
        return sum.ToCost();
    }

    /// <summary>What an input would cost uncached, in nano-dollars, before anything is sent; null where the rate is not known.</summary>
    public static long? EstimateInput(PriceSheet? sheet, long inputTokens, DateTimeOffset at)
    {
        var cost = Price(sheet, new TokenUsage { Input = inputTokens }, at);
        return cost.IsUnpriced ? null : cost.NanoUsd;
    }

    private static void AddTokens(ref Sum sum, PriceSheet? sheet, TokenUsage usage, string? serviceTier, DateTimeOffset at)
    {
        var input = Believable(usage.Input);
        var read = Believable(usage.CacheRead);
        var write5m = Believable(usage.CacheWrite5m);
        var write1h = Believable(usage.CacheWrite1h);
        var audioIn = Believable(usage.AudioInput);
        var output = Believable(usage.Output);
        var audioOut = Believable(usage.AudioOutput);
        if (input + read + write5m + write1h + audioIn + output + audioOut == 0)
        {
            return;
        }

        if (sheet is null)
        {
            sum.IsUnpriced = true;
            return;
        }

        var rates = RatesFor(InForce(sheet, at), input + read + write5m + write1h + audioIn);
        var (factor, isKnown) = Factor(InForce(sheet, at), serviceTier);
        sum.IsUnpriced |= !isKnown;
        sum.Add(input, rates.Input, factor);
        sum.Add(read, rates.CacheRead ?? rates.Input, factor);
        sum.Add(write5m, rates.CacheWrite5m ?? rates.Input, factor);
        sum.Add(write1h, rates.CacheWrite1h ?? rates.CacheWrite5m ?? rates.Input, factor);
        sum.Add(audioIn, rates.AudioInput, factor);
        sum.Add(output, rates.Output, factor);
        sum.Add(audioOut, rates.AudioOutput, factor);
    }

    // A list without a rate for tokens charges by units alone; one that has neither leaves what was made unpriced, however few tokens were reported.
    private static void AddMedia(ref Sum sum, PriceSheet? sheet, MediaUsage media, TokenUsage usage, DateTimeOffset at)
    {
        var cost = MediaPricer.Price(sheet, media);
        foreach (var component in cost.Components)
        {
            sum.AddNano(component);
        }

        var tokens = new Sum();
        AddTokens(ref tokens, sheet, usage, usage.ServiceTier, at);
        sum.AddNano(tokens.Nano);
        var isMadeOfTokens = usage.TotalOutput > 0 || usage.AudioInput > 0;
        sum.IsUnpriced |= cost.MissesRate || (!cost.IsCovered && (tokens.IsUnpriced || !isMadeOfTokens));
    }

    // Searches are charged per call, outside the service tier's factor, and reported at the top level even where inner calls are listed.
    private static void AddSearches(ref Sum sum, PriceSheet? sheet, TokenUsage usage, DateTimeOffset at)
    {
        var searches = usage.WebSearches ?? usage.Iterations.Sum(inner => Believable(inner.Usage.WebSearches));
        searches = Believable(searches);
        if (searches == 0)
        {
            return;
        }

        if (sheet is null || InForce(sheet, at).WebSearch is not { } fee)
        {
            sum.IsUnpriced = true;
            return;
        }

        sum.AddNano(searches * fee * NanoPerUsd);
    }

    /// <summary>The rates in force at a moment.</summary>
    internal static PriceSheet InForce(PriceSheet sheet, DateTimeOffset at)
    {
        var day = DateOnly.FromDateTime(at.UtcDateTime);
        var current = sheet;
        foreach (var change in sheet.Changes)
        {
            if (change.From <= day)
            {
                current = change.Rates;
            }
        }

        return current;
    }

    /// <summary>The rates of a request of this size: a step on the whole request, not marginal.</summary>
    internal static PriceSheet RatesFor(PriceSheet sheet, long totalInput)
    {
        PriceSheet? tier = null;
        for (var i = 0; i < sheet.Tiers.Count; i++)
        {
            if (totalInput > sheet.Tiers[i].AboveInputTokens)
            {
                tier = sheet.Tiers[i].Rates;
            }
        }

        return tier is null ? sheet : tier with
        {
            Input = tier.Input ?? sheet.Input,
            Output = tier.Output ?? sheet.Output,
            CacheRead = tier.CacheRead ?? sheet.CacheRead,
            CacheWrite5m = tier.CacheWrite5m ?? sheet.CacheWrite5m,
            CacheWrite1h = tier.CacheWrite1h ?? sheet.CacheWrite1h,
            AudioInput = tier.AudioInput ?? sheet.AudioInput,
            AudioOutput = tier.AudioOutput ?? sheet.AudioOutput,
        };
    }

    // Half price for flex and batch is the same at every vendor that has them. Priority is not: without its own figure the amount is the
    // plain one, and flagged. Other words (default, standard, on_demand, …) are the plain rate.
    internal static (decimal Factor, bool IsKnown) Factor(PriceSheet sheet, string? serviceTier) => serviceTier switch
    {
        null => (1m, true),
        _ when sheet.ServiceTiers.TryGetValue(serviceTier, out var own) => (own, true),
        "flex" or "batch" => (0.5m, true),
        "priority" => (1m, false),
        _ => (1m, true),
    };

    private static long Believable(long? count) => Math.Clamp(count ?? 0, 0, MaxTokens);

    private struct Sum
    {
        private decimal _nano;

        public bool IsUnpriced { get; set; }

        public readonly decimal Nano => _nano;

        public void Add(long tokens, decimal? rate, decimal factor)
        {
            if (tokens == 0)
            {
                return;
            }

            if (rate is not { } known)
            {
                IsUnpriced = true;
                return;
            }

            AddNano(tokens * known * NanoPerTokenAtOneUsdPerMillion * factor);
        }

        public void AddNano(decimal nano) => _nano += Math.Max(0m, Math.Round(nano, 0, MidpointRounding.ToEven));

        public readonly Cost ToCost() => new((long)Math.Min(_nano, long.MaxValue), IsUnpriced);
    }
}
