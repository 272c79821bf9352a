using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Native;

/// <summary>
/// Relays a stream whose client and upstream speak the same format: bytes pass as they are. What all formats share is here; what their events
/// mean is said by a class in each format's folder. A class and not an interface beside it: this runs once for every event.
/// </summary>
internal abstract class NativeRelay(NativeStreamOptions options) : IStreamRelay
{
    /// <inheritdoc/>
    public TokenUsage Usage { get; protected set; } = TokenUsage.Unknown;

    /// <inheritdoc/>
    public StopReason? StopReason { get; protected set; }

    /// <inheritdoc/>
    public long ContentBytes { get; protected set; }

    /// <inheritdoc/>
    public string? ResponseId { get; protected set; }

    /// <summary>The terminal event has passed: what follows is not passed on, clients are gone.</summary>
    protected bool Ended { get; set; }

    /// <summary>What the relay was told.</summary>
    protected NativeStreamOptions Options => options;

    /// <inheritdoc/>
    public UpstreamError? Advance(in SseFrame frame, StreamSegments output)
    {
        if (Ended)
        {
            return null;
        }

        if (!frame.HasData)
        {
            return ReadWithoutData(frame, output);
        }

        // Some vendors pad events with spaces behind the JSON.
        var data = frame.Data.Span.Trim(" \t\r\n"u8);
        if (data.IsEmpty || data[0] != (byte)'{' || data[^1] != (byte)'}')
        {
            return data.SequenceEqual("[DONE]"u8) && ReadDone(frame, output) ? null : BadResponse("The upstream's stream event is not a JSON object.");
        }

        return TryPass(frame, data, output) ? null : ReadJson(frame, data, output);
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output) => Ended ? null : Close(output);

    /// <summary>Passes an event on that can be told by its first bytes, as nearly all deltas can. False where it has to be read token by token.</summary>
    protected virtual bool TryPass(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output) => false;

    /// <summary>Takes an event and passes it on. Returns the upstream's error where it is one.</summary>
    /// <param name="frame">The frame as it came.</param>
    /// <param name="data">Its data without space around it: begins and ends with a brace.</param>
    /// <param name="output">The client's bytes.</param>
    /// <exception cref="JsonException">The data is not JSON.</exception>
    /// <exception cref="InvalidOperationException">The data is JSON with text that is not UTF-8.</exception>
    protected abstract UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output);

    /// <summary>The upstream closed before a terminal event. Returns what is missing, or null where that is how answers end.</summary>
    protected abstract UpstreamError? Close(StreamSegments output);

    /// <summary>Takes OpenAI's end marker. False where the format has no such thing.</summary>
    protected virtual bool ReadDone(in SseFrame frame, StreamSegments output) => false;

    /// <summary>Takes a frame without data: a comment, a blank line, or an error that the upstream did not frame.</summary>
    protected virtual UpstreamError? ReadWithoutData(in SseFrame frame, StreamSegments output)
    {
        if (NativeRelays.Unframed(frame, options.ReadError) is { } unframed)
        {
            return unframed;
        }

        Pass(frame, SegmentRole.Preamble, output);
        return null;
    }

    /// <summary>Adds a usage object, where the event has one.</summary>
    protected void Meter(ReadOnlySpan<byte> data, Range? usage)
    {
        if (usage is { } span)
        {
            Usage = options.ReadUsage(data[span], Usage);
        }
    }

    /// <inheritdoc cref="NativeRelays.Pass"/>
    protected static void Pass(in SseFrame frame, SegmentRole role, StreamSegments output) => NativeRelays.Pass(frame, role, output);

    /// <inheritdoc cref="NativeRelays.BadResponse"/>
    protected static UpstreamError BadResponse(string message) => NativeRelays.BadResponse(message);

    // Of its own: what TryPass takes needs no handler.
    private UpstreamError? ReadJson(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        try
        {
            return Read(frame, data, output);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return BadResponse("The upstream's stream event is not valid JSON.");
        }
    }
}
