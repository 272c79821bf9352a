using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Server.ToolCalls;

/// <summary>
/// A relay that passes bytes as they are and has a second reader look at the events of tool calls. Text and thinking, which are nearly all of an
/// answer, are not read twice.
/// </summary>
internal sealed class WatchedRelay(IStreamRelay relay, IStreamReader reader, CalledTools called) : IStreamRelay
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
        var before = output.Count;
        var error = relay.Advance(frame, output);
        if (error is null && !IsContent(output, before))
        {
            reader.Read(frame, _seen);
            called.Take(_seen, 0);
            _seen.Clear();
        }

        return error;
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output)
    {
        reader.Complete(_seen);
        called.Take(_seen, 0);
        return relay.Complete(output);
    }

    // Content behind content is one run, so a frame of it may add none.
    private static bool IsContent(StreamSegments output, int before)
    {
        for (var i = before; i < output.Count; i++)
        {
            if (output[i].Role != SegmentRole.Content)
            {
                return false;
            }
        }

        return output.Count > before || (before > 0 && output[before - 1].Role == SegmentRole.Content);
    }
}
