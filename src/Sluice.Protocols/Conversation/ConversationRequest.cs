namespace Sluice.Protocols.Conversation;

/// <summary>One inference request, in no vendor's terms. Every wire format reads into it and writes from it.</summary>
public sealed record ConversationRequest
{
    /// <summary>The format that the client spoke.</summary>
    public required WireProtocol From { get; init; }

    /// <summary>The model as the client named it.</summary>
    public required string Model { get; init; }

    /// <summary>Leading instructions, block by block, in order, with their cache marks. Only <see cref="TextPart"/> and <see cref="OpaquePart"/>.</summary>
    public IReadOnlyList<ContentPart> System { get; init; } = [];

    /// <summary>The turns, oldest first.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>In the client's order: prompt caches hang on it.</summary>
    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary>Null: the client said nothing.</summary>
    public ToolChoice? ToolChoice { get; init; }

    /// <summary>False: at most one tool call an answer. Null: the client said nothing.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Tokens, thinking included.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>Temperature and its like.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.None;

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>Null: the client said nothing about thinking.</summary>
    public ReasoningOptions? Reasoning { get; init; }

    /// <summary>Null: free text.</summary>
    public ResponseFormat? ResponseFormat { get; init; }

    /// <summary>The client wants a stream.</summary>
    public bool Stream { get; init; }

    /// <summary>A Chat client asked for the usage chunk.</summary>
    public bool IncludeStreamUsage { get; init; }

    /// <summary>Anthropic's top-level <c>cache_control</c>.</summary>
    public CacheMark? AutomaticCache { get; init; }

    /// <summary><c>metadata.user_id</c> or <c>user</c>, verbatim.</summary>
    public string? EndUser { get; init; }

    /// <summary>Verbatim.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>OpenAI's <c>prompt_cache_key</c>.</summary>
    public string? PromptCacheKey { get; init; }

    /// <summary>Members that no field above holds, verbatim, in the client's order; bounded by the body's own size.</summary>
    public IReadOnlyList<ExtraMember> Extras { get; init; } = [];
}
