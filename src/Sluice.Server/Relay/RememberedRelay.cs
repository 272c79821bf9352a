using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Server.Relay;

/// <summary>A relay that passes bytes as they are and has a second reader look on, which remembers. Only where the provider wants its reasoning back: it reads every event twice.</summary>
internal sealed class RememberedRelay(IStreamRelay relay, RememberedReader reader) : IStreamRelay
{
    private readonly List<StreamEvent> _seen = [];

    /// <inheritdoc/>
    public TokenUsage Usage => relay.Usage;

    /// <inheritdoc/>
    public StopReason? StopReason => relay.StopReason;

    /// <inheritdoc/>
    public long ContentBytes => relay.ContentBytes;

    /// <inheritdoc/>
    public string? ResponseId => relay.ResponseId;

    /// <inheritdoc/>
    public UpstreamError? Advance(in SseFrame frame, StreamSegments output)
    {
        reader.Read(frame, _seen);
        _seen.Clear();
        return relay.Advance(frame, output);
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output)
    {
        reader.Complete(_seen);
        _seen.Clear();
        return relay.Complete(output);
    }
}
