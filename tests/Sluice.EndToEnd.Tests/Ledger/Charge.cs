namespace Sluice.EndToEnd.Tests.Ledger;

/// <summary>USD per million tokens, as the configuration file has them.</summary>
internal sealed record Rates(decimal Input, decimal Output, decimal CacheRead, decimal CacheWrite, decimal CacheWrite1h)
{
    public override string ToString() => FormattableString.Invariant(
        $"{{ input: {Input}, output: {Output}, cache_read: {CacheRead}, cache_write: {CacheWrite}, cache_write_1h: {CacheWrite1h} }}");
}

/// <summary>What one attempt, or the sum of many, must stand in the ledger with: the rules of docs/ledger.md, worked out again.</summary>
internal sealed record Charge(long Requests, long Attempts, long Input, long CacheRead, long Write5m, long Write1h, long Output, long NanoUsd, long Estimated)
{
    public static readonly Charge Nothing = new(0, 0, 0, 0, 0, 0, 0, 0, 0);

    public static Charge Of(bool first, Rates rates, long input, long cacheRead, long write5m, long write1h, long output, bool estimated) => new(
        first ? 1 : 0, 1, input, cacheRead, write5m, write1h, output,
        Nano(input, rates.Input) + Nano(cacheRead, rates.CacheRead) + Nano(write5m, rates.CacheWrite) + Nano(write1h, rates.CacheWrite1h) + Nano(output, rates.Output),
        estimated ? 1 : 0);

    public static Charge operator +(Charge a, Charge b) => new(
        a.Requests + b.Requests, a.Attempts + b.Attempts, a.Input + b.Input, a.CacheRead + b.CacheRead, a.Write5m + b.Write5m, a.Write1h + b.Write1h,
        a.Output + b.Output, a.NanoUsd + b.NanoUsd, a.Estimated + b.Estimated);

    // One dollar per million tokens is a thousand nano-dollars per token; each component is rounded once, half to even.
    private static long Nano(long tokens, decimal rate) => (long)Math.Round(tokens * rate * 1000m, MidpointRounding.ToEven);
}
