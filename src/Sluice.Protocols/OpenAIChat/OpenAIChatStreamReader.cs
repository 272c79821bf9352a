using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Reads one Chat stream: <c>data: {"choices":[{"delta":{…},"finish_reason":null}]}</c> … <c>data: [DONE]</c>. Compatible servers differ in
/// where reasoning stands, in how tool calls are numbered, in what follows the finish reason and in how they end; this reader takes all of that.
/// The stop is told at the end of the stream, since some servers still send tool calls after the finish reason.
/// </summary>
internal sealed class OpenAIChatStreamReader(ChatDialect dialect) : IStreamReader
{
    // More parallel calls than any model makes; beyond it the stream is garbage.
    private const int MostCalls = 1024;

    private readonly ThinkTagSplitter? _tags = dialect.ThinkTagsInText ? new ThinkTagSplitter() : null;
    private readonly List<ToolCallSlot> _calls = [];

    private bool _started;
    private bool _over;
    private bool _refused;
    private bool _sawContent;
    private string? _id;
    private string? _model;
    private string? _finish;
    private string? _stopSequence;
    private string? _tier;
    private TokenUsage? _usage;
    private int _parts;
    private int _open = -1;
    private PartShape _openShape;

    // Most chunks are the one before with another text: what stands around it is remembered, and such a chunk is not parsed again.
    private readonly ChatChunkTemplate _template = new();
    private Range? _plainText;

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
        _plainText = null;
        try
        {
            if (_tags is null && _open >= 0 && _openShape == PartShape.Text && _template.Match(data) is > 0 and var length)
            {
                events.Add(new StreamEvent.TextDelta(_open, Unquote(data.Slice(_template.TextStart - 1, length + 2))));
                return;
            }

            ReadChunk(data, frame.Event.Span.SequenceEqual("error"u8), events);
            _template.Learn(data, _finish is null && events.Count == before + 1 && events[before] is StreamEvent.TextDelta ? _plainText : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What the broken event had said so far was never said: passed on, it would commit the client to this upstream.
            events.RemoveRange(before, events.Count - before);
            Fail(events, OpenAIChatErrors.BadResponse("A stream event is not JSON.", data));
        }
    }

    private static string Unquote(ReadOnlySpan<byte> quoted)
    {
        if (quoted.IndexOf((byte)'\\') < 0)
        {
            return Encoding.UTF8.GetString(quoted[1..^1]);
        }

        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        return LenientText.Read(ref reader);
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
                _id = _started ? _id : TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                _model = _started ? _model : TextOrNull(ref reader);
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
                _tier = TextOrNull(ref reader) ?? _tier;
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
        if (OpenAIChatUsage.Read(ref reader, dialect) is not { } usage)
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
                _finish = TextOrNull(ref reader) ?? _finish;
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                reader.Read();
                _stopSequence = TextOrNull(ref reader) ?? _stopSequence;
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                Text(TextOrNull(ref reader) ?? string.Empty, events);
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
            EndWholeCalls(events);
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
                _id ??= TextOrNull(ref reader);
            }
            else if (isModel)
            {
                _model ??= TextOrNull(ref reader);
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
                var text = TextOrNull(ref reader);
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

        var (start, length) = content.GetOffsetAndLength(data.Length);
        if (length > 2 && data[start] == (byte)'"')
        {
            _plainText = (start + 1)..(start + length - 1);
        }

        Reasoning(thought, data[details], events);
        Content(data[content], events);
        Audio(data[audio], events);
        Refusal(data[refusal], events);
        Annotations(data[annotations], events);
        if (!calls.Equals(default))
        {
            ToolCalls(data[calls], events);
        }
        else
        {
            LegacyCall(data[legacy], events);
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

    // A reader on the first token of a value, which is all that it reads.
    private static Utf8JsonReader At(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        return reader;
    }

    private void Reasoning(string? thought, ReadOnlySpan<byte> details, List<StreamEvent> events)
    {
        if (details.IsEmpty || details[0] != (byte)'[')
        {
            Thought(thought, events);
            return;
        }

        var reader = At(details);
        var foreign = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                foreign |= Detail(ref reader, ref thought, events);
            }
            else
            {
                reader.Skip();
            }
        }

        Thought(thought, events);
        if (foreign)
        {
            var part = Open(PartShape.Thinking, events);
            events.Add(new StreamEvent.ReasoningDetails(part, RawJson.Copy(details)));
        }
    }

