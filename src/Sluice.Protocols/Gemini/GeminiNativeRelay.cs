using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Relays streamGenerateContent streams. Nothing marks their end: an answer that was finished (or whose prompt was blocked) is complete when the
/// upstream closes the stream, and until then more may follow.
/// </summary>
internal sealed class GeminiNativeRelay(NativeStreamOptions options) : IStreamRelay
{
    private bool _callOpen;
    private bool _called;

    /// <inheritdoc/>
    public TokenUsage Usage { get; private set; } = TokenUsage.Unknown;

    /// <inheritdoc/>
    public StopReason? StopReason { get; private set; }

    /// <inheritdoc/>
    public long ContentBytes { get; private set; }

    /// <inheritdoc/>
    public string? ResponseId { get; private set; }

    /// <inheritdoc/>
    public UpstreamError? Advance(in SseFrame frame, StreamSegments output)
    {
        if (!frame.HasData)
        {
            return WithoutData(frame, output);
        }

        var data = frame.Data.Span.Trim(" \t\r\n"u8);
        if (data.SequenceEqual("[DONE]"u8))
        {
            // Gateways in between add it; Google's clients fail on it.
            return null;
        }

        if (data.IsEmpty || data[0] != (byte)'{' || data[^1] != (byte)'}')
        {
            return NativeRelays.BadResponse("The upstream's stream event is not a JSON object.");
        }

        try
        {
            return Read(frame, data, output);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return NativeRelays.BadResponse("The upstream's stream event is not valid JSON.");
        }
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output)
    {
        if (StopReason is null)
        {
            return NativeRelays.BadResponse("The upstream closed the stream without finishReason.");
        }

        if (_callOpen)
        {
            // Finished all the same: its last piece is whole.
            _callOpen = false;
            output.Signal(SegmentRole.ToolComplete);
        }

        return null;
    }

    private UpstreamError? WithoutData(in SseFrame frame, StreamSegments output)
    {
        var text = frame.Raw.Span.TrimStart(" \n\r\t"u8);
        if (text.StartsWith("["u8) && text.IndexOf("\"error\""u8) >= 0)
        {
            // Google wraps an error of a stream that it never started into a list.
            return options.ReadError(frame.Raw.Trim(" \n\r\t"u8));
        }

        if (NativeRelays.Unframed(frame, options.ReadError) is { } unframed)
        {
            return unframed;
        }

        if (text.IsEmpty)
        {
            NativeRelays.Pass(frame, SegmentRole.Preamble, output);
        }

        // Google's clients take data lines and blank lines; a comment ends their stream with an error.
        return null;
    }

    private UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        var chunk = new GeminiChunk { WantsId = ResponseId is null };
        chunk.Read(data);
        if (chunk.HasError)
        {
            return options.ReadError(frame.Data);
        }

        ResponseId ??= chunk.Id;
        ContentBytes += chunk.ContentBytes;
        _called |= chunk.HasCall;
        StopReason = GeminiResponseFacts.StopReasonOf(chunk, _called) ?? StopReason;
        if (chunk.Usage is { } usage)
        {
            Usage = options.ReadUsage(data[usage], Usage);
        }

        NativeRelays.Pass(frame, RoleOf(chunk, output), output);
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
