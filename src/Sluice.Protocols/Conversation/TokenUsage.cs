namespace Sluice.Protocols.Conversation;

/// <summary>
/// What an answer consumed, in disjoint buckets, so that cost is a plain sum. Null is "not reported", never 0. Readers convert from the
/// vendor's overlapping counts and clamp what cannot be (negative, larger than its whole), which sets <see cref="IsAnomalous"/>.
/// </summary>
public sealed record TokenUsage
{
    /// <summary>Nothing reported.</summary>
    public static readonly TokenUsage Unknown = new();

    /// <summary>Input tokens that were neither read from nor written to a prompt cache, audio excluded.</summary>
    public long? Input { get; init; }

    /// <summary>Input tokens read from a prompt cache.</summary>
    public long? CacheRead { get; init; }

    /// <summary>Input tokens written to a prompt cache for 5 minutes (also: written, duration not said).</summary>
    public long? CacheWrite5m { get; init; }

    /// <summary>Input tokens written to a prompt cache for 1 hour.</summary>
    public long? CacheWrite1h { get; init; }

    /// <summary>Billed output tokens, thinking included, audio excluded.</summary>
    public long? Output { get; init; }

    /// <summary>The part of <see cref="Output"/> that was thinking.</summary>
    public long? Reasoning { get; init; }

    /// <summary>Input tokens of sound.</summary>
    public long? AudioInput { get; init; }

    /// <summary>Output tokens of sound.</summary>
    public long? AudioOutput { get; init; }

    /// <summary>Server-side web searches, charged each.</summary>
    public long? WebSearches { get; init; }

    /// <summary>What is charged by other units than the tokens above; null where nothing of the kind was made.</summary>
    public MediaUsage? Media { get; init; }

    /// <summary>The tier that the upstream says it served (<c>flex</c>, <c>priority</c>, <c>batch</c>, …).</summary>
    public string? ServiceTier { get; init; }

    /// <summary>The cost that the upstream itself reported, in nano-dollars.</summary>
    public long? ReportedCostNanoUsd { get; init; }

    /// <summary>Inner calls that the top-level counts leave out or add up (Anthropic <c>iterations</c>); empty where there are none. Cost then sums these instead.</summary>
    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    /// <summary>The upstream reported something impossible; the values here are clamped.</summary>
    public bool IsAnomalous { get; init; }

    /// <summary>True once any count is known.</summary>
    public bool IsReported => Input is not null || Output is not null || CacheRead is not null || CacheWrite5m is not null || Media is not null;

    /// <summary>The same with the searches that were seen in the answer, where the provider's counts do not name them.</summary>
    public TokenUsage WithSearches(long? seen) => WebSearches is null && seen > 0 ? this with { WebSearches = seen } : this;

    /// <summary>All input, cached or not, as OpenAI counts it.</summary>
    public long TotalInput => (Input ?? 0) + (CacheRead ?? 0) + (CacheWrite5m ?? 0) + (CacheWrite1h ?? 0) + (AudioInput ?? 0);

    /// <summary>All output, as OpenAI counts it.</summary>
    public long TotalOutput => (Output ?? 0) + (AudioOutput ?? 0);
}

/// <summary>One inner call of an answer.</summary>
/// <param name="Type">The vendor's word (<c>message</c>, <c>compaction</c>, <c>advisor_message</c>).</param>
/// <param name="Model">The upstream's model name, where it differs from the answer's.</param>
/// <param name="Usage">Its own counts.</param>
public sealed record UsageIteration(string Type, string? Model, TokenUsage Usage);
