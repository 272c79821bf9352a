using Sluice.Protocols.Conversation;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.Formats;

/// <summary>What a request writer must know of the upstream model that it writes for.</summary>
/// <param name="Model">The upstream's own model name.</param>
/// <param name="Dialect">The quirks of an OpenAI-compatible server; <see cref="ChatDialect.Generic"/> elsewhere.</param>
/// <param name="Traits">What the model can do.</param>
public sealed record UpstreamTarget(string Model, ChatDialect Dialect, ModelTraits Traits)
{
    /// <summary>The canonical id, <c>author/slug</c>; used to tell model families apart (Claude, o-series, …).</summary>
    public string CanonicalModel { get; init; } = Model;

    /// <summary>The service tier to ask for, in the words of <see cref="IUpstreamFormat.ServiceTier"/>; null leaves it as the request has it.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>A Gemini host that takes what it shall count at the top of the body (Vertex), not in a whole request inside it.</summary>
    public bool CountsAtTop { get; init; }
}

/// <summary>What a model can do; null is "not known", and then the feature is tried.</summary>
public sealed record ModelTraits
{
    /// <summary>Nothing known.</summary>
    public static readonly ModelTraits Unknown = new();

    /// <summary>What it makes.</summary>
    public Products? Makes { get; init; }

    /// <summary>Takes images.</summary>
    public bool? Images { get; init; }

    /// <summary>Takes PDF documents.</summary>
    public bool? Documents { get; init; }

    /// <summary>Takes sound.</summary>
    public bool? Audio { get; init; }

    /// <summary>Calls tools.</summary>
    public bool? Tools { get; init; }

    /// <summary>Can think.</summary>
    public bool? Reasoning { get; init; }

    /// <summary>Follows a JSON schema.</summary>
    public bool? StructuredOutput { get; init; }

    /// <summary>Takes temperature and its like; false for the models that refuse them.</summary>
    public bool? Sampling { get; init; }

    /// <summary>Effort words that the model takes; empty where not known.</summary>
    public IReadOnlyList<string> Efforts { get; init; } = [];

    /// <summary>Largest thinking budget in tokens, where the model takes a budget.</summary>
    public long? MaxThinkingBudget { get; init; }

    /// <summary>Thinking is switched by <c>thinking.type: adaptive</c> and effort instead of a budget (newer Claude models).</summary>
    public bool? AdaptiveThinking { get; init; }

    /// <summary>Tokens of the window.</summary>
    public long? ContextLength { get; init; }

    /// <summary>Most output tokens of one answer.</summary>
    public long? MaxOutputTokens { get; init; }
}

/// <summary>What an answer writer must know of the client that it writes for.</summary>
/// <param name="Model">The model's name as the client sent it; translated answers carry it.</param>
/// <param name="ResponseId">An id for answers whose upstream gave none; deterministic per request, already in no format's prefix (<c>gen-…</c>).</param>
public sealed record ClientTarget(string Model, string ResponseId)
{
    /// <summary>A Chat client asked for the usage chunk, or came by a path where it is always sent.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Unix seconds, for formats that carry a creation time.</summary>
    public long Created { get; init; }

    /// <summary>The tools that the client declared: what a call must carry back (a namespace, free text) is in their declarations.</summary>
    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary>Input tokens as estimated before sending; stands in a stream's first event until the upstream reports its own.</summary>
    public long EstimatedInputTokens { get; init; }
}
