using Sluice.Protocols.Conversation;

namespace Sluice.Core.Pricing;

/// <summary>The most that an attempt is thought to cost before it is sent: all of its input uncached, and all the output that it may bring.</summary>
/// <remarks>What it leaves out: that the input was guessed too small, input written to a cache for an hour, and searches of the web.</remarks>
/// <param name="Sheet">The endpoint's rates.</param>
/// <param name="Input">Tokens, estimated.</param>
/// <param name="WritesCache">The request marks what shall be cached: writing costs more than plain input.</param>
/// <param name="Tier">The service tier asked for; null for the ordinary one.</param>
/// <param name="At">When.</param>
public sealed record WorstCase(PriceSheet Sheet, long Input, bool WritesCache, string? Tier, DateTimeOffset At)
{
    private const decimal NanoPerTokenAtOneUsdPerMillion = 1_000m;

    /// <summary>With so many tokens of output, in nano-dollars; null where some rate is not known.</summary>
    public long? Of(long output)
    {
        var usage = WritesCache ? new TokenUsage { CacheWrite5m = Input, Output = output } : new TokenUsage { Input = Input, Output = output };
        var cost = Pricer.Price(Sheet, usage with { ServiceTier = Tier }, At);
        return cost.IsUnpriced ? null : cost.NanoUsd;
    }

    /// <summary>Most tokens of output that an amount pays for behind the input; 0 where it does not pay for the input.</summary>
    /// <param name="nanoUsd">The amount.</param>
    public long AffordableOutput(long nanoUsd)
    {
        var sheet = Pricer.InForce(Sheet, At);
        var rate = (Pricer.RatesFor(sheet, Input).Output ?? 0) * NanoPerTokenAtOneUsdPerMillion * Pricer.Factor(sheet, Tier).Factor;
        if (Of(0) is not { } input || input > nanoUsd)
        {
            return 0;
        }

        return rate == 0 ? Pricer.MaxTokens : (long)Math.Min(Pricer.MaxTokens, Math.Floor((nanoUsd - input) / rate));
    }
}
