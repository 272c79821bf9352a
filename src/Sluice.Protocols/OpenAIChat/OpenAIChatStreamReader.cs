using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Reads one Chat stream: <c>data: {"choices":[{"delta":{…},"finish_reason":null}]}</c> … <c>data: [DONE]</c>. Compatible servers differ in
/// where reasoning stands, in how tool calls are numbered, in what follows the finish reason and in how they end; this reader takes all of that.
/// The stop is told at the end of the stream, since some servers still send tool calls after the finish reason.
/// </summary>
internal sealed class OpenAIChatStreamReader : IStreamReader
{
    private readonly OpenAIChatStreamParts _parts;
    private readonly OpenAIChatStreamReasoning _reasoning;
    private readonly OpenAIChatStreamContent _content;
    private readonly OpenAIChatStreamCalls _calls;
    private readonly ChatDialect _dialect;

    private bool _started;
    private bool _over;
    private string? _id;
    private string? _model;
    private string? _finish;
    private string? _stopSequence;
    private string? _tier;
    private TokenUsage? _usage;

    public OpenAIChatStreamReader(ChatDialect dialect)
    {
        _dialect = dialect;
        _parts = new OpenAIChatStreamParts();
        _reasoning = new OpenAIChatStreamReasoning(_parts);
        _calls = new OpenAIChatStreamCalls(_parts);
        _content = new OpenAIChatStreamContent(dialect, _parts, _calls);
    }

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        if (_over || !frame.HasData)
        {
            return;
        }

        var data = frame.Data.Span.Trim(" \t\r\n"u8);
        if (data.SequenceEqual("[DONE]"u8))
        {
            End(events);
            return;
        }

        if (data.IsEmpty)
        {
            return;
        }

        if (data[0] != (byte)'{' || !Utf8.IsValid(data))
        {
            Fail(events, OpenAIChatErrors.BadResponse("A stream event is not a JSON object.", data));
            return;
        }

        var before = events.Count;
        try
        {
            if (_content.TryRepeat(data, events))
            {
                return;
            }

            ReadChunk(data, frame.Event.Span.SequenceEqual("error"u8), events);
            _content.Learn(data, _finish is null && events.Count == before + 1 && events[before] is StreamEvent.TextDelta);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What the broken event had said so far was never said: passed on, it would commit the client to this upstream.
            events.RemoveRange(before, events.Count - before);
            Fail(events, OpenAIChatErrors.BadResponse("A stream event is not JSON.", data));
        }
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        if (_over)
        {
            return;
        }

