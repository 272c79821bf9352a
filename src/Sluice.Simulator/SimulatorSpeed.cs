namespace Sluice.Simulator;

/// <summary>How fast a stream is sent.</summary>
public readonly record struct SimulatorSpeed
{
    private SimulatorSpeed(double? tokensPerSecond, bool coalesced)
    {
        TokensPerSecond = tokensPerSecond;
        Coalesced = coalesced;
    }

    /// <summary>No pauses, and as many events to a write as fit into 16 KiB: what benchmarks use.</summary>
    public static SimulatorSpeed Burst { get; } = new(null, coalesced: true);

    /// <summary>No pauses, each event flushed as a write of its own. The default.</summary>
    public static SimulatorSpeed EachEvent { get; } = new(null, coalesced: false);

    /// <summary>Tokens per second; null where there are no pauses. One delta counts as one token.</summary>
    public double? TokensPerSecond { get; }

    internal bool Coalesced { get; }

    /// <summary>One delta every <c>1 / tokensPerSecond</c> seconds by the options' clock.</summary>
    /// <param name="tokensPerSecond">Above zero.</param>
    public static SimulatorSpeed Paced(double tokensPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerSecond);
        return new(tokensPerSecond, coalesced: false);
    }
}
