using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.EventStream;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>
/// Reads a Converse stream from frames of <see cref="EventStreamReader"/>. Only tool calls are announced by <c>contentBlockStart</c>; text and
/// thinking begin with their first delta. The stream is whole with <c>messageStop</c>; <c>metadata</c> with the counts comes behind it.
/// </summary>
internal sealed class ConverseStreamReader : IStreamReader
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    private readonly ConverseParts _parts = new();
    private TokenUsage _usage = TokenUsage.Unknown;
    private bool _started;
    private bool _stopped;
    private bool _ended;

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        if (_ended)
        {
            return;
        }

        var name = frame.Event.Span;
        if (name.SequenceEqual(EventStreamReader.BrokenFrame))
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, Encoding.UTF8.GetString(frame.Data.Span)));
            return;
        }

        if (name.StartsWith(EventStreamReader.ExceptionPrefix))
        {
            Fail(events, ConverseErrors.ReadFrame(Encoding.UTF8.GetString(name[EventStreamReader.ExceptionPrefix.Length..]), frame.Data.Span));
            return;
        }

        try
        {
            ReadEvent(name, frame.Data.Span, events);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The other exception comes of a member name with half a surrogate pair.
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The provider sent an event whose data is not JSON."));
        }
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        if (_ended)
        {
            return;
        }

        if (_stopped)
        {
            // Complete but for its counts.
            End(events);
        }
        else
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The provider cut the stream before the answer was complete."));
        }
    }

    private void ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        if (!IsKnown(name))
        {
            // From a newer version of the API.
            return;
        }

        var text = System.Text.Unicode.Utf8.IsValid(data) ? data : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(data));
        var reader = new Utf8JsonReader(text, Deep);
        using var document = JsonDocument.ParseValue(ref reader);
        var payload = document.RootElement;
        if (payload.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("The data is no object.");
        }

        if (!_started)
        {
            _started = true;
            events.Add(new StreamEvent.Started(Id: null, Model: null, TokenUsage.Unknown));
        }

        var index = payload.TryGetProperty("contentBlockIndex"u8, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var at) ? at : 0;
        if (name.SequenceEqual("contentBlockDelta"u8))
        {
            if (!_stopped && ConverseWords.TryObject(payload, "delta"u8, out var delta))
            {
                _parts.Delta(index, delta, events);
            }
        }
        else if (name.SequenceEqual("contentBlockStart"u8))
        {
            if (!_stopped && ConverseWords.TryObject(payload, "start"u8, out var start))
            {
                _parts.Start(index, start, events);
            }
        }
        else if (name.SequenceEqual("contentBlockStop"u8))
        {
            _parts.Stop(index, events);
        }
        else if (name.SequenceEqual("messageStop"u8))
        {
            ReadStop(payload, events);
        }
        else if (name.SequenceEqual("metadata"u8))
        {
            ReadMetadata(payload, events);
        }
    }

    private void ReadStop(JsonElement payload, List<StreamEvent> events)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        _parts.StopAll(events);
        var reason = ConverseWords.ToStopReason(ConverseWords.Text(payload, "stopReason"u8));
        events.Add(new StreamEvent.Stopped(ConverseWords.Consistent(reason, _parts.SawToolCall), StopSequence: null));
    }

    private void ReadMetadata(JsonElement payload, List<StreamEvent> events)
    {
        if (payload.TryGetProperty("usage"u8, out var usage))
        {
            _usage = ConverseUsage.Read(usage, _usage);
        }

        _usage = ConverseResponseReader.WithTier(payload, _usage);
        events.Add(new StreamEvent.UsageReported(_usage));
        if (_stopped)
        {
            End(events);
        }
    }

    private void End(List<StreamEvent> events)
    {
        _ended = true;
        events.Add(new StreamEvent.Ended());
    }

    private void Fail(List<StreamEvent> events, UpstreamError error)
    {
        _ended = true;
        events.Add(new StreamEvent.Failed(error));
    }

    private static bool IsKnown(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("contentBlockDelta"u8) || name.SequenceEqual("contentBlockStart"u8) || name.SequenceEqual("contentBlockStop"u8)
        || name.SequenceEqual("messageStart"u8) || name.SequenceEqual("messageStop"u8) || name.SequenceEqual("metadata"u8);
}