    // One entry of reasoning_details. Claude's become thinking and signatures, which every client's format can carry; true for any other, which
    // only travels verbatim.
    private bool Detail(ref Utf8JsonReader reader, ref string? thought, List<StreamEvent> events)
    {
        string? type = null, text = null, signature = null, blob = null;
        var claude = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("summary"u8))
            {
                reader.Read();
                text = TextOrNull(ref reader) ?? text;
            }
            else if (reader.ValueTextEquals("signature"u8))
            {
                reader.Read();
                signature = TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                blob = TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("format"u8))
            {
                reader.Read();
                claude = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("anthropic-claude-v1"u8);
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        if (!claude)
        {
            // "reasoning" usually repeats the text; where it is missing the entry alone has it.
            thought = string.IsNullOrEmpty(thought) ? text : thought;
            return true;
        }

        if (type == "reasoning.encrypted")
        {
            Close(events);
            events.Add(new StreamEvent.PartStarted(_parts, PartShape.RedactedThinking) { Data = blob ?? string.Empty });
            events.Add(new StreamEvent.PartEnded(_parts++));
            _sawContent = true;
            return false;
        }

        Thought(text is { Length: > 0 } ? text : thought, events);
        thought = null;
        if (signature is { Length: > 0 })
        {
            var part = Open(PartShape.Thinking, events);
            events.Add(new StreamEvent.SignatureDelta(part, signature));
            Close(events);
        }

        return false;
    }

    private void Thought(string? text, List<StreamEvent> events)
    {
        if (!string.IsNullOrEmpty(text))
        {
            events.Add(new StreamEvent.ThinkingDelta(Open(PartShape.Thinking, events), text));
        }
    }

