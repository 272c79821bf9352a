namespace Sluice.Core.Routing.Ordering;

/// <summary>Random numbers for one decision: SplitMix64 from a start of its own, random enough to draw by and cheap enough to draw hundreds.</summary>
internal struct Draw(ulong start)
{
    /// <summary>How far apart two starts must at least be for each number that is drawn between them.</summary>
    public const long Step = unchecked((long)0x9E3779B97F4A7C15);

    private ulong _state = start;

    /// <summary>In [0, 1).</summary>
    public double Next()
    {
        _state = unchecked(_state + (ulong)Step);
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (long)((z ^ (z >> 31)) >> 11) * (1.0 / (1L << 53));
    }
}
