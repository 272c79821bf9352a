using Sluice.Protocols.Json;

namespace Sluice.Protocols.Conversation;

/// <summary>Sampling parameters; null is "not sent".</summary>
public sealed record SamplingOptions
{
    /// <summary>None sent.</summary>
    public static readonly SamplingOptions None = new();

    /// <summary>0 to 1 at Anthropic, 0 to 2 at OpenAI.</summary>
    public double? Temperature { get; init; }

    /// <summary>0 to 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Not known to OpenAI.</summary>
    public long? TopK { get; init; }

    /// <summary>Not known to Anthropic.</summary>
    public long? Seed { get; init; }

    /// <summary>-2 to 2; not known to Anthropic.</summary>
    public double? FrequencyPenalty { get; init; }

    /// <summary>-2 to 2; not known to Anthropic.</summary>
    public double? PresencePenalty { get; init; }
}

/// <summary>How the client wants the model to think.</summary>
public enum ReasoningMode
{
    /// <summary>Thinking off.</summary>
    Off,

    /// <summary>On, with <see cref="ReasoningOptions.BudgetTokens"/>.</summary>
    Budget,

    /// <summary>On, the model decides how much (Anthropic <c>adaptive</c>), or by <see cref="ReasoningOptions.Effort"/>.</summary>
    Adaptive,
}

/// <summary>Thinking; null on the request means that the client said nothing.</summary>
/// <param name="Mode">Off, budget or adaptive.</param>
public sealed record ReasoningOptions(ReasoningMode Mode)
{
    /// <summary>Tokens, for <see cref="ReasoningMode.Budget"/>.</summary>
    public long? BudgetTokens { get; init; }

    /// <summary><c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c>, <c>xhigh</c>, <c>max</c>, or a word that Sluice does not know.</summary>
    public string? Effort { get; init; }

    /// <summary>Anthropic's <c>display</c>: <c>summarized</c>, <c>omitted</c>, <c>updates</c>.</summary>
    public string? Display { get; init; }
}

/// <summary>What shape the answer's text must have.</summary>
public enum ResponseFormatKind
{
    /// <summary>Any JSON object.</summary>
    JsonObject,

    /// <summary>JSON that follows <see cref="ResponseFormat.Schema"/>.</summary>
    JsonSchema,
}

/// <summary>Structured output; null on the request means free text.</summary>
public sealed record ResponseFormat(ResponseFormatKind Kind)
{
    /// <summary>OpenAI's name of the schema.</summary>
    public string? Name { get; init; }

    /// <summary>OpenAI's description of the schema.</summary>
    public string? Description { get; init; }

    /// <summary>JSON Schema, verbatim.</summary>
    public RawJson Schema { get; init; }

    /// <summary>The schema is enforced.</summary>
    public bool? Strict { get; init; }
}

/// <summary>A top-level request member without neutral meaning.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="Value">Its value, verbatim.</param>
public readonly record struct ExtraMember(string Name, RawJson Value);
