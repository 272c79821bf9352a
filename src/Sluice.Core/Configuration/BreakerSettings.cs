namespace Sluice.Core.Configuration;

/// <summary>When an endpoint that keeps failing is left alone, and for how long.</summary>
public sealed record BreakerSettings
{
    /// <summary>Failures without a success between them that open the circuit.</summary>
    public int Failures { get; init; } = 5;

    /// <summary>Within which time they must fall.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it stays open the first time; doubled each time that a probe fails.</summary>
    public TimeSpan Open { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest that it stays open.</summary>
    public TimeSpan MaxOpen { get; init; } = TimeSpan.FromMinutes(5);
}
