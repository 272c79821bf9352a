using Sluice.Protocols.Json;

namespace Sluice.Protocols.Conversation;

/// <summary>Why an answer ended.</summary>
public enum StopReason
{
    /// <summary>The model was done.</summary>
    EndTurn,

    /// <summary>The model wants tool results. Decided by the presence of calls, not by the upstream's word.</summary>
    ToolUse,

    /// <summary>The output limit.</summary>
    MaxTokens,

    /// <summary>One of the client's stop sequences.</summary>
    StopSequence,

    /// <summary>The context window is full.</summary>
    ContextFull,

    /// <summary>Refused or filtered.</summary>
    Refusal,

    /// <summary>The vendor's own tool loop paused; the client sends the content back to go on.</summary>
    Pause,
}

/// <summary>A whole answer, in no vendor's terms.</summary>
public sealed record ConversationResponse
{
    /// <summary>The upstream's id of the answer, null where it gave none.</summary>
    public string? Id { get; init; }

    /// <summary>The model as the upstream named it.</summary>
    public string? Model { get; init; }

    /// <summary>Text, thinking, tool calls, refusals, opaque blocks, in order.</summary>
    public IReadOnlyList<ContentPart> Parts { get; init; } = [];

    /// <summary>Why it ended.</summary>
    public StopReason StopReason { get; init; }

    /// <summary>The text that ended it, for <see cref="StopReason.StopSequence"/>.</summary>
    public string? StopSequence { get; init; }

    /// <summary>What it consumed.</summary>
    public TokenUsage Usage { get; init; } = TokenUsage.Unknown;

    /// <summary>Unix seconds, where the upstream said.</summary>
    public long? Created { get; init; }

    /// <summary>Further choices of an <c>n &gt; 1</c> answer, verbatim JSON objects; the first choice is <see cref="Parts"/>.</summary>
    public IReadOnlyList<RawJson> FurtherChoices { get; init; } = [];

    /// <summary>Top-level members without neutral meaning, verbatim.</summary>
    public IReadOnlyList<ExtraMember> Extras { get; init; } = [];
}