        if (_finish is not null)
        {
            // Cerebras and Perplexity send no [DONE]; an answer with a finish reason is complete wherever it comes from.
            End(events);
        }
        else
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The upstream cut the stream: it closed without a finish reason."));
        }
    }

    private void ReadChunk(ReadOnlySpan<byte> data, bool isError, List<StreamEvent> events)
    {
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        var usageSeen = false;
        UpstreamError? error = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                error ??= ReadChoices(ref reader, data, events);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                _id = _started ? _id : StreamValue.TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                _model = _started ? _model : StreamValue.TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usageSeen |= ReadUsage(ref reader);
            }
            else if (reader.ValueTextEquals("x_groq"u8))
            {
                reader.Read();
                usageSeen |= ReadGroq(ref reader);
            }
            else if (reader.ValueTextEquals("service_tier"u8))
            {
                reader.Read();
                _tier = StreamValue.TextOrNull(ref reader) ?? _tier;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                error ??= ErrorOf(ref reader, data);
            }
            else
            {
                reader.Skip();
            }
        }

        // The rest of the event is read to its end, so that half an object is not taken for a whole one.
        while (reader.Read())
        {
        }

        if (_over)
        {
            return;
        }

        if (isError && error is null)
        {
            error = OpenAIChatErrors.Read(502, data);
        }

        if (error is not null)
        {
            Fail(events, error);
        }
        else if (usageSeen && _usage is { } usage)
        {
            events.Add(new StreamEvent.UsageReported(usage.ServiceTier is null && _tier is { } tier ? usage with { ServiceTier = tier } : usage));
        }
    }

    private static UpstreamError? ErrorOf(ref Utf8JsonReader reader, ReadOnlySpan<byte> data)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.String))
        {
            reader.Skip();
            return null;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return OpenAIChatErrors.FromMember(data[start..(int)reader.BytesConsumed], 502);
    }

    private bool ReadUsage(ref Utf8JsonReader reader)
    {
        if (OpenAIChatUsage.Read(ref reader, _dialect) is not { } usage)
        {
            return false;
        }

        _usage = usage;
        return true;
    }

    private bool ReadGroq(ref Utf8JsonReader reader)
    {
        var seen = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("usage"u8);
            reader.Read();
            if (isUsage)
            {
                seen |= ReadUsage(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return seen;
    }

    private UpstreamError? ReadChoices(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        UpstreamError? error = null;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            // Further choices of n > 1 have no place in the neutral stream; the first alone is told.
            if (IndexOf(reader) != 0)
            {
                reader.Skip();
                continue;
            }

            error ??= ReadChoice(ref reader, data, events);
        }

        return error;
    }

    // Taken by value: looks ahead without moving the caller's reader.
    private static int IndexOf(Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIndex = reader.ValueTextEquals("index"u8);
            reader.Read();
            if (isIndex)
            {
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : 0;
            }

            reader.Skip();
        }

        return 0;
    }

    private UpstreamError? ReadChoice(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        UpstreamError? error = null;
        Start(events, data);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                ReadDelta(ref reader, data, events);
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                _finish = StreamValue.TextOrNull(ref reader) ?? _finish;
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                reader.Read();
                _stopSequence = StreamValue.TextOrNull(ref reader) ?? _stopSequence;
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                _content.Text(StreamValue.TextOrNull(ref reader) ?? string.Empty, events);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                error ??= ErrorOf(ref reader, data);
            }
            else
            {
                reader.Skip();
            }
        }

        if (_finish == "error")
        {
            error ??= new UpstreamError(ErrorKind.UpstreamError, "The upstream ended the answer with finish_reason \"error\".") { Status = 502 };
        }
        else if (_finish is not null && error is null)
        {
            _calls.EndWhole(events);
        }

        return error;
    }

    private void Start(List<StreamEvent> events, ReadOnlySpan<byte> data)
    {
        if (_started)
        {
            return;
        }

        // Some servers write choices before id and model, so both are looked up before the first event goes out.
        if (_id is null || _model is null)
        {
            LookUpNames(data);
        }

        _started = true;
        events.Add(new StreamEvent.Started(_id, _model, _usage ?? TokenUsage.Unknown));
    }

    private void LookUpNames(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            var isModel = reader.ValueTextEquals("model"u8);
            reader.Read();
            if (isId)
            {
                _id ??= StreamValue.TextOrNull(ref reader);
            }
            else if (isModel)
            {
                _model ??= StreamValue.TextOrNull(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadDelta(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        // Members come in any order, but reasoning precedes text and text precedes calls in what they mean, so the order of telling is fixed
        // by keeping the values' places and reading them afterwards.
        Range content = default, calls = default, details = default, refusal = default, annotations = default, legacy = default, audio = default;
        string? thought = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                content = Place(ref reader);
            }
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
            {
                reader.Read();
                var text = StreamValue.TextOrNull(ref reader);
                thought = string.IsNullOrEmpty(thought) ? text : thought;
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                calls = Place(ref reader);
            }
            else if (reader.ValueTextEquals("reasoning_details"u8))
            {
                reader.Read();
                details = Place(ref reader);
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                reader.Read();
                refusal = Place(ref reader);
            }
            else if (reader.ValueTextEquals("annotations"u8))
            {
                reader.Read();
                annotations = Place(ref reader);
            }
            else if (reader.ValueTextEquals("function_call"u8))
            {
                reader.Read();
                legacy = Place(ref reader);
            }
            else if (reader.ValueTextEquals("audio"u8))
            {
                reader.Read();
                audio = Place(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        _reasoning.Read(thought, data[details], events);
        _content.Read(data, content, events);
        _content.Audio(data[audio], events);
        _content.Refusal(data[refusal], events);
        _content.Annotations(data[annotations], events);
        var error = calls.Equals(default) ? _calls.ReadLegacy(data[legacy], _id, events) : _calls.Read(data[calls], _id, events);
        if (error is not null)
        {
            Fail(events, error);
        }
    }

    // The value's place, empty for null; the reader moves over it.
    private static Range Place(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        var isNull = reader.TokenType == JsonTokenType.Null;
        reader.Skip();
        return isNull ? default : start..(int)reader.BytesConsumed;
    }

    private void End(List<StreamEvent> events)
    {
        if (!_started)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The upstream ended the stream without an answer."));
            return;
        }

        _content.End(events);
        _parts.Close(events);
        if (_calls.End(events) is { } error)
        {
            Fail(events, error);
            return;
        }

        if (_finish is null && !_parts.SawContent)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The upstream ended the stream without content or a finish reason."));
            return;
        }

        _over = true;
        events.Add(Stop());
        events.Add(new StreamEvent.Ended());
    }

    private StreamEvent.Stopped Stop()
    {
        var reason = OpenAIChatResponseReader.StopFor(_finish);
        if (reason != StopReason.EndTurn)
        {
            return new StreamEvent.Stopped(reason, null);
        }

        // Several servers say "stop" although the answer calls tools, so presence decides.
        return _calls.Any ? new StreamEvent.Stopped(StopReason.ToolUse, null)
            : _content.Refused ? new StreamEvent.Stopped(StopReason.Refusal, null)
            : _stopSequence is not null ? new StreamEvent.Stopped(StopReason.StopSequence, _stopSequence)
            : new StreamEvent.Stopped(StopReason.EndTurn, null);
    }

    private void Fail(List<StreamEvent> events, UpstreamError error)
    {
        _over = true;
        events.Add(new StreamEvent.Failed(error));
    }
}
