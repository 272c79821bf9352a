namespace Sluice.Simulator.Replies;

/// <summary>What a frame of a stream is, so that a fault can find its place without knowing the wire format.</summary>
internal enum FrameKind
{
    Start,
    Ping,
    BlockStart,
    Delta,
    ToolStart,
    ToolDelta,
    BlockStop,

    /// <summary>Stop reason and usage.</summary>
    Finish,

    /// <summary>The event after which a client knows that nothing is missing.</summary>
    Terminal,
    Error,
    Other,
}

/// <summary>One event of a stream as its bytes, with the blank line that ends it.</summary>
internal readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Bytes);
