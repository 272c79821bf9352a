using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Conversation;

/// <summary>The shape of a streamed part.</summary>
public enum PartShape
{
    /// <summary>Shown text.</summary>
    Text,

    /// <summary>Reasoning text.</summary>
    Thinking,

    /// <summary>Anthropic's redacted thinking: whole in <see cref="StreamEvent.PartStarted.Data"/>.</summary>
    RedactedThinking,

    /// <summary>A tool call.</summary>
    ToolCall,

    /// <summary>OpenAI's refusal text.</summary>
    Refusal,

    /// <summary>A vendor block without neutral meaning; its start block is in <see cref="StreamEvent.PartStarted.Json"/>, deltas come as <see cref="StreamEvent.OpaqueDelta"/>.</summary>
    Opaque,
}

/// <summary>
/// One step of a streamed answer, in no vendor's terms. Readers emit: <see cref="Started"/> once; parts, each
/// <see cref="PartStarted"/>, deltas, <see cref="PartEnded"/>, numbered densely from 0 in order of appearance (parts of parallel tool
/// calls may interleave: writers put them in order where their format demands it); <see cref="UsageReported"/> any number of times, each replacing the
/// last; <see cref="Stopped"/> once; <see cref="Ended"/> at the upstream's own terminal marker. <see cref="Failed"/> may come instead at any time
/// and is the last. A stream that ends without <see cref="Ended"/> or <see cref="Failed"/> was cut.
/// </summary>
public abstract record StreamEvent
{
    /// <summary>The upstream began to answer.</summary>
    public sealed record Started(string? Id, string? Model, TokenUsage Usage) : StreamEvent;

    /// <summary>A part begins.</summary>
    /// <param name="Part">Number of the part, from 0.</param>
    /// <param name="Shape">What it is.</param>
    public sealed record PartStarted(int Part, PartShape Shape) : StreamEvent
    {
        /// <summary>Of a tool call, or the vendor's own of a thinking part.</summary>
        public string? Id { get; init; }

        /// <summary>Of a tool call.</summary>
        public string? Name { get; init; }

        /// <summary>Of a tool call: the tool takes free text, and so do the <see cref="ArgumentsDelta"/>s.</summary>
        public bool IsCustom { get; init; }

        /// <summary>Of a tool call whose tool the client declared in a namespace.</summary>
        public string? Namespace { get; init; }

        /// <summary>Redacted thinking.</summary>
        public string? Data { get; init; }

        /// <summary>Vendor fields of a tool call that must come back, or the start block of an opaque part.</summary>
        public RawJson Json { get; init; }

        /// <summary>The format whose block <see cref="Json"/> of an opaque part, or <see cref="Data"/>, is; only that format's writer can carry it.</summary>
        public WireProtocol? From { get; init; }

        /// <summary>Whose redacted thinking it is: Anthropic's own block unless the reader says otherwise.</summary>
        public WireProtocol RedactedBy => From ?? WireProtocol.AnthropicMessages;
    }

    /// <summary>More shown text (also of a refusal part).</summary>
    public sealed record TextDelta(int Part, string Text) : StreamEvent;

    /// <summary>More reasoning.</summary>
    public sealed record ThinkingDelta(int Part, string Text) : StreamEvent;

    /// <summary>The signature of a part (see <see cref="ContentPart.Signature"/>); several are concatenated.</summary>
    public sealed record SignatureDelta(int Part, string Signature) : StreamEvent
    {
        /// <summary>Who signed.</summary>
        public WireProtocol SignedBy { get; init; }
    }

    /// <summary>A piece of OpenRouter's <c>reasoning_details</c> array, verbatim.</summary>
    public sealed record ReasoningDetails(int Part, RawJson Details) : StreamEvent;

    /// <summary>More of a tool call's argument text; fragments split anywhere.</summary>
    public sealed record ArgumentsDelta(int Part, string Json) : StreamEvent;

    /// <summary>A citation of a text part, in the shape of the format that was read.</summary>
    public sealed record CitationDelta(int Part, RawJson Citation) : StreamEvent
    {
        /// <summary>The format whose citation shape it has; null where the reader does not say.</summary>
        public WireProtocol? From { get; init; }
    }

    /// <summary>A vendor delta of an opaque part, verbatim.</summary>
    public sealed record OpaqueDelta(int Part, RawJson Delta) : StreamEvent;

    /// <summary>A part is complete.</summary>
    public sealed record PartEnded(int Part) : StreamEvent;

    /// <summary>Counts so far; the whole of them, not an increment.</summary>
    public sealed record UsageReported(TokenUsage Usage) : StreamEvent;

    /// <summary>The answer is complete; usage may still follow.</summary>
    public sealed record Stopped(StopReason Reason, string? StopSequence) : StreamEvent;

    /// <summary>The upstream's terminal marker (<c>message_stop</c>, <c>[DONE]</c>, or a clean end where a dialect sends none).</summary>
    public sealed record Ended : StreamEvent;

    /// <summary>The upstream reported an error inside the stream, or sent what is not its format.</summary>
    public sealed record Failed(UpstreamError Error) : StreamEvent;
}
