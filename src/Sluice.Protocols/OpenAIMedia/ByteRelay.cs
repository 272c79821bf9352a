using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>Passes sound on as it comes: the first byte commits, and only the connection's end says that it is complete.</summary>
internal sealed class ByteRelay : IStreamRelay
{
    /// <inheritdoc/>
    public TokenUsage Usage => TokenUsage.Unknown;

    /// <inheritdoc/>
    public StopReason? StopReason => null;

    /// <inheritdoc/>
    public long ContentBytes { get; private set; }

    /// <inheritdoc/>
    public string? ResponseId => null;

    /// <inheritdoc/>
    public UpstreamError? Advance(in SseFrame frame, StreamSegments output)
    {
        ContentBytes += frame.Raw.Length;
        output.Write(frame.Raw.Span);
        output.Mark(SegmentRole.Content);
        return null;
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output) => null;
}
