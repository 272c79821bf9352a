using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Reads a Messages stream. The <c>type</c> inside the data decides, since some upstreams leave the <c>event:</c> line out; events, blocks and
/// deltas from a newer API are carried as opaque or passed over.
/// </summary>
internal sealed class AnthropicStreamReader : IStreamReader
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    // Parts are numbered densely in neutral terms; upstream indexes may have gaps (proxies filter blocks).
    private readonly Dictionary<int, (int Part, PartShape Shape)> _open = [];
    private int _parts;
    private bool _started;
    private bool _stopped;
    private bool _ended;
    private bool _sawToolCall;
    private TokenUsage _usage = TokenUsage.Unknown;

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        if (_ended || !frame.HasData)
        {
            return;
        }

        // Opaque blocks travel on as they are, and a client must get text.
        var data = Utf8.IsValid(frame.Data.Span) ? frame.Data.Span : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(frame.Data.Span));
        try
        {
            ReadEvent(data, events);
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
        if (!_ended)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, _stopped
                ? "The provider closed the stream without its terminal event."
                : "The provider cut the stream before the answer was complete."));
        }
    }

    private void ReadEvent(ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        var facts = default(EventFacts);
        facts.Read(data);
        switch (facts.Type)
        {
            case "message_start":
                ReadStart(data, facts, events);
                break;
            case "content_block_start":
                ReadBlockStart(data, facts, events);
                break;
            case "content_block_delta":
                ReadDelta(data, facts, events);
                break;
            case "content_block_stop":
                if (_open.Remove(facts.Index, out var open))
                {
                    events.Add(new StreamEvent.PartEnded(open.Part));
                }

                break;
            case "message_delta":
                ReadMessageDelta(data, facts, events);
                break;
            case "message_stop":
                _ended = true;
                foreach (var (part, _) in _open.Values.OrderBy(p => p.Part))
                {
                    // A proxy that forgets to close a block has still sent all of it.
                    events.Add(new StreamEvent.PartEnded(part));
                }

                events.Add(new StreamEvent.Ended());
                break;
            case "error":
                Fail(events, AnthropicErrors.ReadEvent(data));
                break;
            case null when facts.HasError:
                Fail(events, AnthropicErrors.ReadEvent(data));
                break;
        }
    }

    private void ReadStart(ReadOnlySpan<byte> data, in EventFacts facts, List<StreamEvent> events)
    {
        // Some proxies send a second one; the first stands.
        if (_started)
        {
            return;
        }

        _started = true;
        string? id = null;
        string? model = null;
        var reader = new Utf8JsonReader(data[facts.Message] is { IsEmpty: false } message ? message : "{}"u8, Deep);
        while (reader.Read() && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.PropertyName)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                continue;
            }

            if (reader.ValueTextEquals("id"u8))
            {
                id = Text(ref reader);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                model = Text(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                _usage = AnthropicUsage.Read(ref reader, _usage);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        events.Add(new StreamEvent.Started(id, model, _usage));
    }

    private void ReadBlockStart(ReadOnlySpan<byte> data, in EventFacts facts, List<StreamEvent> events)
    {
        if (_open.ContainsKey(facts.Index))
        {
            return;
        }

        var block = facts.Block;
        var span = data[block];
        string? type = null;
        string? id = null;
        string? name = null;
        string? content = null;
        string? redacted = null;
        string? signature = null;
        RawJson input = default;
        var reader = new Utf8JsonReader(span, Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = Text(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                id = Text(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                name = Text(ref reader);
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8))
            {
                content = Text(ref reader);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                redacted = Text(ref reader);
            }
            else if (reader.ValueTextEquals("signature"u8))
            {
                signature = Text(ref reader);
            }
            else if (reader.ValueTextEquals("input"u8))
            {
                reader.Read();
                input = RawJson.CopyValue(ref reader, span);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        var shape = type switch
        {
            "text" => PartShape.Text,
            "thinking" => PartShape.Thinking,
            "redacted_thinking" => PartShape.RedactedThinking,
            "tool_use" => PartShape.ToolCall,
            _ => PartShape.Opaque,
        };
        var part = _parts++;
        _open[facts.Index] = (part, shape);
        _sawToolCall |= shape == PartShape.ToolCall;
        events.Add(new StreamEvent.PartStarted(part, shape)
        {
            Id = shape == PartShape.ToolCall ? id ?? "" : null,
            Name = shape == PartShape.ToolCall ? name ?? "" : null,
            Data = redacted,
            Json = shape == PartShape.Opaque ? RawJson.Copy(span) : default,
            From = shape == PartShape.Opaque && IsName(type) ? WireProtocol.AnthropicMessages : null,
        });
        if (!string.IsNullOrEmpty(content))
        {
            events.Add(shape == PartShape.Thinking ? new StreamEvent.ThinkingDelta(part, content) : new StreamEvent.TextDelta(part, content));
        }

        if (!string.IsNullOrEmpty(signature) && shape == PartShape.Thinking)
        {
            events.Add(new StreamEvent.SignatureDelta(part, signature));
        }

        // Some servers send a whole call in its start block.
        if (shape == PartShape.ToolCall && input.Utf8.Length > 2)
        {
            events.Add(new StreamEvent.ArgumentsDelta(part, input.ToString()));
        }
    }

    private void ReadDelta(ReadOnlySpan<byte> data, in EventFacts facts, List<StreamEvent> events)
    {
        if (!_open.TryGetValue(facts.Index, out var open))
        {
            return;
        }

        var span = data[facts.Delta];
        if (span.IsEmpty)
        {
            return;
        }

        if (open.Shape == PartShape.Opaque)
        {
            if (IsName(TypeOf(span)))
            {
                events.Add(new StreamEvent.OpaqueDelta(open.Part, RawJson.Copy(span)));
            }

            return;
        }

        var reader = new Utf8JsonReader(span, Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            StreamEvent? found = null;
            if (reader.ValueTextEquals("text"u8))
            {
                found = Text(ref reader) is { Length: > 0 } text ? new StreamEvent.TextDelta(open.Part, text) : null;
            }
            else if (reader.ValueTextEquals("thinking"u8))
            {
                found = Text(ref reader) is { Length: > 0 } text ? new StreamEvent.ThinkingDelta(open.Part, text) : null;
            }
            else if (reader.ValueTextEquals("partial_json"u8))
            {
                found = Text(ref reader) is { Length: > 0 } text ? new StreamEvent.ArgumentsDelta(open.Part, text) : null;
            }
            else if (reader.ValueTextEquals("signature"u8))
            {
                found = Text(ref reader) is { Length: > 0 } text ? new StreamEvent.SignatureDelta(open.Part, text) : null;
            }
            else if (reader.ValueTextEquals("citation"u8))
            {
                reader.Read();
                found = new StreamEvent.CitationDelta(open.Part, RawJson.CopyValue(ref reader, span)) { From = WireProtocol.AnthropicMessages };
            }
            else
            {
                reader.Read();
                reader.Skip();
            }

            if (found is not null)
            {
                events.Add(found);
            }
        }
    }

    private void ReadMessageDelta(ReadOnlySpan<byte> data, in EventFacts facts, List<StreamEvent> events)
    {
        if (!data[facts.Usage].IsEmpty)
        {
            _usage = AnthropicUsage.Read(data[facts.Usage], _usage);
            events.Add(new StreamEvent.UsageReported(_usage));
        }

        if (_stopped || data[facts.Delta].IsEmpty)
        {
            return;
        }

        string? reason = null;
        string? sequence = null;
        var reader = new Utf8JsonReader(data[facts.Delta], Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("stop_reason"u8))
            {
                reason = Text(ref reader);
            }
            else if (reader.ValueTextEquals("stop_sequence"u8))
            {
                sequence = Text(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (reason is not null)
        {
            _stopped = true;
            var stop = AnthropicWords.ToStopReason(reason);
            events.Add(new StreamEvent.Stopped(_sawToolCall && stop == StopReason.EndTurn ? StopReason.ToolUse : stop, sequence));
        }
    }

    private static string? TypeOf(ReadOnlySpan<byte> delta)
    {
        var reader = new Utf8JsonReader(delta, Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                return Text(ref reader);
            }

            reader.Read();
            reader.Skip();
        }

        return null;
    }

    // What has no proper type is no block of a newer API, only broken.
    private static bool IsName(string? type) => type is { Length: > 0 } && Ascii.IsValid(type);

    private void Fail(List<StreamEvent> events, UpstreamError error)
    {
        _ended = true;
        events.Add(new StreamEvent.Failed(error));
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return LenientText.Read(ref reader);
        }

        reader.Skip();
        return null;
    }

    /// <summary>The few members of an event that say what it is, and where its payload stands.</summary>
    private ref struct EventFacts
    {
        public string? Type;
        public int Index;
        public bool HasError;
        public Range Message;
        public Range Block;
        public Range Delta;
        public Range Usage;

        public void Read(ReadOnlySpan<byte> data)
        {
            Message = Block = Delta = Usage = 0..0;
            var reader = new Utf8JsonReader(data, Deep);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("The data is no object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    Type = reader.TokenType == JsonTokenType.String ? Known(ref reader) : null;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("index"u8))
                {
                    reader.Read();
                    Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : 0;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("delta"u8))
                {
                    Delta = Object(ref reader);
                }
                else if (reader.ValueTextEquals("content_block"u8))
                {
                    Block = Object(ref reader);
                }
                else if (reader.ValueTextEquals("message"u8))
                {
                    Message = Object(ref reader);
                }
                else if (reader.ValueTextEquals("usage"u8))
                {
                    Usage = Object(ref reader);
                }
                else
                {
                    HasError |= reader.ValueTextEquals("error"u8);
                    reader.Read();
                    reader.Skip();
                }
            }

            // Without this a truncated object would pass as a shorter one.
            if (reader.TokenType != JsonTokenType.EndObject || reader.BytesConsumed < data.TrimEnd(" \t\r\n"u8).Length)
            {
                throw new JsonException("The data is no whole object.");
            }
        }

        private static Range Object(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return 0..0;
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return start..(int)reader.BytesConsumed;
        }

        // Literals, so that the commonest events allocate no string.
        private static string Known(ref Utf8JsonReader reader) =>
            reader.ValueTextEquals("content_block_delta"u8) ? "content_block_delta"
            : reader.ValueTextEquals("content_block_start"u8) ? "content_block_start"
            : reader.ValueTextEquals("content_block_stop"u8) ? "content_block_stop"
            : reader.ValueTextEquals("message_start"u8) ? "message_start"
            : reader.ValueTextEquals("message_delta"u8) ? "message_delta"
            : reader.ValueTextEquals("message_stop"u8) ? "message_stop"
            : reader.ValueTextEquals("error"u8) ? "error"
            : "other";
    }
}
