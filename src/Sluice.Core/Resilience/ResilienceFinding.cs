namespace Sluice.Core.Resilience;

/// <summary>How a layer of the fallback checklist stands.</summary>
public enum ResilienceLevel
{
    /// <summary>In place.</summary>
    Good,

    /// <summary>Works, and leaves somebody without an answer that could have had one.</summary>
    Weak,

    /// <summary>Does nothing, or not what was meant.</summary>
    Missing,
}

/// <summary>One line of the fallback checklist.</summary>
/// <param name="Layer">Which: <c>retries</c>, <c>model fallback</c>, <c>provider fallback</c>, <c>circuit breaker</c>, <c>queue</c>, <c>hedging</c>, <c>degradation</c>.</param>
/// <param name="Level">How it stands.</param>
/// <param name="What">What is configured, one sentence.</param>
/// <param name="Remedy">What to do; null where nothing is needed.</param>
public sealed record ResilienceFinding(string Layer, ResilienceLevel Level, string What, string? Remedy = null);
