using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Relays streamGenerateContent streams. Nothing marks their end: an answer that was finished (or whose prompt was blocked) is complete when the
/// upstream closes the stream, and until then more may follow.
/// </summary>
internal sealed class GeminiNativeRelay(NativeStreamOptions options) : NativeRelay(options)
{
    private bool _callOpen;
    private bool _called;
    private long _searches;

    /// <inheritdoc/>
    protected override bool ReadDone(in SseFrame frame, StreamSegments output)
    {
        // Gateways in between add it; Google's clients fail on it.
        return true;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Close(StreamSegments output)
    {
        if (StopReason is null)
        {
            return BadResponse("The upstream closed the stream without finishReason.");
        }

        if (_callOpen)
        {
            // Finished all the same: its last piece is whole.
            _callOpen = false;
            output.Signal(SegmentRole.ToolComplete);
        }

        return null;
    }

    /// <inheritdoc/>
    protected override UpstreamError? ReadWithoutData(in SseFrame frame, StreamSegments output)
    {
        var text = frame.Raw.Span.TrimStart(" \n\r\t"u8);
        if (text.StartsWith("["u8) && text.IndexOf("\"error\""u8) >= 0)
        {
            // Google wraps an error of a stream that it never started into a list.
            return Options.ReadError(frame.Raw.Trim(" \n\r\t"u8));
        }

        if (NativeRelays.Unframed(frame, Options.ReadError) is { } unframed)
        {
            return unframed;
        }

        if (text.IsEmpty)
        {
            Pass(frame, SegmentRole.Preamble, output);
        }

        // Google's clients take data lines and blank lines; a comment ends their stream with an error.
        return null;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        var chunk = new GeminiChunk { WantsId = ResponseId is null };
        chunk.Read(data);
        if (chunk.HasError)
        {
            return Options.ReadError(frame.Data);
        }

        ResponseId ??= chunk.Id;
        ContentBytes += chunk.ContentBytes;
        _called |= chunk.HasCall;
        StopReason = GeminiResponseFacts.StopReasonOf(chunk, _called) ?? StopReason;
        Meter(data, chunk.Usage);
        _searches = WebSearchReader.Charged(chunk.Queries, chunk.Model) is { } searches ? Math.Max(searches, _searches) : _searches;
        Usage = Usage.WithSearches(_searches);
        Pass(frame, RoleOf(chunk, output), output);
        return null;
    }

    private SegmentRole RoleOf(in GeminiChunk chunk, StreamSegments output)
    {
        if (chunk.HasCall)
        {
            _callOpen = chunk.CallContinues;
            return _callOpen ? SegmentRole.ToolFragment : SegmentRole.ToolComplete;
        }

        if (_callOpen && (chunk.HasContent || chunk.Finish is not null))
        {
            // Something else begins without the call's closing piece.
            _callOpen = false;
            output.Signal(SegmentRole.ToolComplete);
        }

        return chunk.HasContent ? SegmentRole.Content
            : chunk.Finish is not null || chunk.Blocked ? SegmentRole.Stop
            : SegmentRole.Preamble;
    }
}
