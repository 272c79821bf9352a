using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Formats;

/// <summary>What a run of client bytes means to the gate that stands before the client.</summary>
public enum SegmentRole
{
    /// <summary>Nothing that a client can act on: start events, pings, empty blocks, signatures, usage.</summary>
    Preamble,

    /// <summary>Text or thinking that is not empty, or a refusal: commits.</summary>
    Content,

    /// <summary>A piece of an unfinished tool call (its start included): held, the last piece until the call is complete.</summary>
    ToolFragment,

    /// <summary>Ends a tool call: it and what was held of that call may go; commits.</summary>
    ToolComplete,

    /// <summary>The answer's stop reason and final usage.</summary>
    Stop,

    /// <summary>The format's terminal event: nothing follows.</summary>
    Terminal,
}

/// <summary>
/// One upstream stream on its way to the client, natively or translated: upstream frames in, client bytes out, each run of bytes marked
/// with what it means. Usage is metered on the way. Belongs to one attempt; not thread-safe.
/// </summary>
public interface IStreamRelay
{
    /// <summary>Takes one upstream frame and appends client bytes to <paramref name="output"/>. Returns the upstream's error when the frame is one (then nothing is appended), or a <see cref="ErrorKind.BadResponse"/> when it is not of the format.</summary>
    UpstreamError? Advance(in SseFrame frame, StreamSegments output);

    /// <summary>The upstream closed the stream cleanly. Returns an error unless the answer was complete.</summary>
    UpstreamError? Complete(StreamSegments output);

    /// <summary>Counts so far.</summary>
    TokenUsage Usage { get; }

    /// <summary>Why the answer ended; null while it has not.</summary>
    StopReason? StopReason { get; }

    /// <summary>Bytes of text, thinking and tool arguments seen so far: what an unreported output is estimated from.</summary>
    long ContentBytes { get; }

    /// <summary>The upstream's own id of the answer.</summary>
    string? ResponseId { get; }
}