    private void Content(ReadOnlySpan<byte> content, List<StreamEvent> events)
    {
        if (content.Length <= 2)
        {
            // Absent, null or "".
            return;
        }

        var reader = At(content);
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                Text(LenientText.Read(ref reader), events);
                break;
            case JsonTokenType.StartArray:
                // Mistral: [{"type":"thinking","thinking":[{"type":"text","text":"…"}]},{"type":"text","text":"…"}]
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType == JsonTokenType.StartObject)
                    {
                        ContentPart(ref reader, events);
                    }
                    else
                    {
                        Text(TextOrNull(ref reader) ?? string.Empty, events);
                    }
                }

                break;
            case JsonTokenType.StartObject:
                // Cloudflare sends structured output as an object.
                Text(Encoding.UTF8.GetString(content), events);
                break;
            default:
                break;
        }
    }

    private void ContentPart(ref Utf8JsonReader reader, List<StreamEvent> events)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                Text(TextOrNull(ref reader) ?? string.Empty, events);
            }
            else if (reader.ValueTextEquals("thinking"u8))
            {
                reader.Read();
                ThinkingTexts(ref reader, events);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ThinkingTexts(ref Utf8JsonReader reader, List<StreamEvent> events)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            Thought(LenientText.Read(ref reader), events);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isText = reader.ValueTextEquals("text"u8);
                reader.Read();
                if (isText)
                {
                    Thought(TextOrNull(ref reader), events);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private void Text(string text, List<StreamEvent> events)
    {
        if (_tags is not null)
        {
            (var thinking, text) = _tags.Split(text);
            Thought(thinking, events);
        }

        if (text.Length > 0)
        {
            EndWholeCalls(events);
            events.Add(new StreamEvent.TextDelta(Open(PartShape.Text, events), text));
        }
    }

    // Sound has no neutral form in an answer; its transcript is text.
    private void Audio(ReadOnlySpan<byte> audio, List<StreamEvent> events)
    {
        if (audio.IsEmpty || audio[0] != (byte)'{')
        {
            return;
        }

        _sawContent = true;
        var reader = At(audio);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTranscript = reader.ValueTextEquals("transcript"u8);
            reader.Read();
            if (isTranscript)
            {
                Text(TextOrNull(ref reader) ?? string.Empty, events);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void Refusal(ReadOnlySpan<byte> refusal, List<StreamEvent> events)
    {
        if (refusal.Length <= 2)
        {
            return;
        }

        var reader = At(refusal);
        if (TextOrNull(ref reader) is { } text)
        {
            _refused = true;
            events.Add(new StreamEvent.TextDelta(Open(PartShape.Refusal, events), text));
        }
    }

    private void Annotations(ReadOnlySpan<byte> annotations, List<StreamEvent> events)
    {
        if (annotations.IsEmpty || annotations[0] != (byte)'[')
        {
            return;
        }

        var reader = At(annotations);
        var part = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            part = part >= 0 ? part : Open(PartShape.Text, events);
            events.Add(new StreamEvent.CitationDelta(part, RawJson.CopyValue(ref reader, annotations)));
        }
    }

    private void LegacyCall(ReadOnlySpan<byte> function, List<StreamEvent> events)
    {
        if (function.IsEmpty || function[0] != (byte)'{')
        {
            return;
        }

        var reader = At(function);
        var call = default(CallPiece);
        call.Index = 0;
        ReadFunction(ref reader, ref call);
        if (call.Name is { Length: > 0 } || call.Arguments is { Length: > 0 })
        {
            Apply(call, events);
        }
    }

    private void ToolCalls(ReadOnlySpan<byte> calls, List<StreamEvent> events)
    {
        if (calls.IsEmpty || calls[0] != (byte)'[')
        {
            return;
        }

        var reader = At(calls);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            var call = default(CallPiece);
            call.Index = -1;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("index"u8))
                {
                    reader.Read();
                    call.Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : -1;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("id"u8))
                {
                    reader.Read();
                    call.Id = TextOrNull(ref reader);
                }
                else if (reader.ValueTextEquals("function"u8) || reader.ValueTextEquals("custom"u8))
                {
                    reader.Read();
                    ReadFunction(ref reader, ref call);
                }
                else if (reader.ValueTextEquals("extra_content"u8))
                {
                    reader.Read();
                    call.Extra = Extra(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }

            Apply(call, events);
        }
    }

    private static RawJson Extra(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        using var value = JsonDocument.ParseValue(ref reader);
        return new RawJson((byte[])[.. "{\"extra_content\":"u8, .. System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value.RootElement), (byte)'}']);
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ref CallPiece call)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                call.Name = TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    using var value = JsonDocument.ParseValue(ref reader);
                    call.Arguments = value.RootElement.GetRawText();
                }
                else
                {
                    call.Arguments = TextOrNull(ref reader);
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void Apply(in CallPiece piece, List<StreamEvent> events)
    {
        if (_over)
        {
            return;
        }

        var slot = SlotFor(piece);
        if (slot is null)
        {
            if (_calls.Count >= MostCalls)
            {
                Fail(events, new UpstreamError(ErrorKind.BadResponse, "The upstream's answer has more than 1024 tool calls."));
                return;
            }

            slot = new ToolCallSlot { Index = piece.Index, Id = piece.Id is { Length: > 0 } ? piece.Id : null };
            EndWholeCalls(events);
            _calls.Add(slot);
        }

        slot.Id ??= piece.Id is { Length: > 0 } ? piece.Id : null;
        slot.Name ??= piece.Name is { Length: > 0 } ? piece.Name : null;
        if (slot.Ended)
        {
            return;
        }

        if (slot.Part < 0 && slot.Name is not null)
        {
            Close(events);
            slot.Part = _parts++;
            _sawContent = true;
            events.Add(new StreamEvent.PartStarted(slot.Part, PartShape.ToolCall)
            {
                Id = slot.Id ??= OpenAIChatResponseReader.InventedId(_id, _calls.IndexOf(slot), slot.Name),
                Name = slot.Name,
                Json = piece.Extra,
            });
            if (slot.Early is { } early)
            {
                events.Add(new StreamEvent.ArgumentsDelta(slot.Part, early.ToString()));
                slot.Early = null;
            }
        }

        if (piece.Arguments is { Length: > 0 } json)
        {
            slot.Track(json);
            if (slot.Part < 0)
            {
                (slot.Early ??= new StringBuilder()).Append(json);
            }
            else
            {
                events.Add(new StreamEvent.ArgumentsDelta(slot.Part, json));
            }
        }
    }

    // Which call a piece belongs to; null for a new one. Servers number calls, or not, or number them all 0; they repeat ids and names in every
    // piece, or send neither. A new name with another id, or after whole arguments, is a new call.
    private ToolCallSlot? SlotFor(in CallPiece piece)
    {
        var named = piece.Name is { Length: > 0 };
        var id = piece.Id is { Length: > 0 } given ? given : null;
        for (var i = _calls.Count - 1; i >= 0; i--)
        {
            var slot = _calls[i];
            if (piece.Index >= 0 && slot.Index >= 0)
            {
                if (slot.Index != piece.Index)
                {
                    continue;
                }

                if (!named || slot.Name is null)
                {
                    return slot;
                }

                if (id is not null && slot.Id is not null)
                {
                    if (id == slot.Id)
                    {
                        return slot;
                    }

                    continue;
                }

                return slot.IsWhole || slot.Name != piece.Name ? null : slot;
            }

            if (id is not null)
            {
                if (slot.Id == id)
                {
                    return slot;
                }

                continue;
            }

            return named && slot.Name is not null && (slot.IsWhole || slot.Name != piece.Name) ? null : slot;
        }

        return null;
    }

    private void EndWholeCalls(List<StreamEvent> events)
    {
        foreach (var slot in _calls)
        {
            if (slot is { Ended: false, Part: >= 0, IsWhole: true })
            {
                slot.Ended = true;
                events.Add(new StreamEvent.PartEnded(slot.Part));
            }
        }
    }

    // The number of the open part of that shape; opens one, closing another shape's, if need be.
    private int Open(PartShape shape, List<StreamEvent> events)
    {
        if (_open >= 0 && _openShape == shape)
        {
            return _open;
        }

        Close(events);
        _open = _parts++;
        _openShape = shape;
        _sawContent = true;
        events.Add(new StreamEvent.PartStarted(_open, shape));
        return _open;
    }

    private void Close(List<StreamEvent> events)
    {
        if (_open >= 0)
        {
            events.Add(new StreamEvent.PartEnded(_open));
            _open = -1;
        }
    }

    private void End(List<StreamEvent> events)
    {
        if (!_started)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The upstream ended the stream without an answer."));
            return;
        }

        if (_tags is not null)
        {
            var (thinking, text) = _tags.Rest();
            Thought(thinking, events);
            if (text.Length > 0)
            {
                events.Add(new StreamEvent.TextDelta(Open(PartShape.Text, events), text));
            }
        }

        Close(events);
        foreach (var slot in _calls)
        {
            if (slot.Part < 0)
            {
                Fail(events, new UpstreamError(ErrorKind.BadResponse, "The upstream sent a tool call without a name."));
                return;
            }

            if (!slot.Ended)
            {
                slot.Ended = true;
                events.Add(new StreamEvent.PartEnded(slot.Part));
            }
        }

        if (_finish is null && !_sawContent)
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
        return _calls.Count > 0 ? new StreamEvent.Stopped(StopReason.ToolUse, null)
            : _refused ? new StreamEvent.Stopped(StopReason.Refusal, null)
            : _stopSequence is not null ? new StreamEvent.Stopped(StopReason.StopSequence, _stopSequence)
            : new StreamEvent.Stopped(StopReason.EndTurn, null);
    }

    private void Fail(List<StreamEvent> events, UpstreamError error)
    {
        _over = true;
        events.Add(new StreamEvent.Failed(error));
    }

    // Text that says something; null for null, empty and other types. The reader moves over the value.
    private static string? TextOrNull(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueSpan.IsEmpty ? null : LenientText.Read(ref reader);
        }

        reader.Skip();
        return null;
    }

    private struct CallPiece
    {
        public int Index;
        public string? Id;
        public string? Name;
        public string? Arguments;
        public RawJson Extra;
    }
}
