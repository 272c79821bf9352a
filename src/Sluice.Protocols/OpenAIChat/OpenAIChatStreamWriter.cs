using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Writes one Chat stream. Thinking goes out as <c>reasoning_content</c>; a signature follows as one whole <c>reasoning_details</c> entry when
/// its part ends, so that a client which hands unknown fields back hands back what the model needs.
/// </summary>
internal sealed class OpenAIChatStreamWriter(ClientTarget target, DegradationLog degradations) : IStreamWriter
{
    private static readonly JsonEncodedText IdName = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText ObjectName = JsonEncodedText.Encode("object");
    private static readonly JsonEncodedText ChunkName = JsonEncodedText.Encode("chat.completion.chunk");
    private static readonly JsonEncodedText CreatedName = JsonEncodedText.Encode("created");
    private static readonly JsonEncodedText ModelName = JsonEncodedText.Encode("model");
    private static readonly JsonEncodedText ChoicesName = JsonEncodedText.Encode("choices");
    private static readonly JsonEncodedText IndexName = JsonEncodedText.Encode("index");
    private static readonly JsonEncodedText DeltaName = JsonEncodedText.Encode("delta");
    private static readonly JsonEncodedText FinishName = JsonEncodedText.Encode("finish_reason");

    private readonly JsonEncodedText _model = JsonEncodedText.Encode(target.Model, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
    private readonly Dictionary<int, OpenPart> _parts = [];

    private Utf8JsonWriter? _json;
    private JsonEncodedText _id = JsonEncodedText.Encode(target.ResponseId);
    private TokenUsage _usage = TokenUsage.Unknown;
    private bool _started;
    private bool _stopped;
    private bool _ended;
    private bool _refused;
    private int _calls;
    private int _details;
    private int _textLength;

    /// <inheritdoc/>
    public void Write(StreamEvent streamEvent, IBufferWriter<byte> output)
    {
        if (_ended)
        {
            return;
        }

        switch (streamEvent)
        {
            case StreamEvent.Started started:
                Start(started, output);
                break;
            case StreamEvent.UsageReported reported:
                _usage = reported.Usage;
                break;
            case StreamEvent.Ended:
                End(output);
                break;
            case StreamEvent.Failed:
                // The error event is the format's, not the answer's.
                break;
            case StreamEvent.Stopped stopped:
                Begin(output);
                Finish(stopped.Reason, output);
                break;
            default:
                Begin(output);
                if (!_stopped)
                {
                    WritePart(streamEvent, output);
                }

                break;
        }
    }

    private void WritePart(StreamEvent streamEvent, IBufferWriter<byte> output)
    {
        switch (streamEvent)
        {
            case StreamEvent.PartStarted part:
                OpenPartOf(part, output);
                break;
            case StreamEvent.TextDelta delta:
                TextOf(delta, output);
                break;
            case StreamEvent.ThinkingDelta { Text.Length: > 0 } delta:
                if (_parts.TryGetValue(delta.Part, out var thinking))
                {
                    (thinking.Text ??= new StringBuilder()).Append(delta.Text);
                }

                Field("reasoning_content"u8, delta.Text, output);
                break;
            case StreamEvent.SignatureDelta delta:
                if (_parts.TryGetValue(delta.Part, out var signed))
                {
                    signed.Signature += delta.Signature;
                    signed.SignedBy = delta.SignedBy;
                }

                break;
            case StreamEvent.ReasoningDetails details:
                Raw("reasoning_details"u8, details.Details, output);
                break;
            case StreamEvent.ArgumentsDelta { Json.Length: > 0 } delta:
                ArgumentsOf(delta.Part, delta.Json, output);
                break;
            case StreamEvent.CitationDelta citation:
                CitationOf(citation, output);
                break;
            case StreamEvent.PartEnded ended:
                EndPart(ended.Part, output);
                break;
            default:
                break;
        }
    }

    private void Start(StreamEvent.Started started, IBufferWriter<byte> output)
    {
        if (!_started)
        {
            _usage = started.Usage;
            if (!string.IsNullOrEmpty(started.Id))
            {
                _id = JsonEncodedText.Encode(started.Id, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
            }
        }

        Begin(output);
    }

    // The first chunk names the role; clients make the message from it.
    private void Begin(IBufferWriter<byte> output)
    {
        if (_started)
        {
            return;
        }

        _started = true;
        var json = OpenDelta(output);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        CloseDelta(json, default, output);
    }

    private void OpenPartOf(StreamEvent.PartStarted part, IBufferWriter<byte> output)
    {
        var open = new OpenPart(part.Shape);
        _parts[part.Part] = open;
        switch (part.Shape)
        {
            case PartShape.ToolCall:
                open.CallIndex = _calls++;
                var json = OpenCall(open.CallIndex, output);
                json.WriteString("id"u8, part.Id);
                json.WriteString("type"u8, "function"u8);
                json.WriteStartObject("function"u8);
                json.WriteString("name"u8, part.Name);
                json.WriteString("arguments"u8, ""u8);
                json.WriteEndObject();
                OpenAIChatJson.WriteExtraContent(json, part.Json);
                CloseCall(json, output);
                break;
            case PartShape.RedactedThinking:
                Detail(null, null, part.Data ?? string.Empty, output);
                break;
            case PartShape.Opaque:
                degradations.Add("content.opaque", DegradationOutcome.Dropped, "A vendor block of the answer has no place in Chat Completions.");
                break;
            default:
                break;
        }
    }

    private void TextOf(StreamEvent.TextDelta delta, IBufferWriter<byte> output)
    {
        if (delta.Text.Length == 0)
        {
            return;
        }

        if (_parts.TryGetValue(delta.Part, out var part) && part.Shape == PartShape.Refusal)
        {
            _refused = true;
            Field("refusal"u8, delta.Text, output);
            return;
        }

        if (part is { HasStart: false })
        {
            part.HasStart = true;
            part.TextStart = _textLength;
        }

        _textLength += delta.Text.Length;
        Field("content"u8, delta.Text, output);
    }

    private void ArgumentsOf(int part, string arguments, IBufferWriter<byte> output)
    {
        if (!_parts.TryGetValue(part, out var open) || open.CallIndex < 0)
        {
            return;
        }

        open.HasArguments = true;
        var json = OpenCall(open.CallIndex, output);
        json.WriteStartObject("function"u8);
        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
        CloseCall(json, output);
    }

    private void CitationOf(StreamEvent.CitationDelta citation, IBufferWriter<byte> output)
    {
        var start = _parts.TryGetValue(citation.Part, out var part) && part.HasStart ? part.TextStart : _textLength;
        var buffer = new ArrayBufferWriter<byte>();
        using (var annotations = new Utf8JsonWriter(buffer, OpenAIChatJson.Options))
        {
            if (!OpenAIChatJson.WriteAnnotation(annotations, citation.Citation, start, _textLength))
            {
                degradations.Add("citations", DegradationOutcome.Dropped, "The citation points into a document, which Chat annotations cannot.");
                return;
            }
        }

        Raw("annotations"u8, new RawJson((byte[])[(byte)'[', .. buffer.WrittenSpan, (byte)']']), output);
    }

    private void EndPart(int part, IBufferWriter<byte> output)
    {
        if (!_parts.Remove(part, out var open))
        {
            return;
        }

        if (open is { Shape: PartShape.ToolCall, HasArguments: false })
        {
            // A call without arguments has none in Anthropic's stream, but clients parse what they collected: "" is not JSON.
            var json = OpenCall(open.CallIndex, output);
            json.WriteStartObject("function"u8);
            json.WriteString("arguments"u8, "{}"u8);
            json.WriteEndObject();
            CloseCall(json, output);
        }
        else if (open is { Shape: PartShape.Thinking, Signature: { } foreign, SignedBy: not WireProtocol.AnthropicMessages })
        {
            var json = OpenDelta(output);
            json.WriteStartArray("reasoning_details"u8);
            OpenAIChatJson.WriteSealedDetail(json, foreign, open.SignedBy, _details++);
            json.WriteEndArray();
            CloseDelta(json, default, output);
        }
        else if (open.Signature is { } signature)
        {
            Detail(open.Text?.ToString() ?? string.Empty, signature, null, output);
        }
    }

    private void Detail(string? text, string? signature, string? data, IBufferWriter<byte> output)
    {
        var json = OpenDelta(output);
        json.WriteStartArray("reasoning_details"u8);
        OpenAIChatJson.WriteClaudeDetail(json, text, signature, data, _details++);
        json.WriteEndArray();
        CloseDelta(json, default, output);
    }

    private void Finish(StopReason reason, IBufferWriter<byte> output)
    {
        if (_stopped)
        {
            return;
        }

        // An upstream that forgot to end a part must not leave a call without arguments.
        foreach (var part in _parts.Keys.Order().ToArray())
        {
            EndPart(part, output);
        }

        _stopped = true;
        var json = OpenDelta(output);

        // OpenAI's own refusals, told in their own field, end with "stop".
        CloseDelta(json, OpenAIChatJson.FinishFor(reason == StopReason.Refusal && _refused ? StopReason.EndTurn : reason), output);
    }

    private void End(IBufferWriter<byte> output)
    {
        Begin(output);
        Finish(_calls > 0 ? StopReason.ToolUse : StopReason.EndTurn, output);
        _ended = true;
        if (target.IncludeUsage)
        {
            var json = OpenChunk(output);
            json.WriteStartArray(ChoicesName);
            json.WriteEndArray();
            json.WritePropertyName("usage"u8);
            OpenAIChatUsage.Write(json, _usage, target.EstimatedInputTokens);
            CloseChunk(json, output);
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    private void Field(ReadOnlySpan<byte> name, string value, IBufferWriter<byte> output)
    {
        var json = OpenDelta(output);
        json.WriteString(name, value);
        CloseDelta(json, default, output);
    }

    private void Raw(ReadOnlySpan<byte> name, RawJson value, IBufferWriter<byte> output)
    {
        var json = OpenDelta(output);
        json.WritePropertyName(name);
        value.WriteTo(json);
        CloseDelta(json, default, output);
    }

    private Utf8JsonWriter OpenCall(int index, IBufferWriter<byte> output)
    {
        var json = OpenDelta(output);
        json.WriteStartArray("tool_calls"u8);
        json.WriteStartObject();
        json.WriteNumber(IndexName, index);
        return json;
    }

    private static void CloseCall(Utf8JsonWriter json, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        json.WriteEndArray();
        CloseDelta(json, default, output);
    }

    private Utf8JsonWriter OpenDelta(IBufferWriter<byte> output)
    {
        var json = OpenChunk(output);
        json.WriteStartArray(ChoicesName);
        json.WriteStartObject();
        json.WriteNumber(IndexName, 0);
        json.WriteStartObject(DeltaName);
        return json;
    }

    private static void CloseDelta(Utf8JsonWriter json, JsonEncodedText? finish, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        if (finish is { } word)
        {
            json.WriteString(FinishName, word);
        }
        else
        {
            json.WriteNull(FinishName);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        CloseChunk(json, output);
    }

    private Utf8JsonWriter OpenChunk(IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        if (_json is null)
        {
            _json = new Utf8JsonWriter(output, OpenAIChatJson.Options);
        }
        else
        {
            _json.Reset(output);
        }

        _json.WriteStartObject();
        _json.WriteString(IdName, _id);
        _json.WriteString(ObjectName, ChunkName);
        _json.WriteNumber(CreatedName, target.Created);
        _json.WriteString(ModelName, _model);
        return _json;
    }

    private static void CloseChunk(Utf8JsonWriter json, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        json.Flush();
        output.Write("\n\n"u8);
    }

    private sealed class OpenPart(PartShape shape)
    {
        public PartShape Shape { get; } = shape;

        public int CallIndex { get; set; } = -1;

        public bool HasArguments { get; set; }

        public bool HasStart { get; set; }

        public int TextStart { get; set; }

        public StringBuilder? Text { get; set; }

        public string? Signature { get; set; }

        public WireProtocol SignedBy { get; set; }
    }
}
