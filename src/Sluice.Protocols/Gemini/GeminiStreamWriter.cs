using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Writes a stream that <see cref="GeminiGrammar"/> accepts, whatever the order of the events that come in: text and thoughts as they come, each
/// call whole when it has ended, one last chunk with <c>finishReason</c> and <c>usageMetadata</c>.
/// </summary>
internal sealed class GeminiStreamWriter(ClientTarget target, DegradationLog degradations) : IStreamWriter
{
    // Parts that have begun and not ended; bounded by the upstream's own parallelism.
    private readonly Dictionary<int, OpenPart> _open = [];
    private readonly PendingThoughts _thoughts = new();
    private readonly List<(RawJson Citation, WireProtocol? From)> _citations = [];
    private readonly Utf8JsonWriter _json = new(Stream.Null, GeminiJson.Relaxed);
    private string _id = target.ResponseId;
    private bool _ended;
    private TokenUsage _usage = TokenUsage.Unknown;
    private StopReason? _stop;

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
                _id = string.IsNullOrEmpty(started.Id) ? _id : started.Id;
                _usage = started.Usage.IsReported ? started.Usage : _usage;
                break;
            case StreamEvent.PartStarted part:
                Start(part, output);
                break;
            case StreamEvent.TextDelta { Text.Length: > 0 } delta when _open.ContainsKey(delta.Part):
                var signature = _thoughts.Take();
                Open(output);
                GeminiAnswerParts.WriteText(_json, delta.Text, signature);
                CloseChunk(output);
                break;
            case StreamEvent.ThinkingDelta { Text.Length: > 0 } delta when _open.TryGetValue(delta.Part, out var thinking):
                thinking.Text.Append(delta.Text);
                Open(output);
                GeminiAnswerParts.WriteThought(_json, delta.Text);
                CloseChunk(output);
                break;
            case StreamEvent.SignatureDelta delta when _open.TryGetValue(delta.Part, out var signed):
                signed.Signature += delta.Signature;
                signed.SignedBy = delta.SignedBy;
                break;
            case StreamEvent.ArgumentsDelta delta when _open.TryGetValue(delta.Part, out var call):
                call.Text.Append(delta.Json);
                break;
            case StreamEvent.CitationDelta { Citation.IsEmpty: false } citation:
                _citations.Add((citation.Citation, citation.From));
                break;
            case StreamEvent.PartEnded ended:
                End(ended.Part, output);
                break;
            case StreamEvent.UsageReported usage:
                _usage = usage.Usage;
                break;
            case StreamEvent.Stopped stopped:
                _stop ??= stopped.Reason;
                break;
            case StreamEvent.Ended:
                Finish(output);
                break;
        }
    }

    private void Start(StreamEvent.PartStarted part, IBufferWriter<byte> output)
    {
        if (part is { Shape: PartShape.Opaque, From: WireProtocol.Gemini, Json.IsEmpty: false })
        {
            Open(output);
            GeminiJson.WriteInOneLine(_json, part.Json.Utf8.Span);
            CloseChunk(output);
        }
        else if (part.Shape == PartShape.Opaque)
        {
            degradations.Add("content.opaque", DegradationOutcome.Dropped, "A block of the provider's own kind has no place in a Gemini answer.");
        }
        else
        {
            _open[part.Part] = new OpenPart(part);
        }
    }

    private void End(int number, IBufferWriter<byte> output)
    {
        if (!_open.Remove(number, out var part))
        {
            return;
        }

        switch (part.Start.Shape)
        {
            case PartShape.Thinking or PartShape.RedactedThinking:
                _thoughts.Add(new ThinkingPart(part.Text.ToString())
                {
                    Signature = part.Signature,
                    RedactedData = part.Start.Data,
                    Id = part.Start.Id,
                    SignedBy = part.Start.Shape == PartShape.RedactedThinking ? part.Start.RedactedBy : part.SignedBy,
                });
                break;
            case PartShape.ToolCall:
                var arguments = Encoding.UTF8.GetBytes(part.Text.ToString());
                var signature = _thoughts.Take(part.Proof());
                Open(output);
                GeminiAnswerParts.WriteCall(_json, part.Start.Id ?? "", part.Start.Name ?? "", arguments, signature);
                CloseChunk(output);
                break;
            case PartShape.Text when part.Signature is not null:
                // The text is out already: its proof goes where Gemini itself puts late ones.
                Open(output);
                GeminiAnswerParts.WriteText(_json, "", _thoughts.Take(part.Proof()));
                CloseChunk(output);
                break;
        }
    }

    private void Finish(IBufferWriter<byte> output)
    {
        foreach (var part in _open.Keys.Order().ToArray())
        {
            End(part, output);
        }

        _ended = true;
        var signature = _thoughts.Take();
        Open(output);
        GeminiAnswerParts.WriteText(_json, "", signature);
        _json.WriteEndArray();
        _json.WriteString("role"u8, "model"u8);
        _json.WriteEndObject();
        _json.WriteString("finishReason"u8, GeminiWords.FromStopReason(_stop ?? StopReason.EndTurn));
        _json.WriteNumber("index"u8, 0);
        GeminiAnswerParts.WriteCitations(_json, _citations, degradations);
        _json.WriteEndObject();
        _json.WriteEndArray();
        _json.WritePropertyName("usageMetadata"u8);
        GeminiUsage.Write(_json, _usage, target.EstimatedInputTokens);
        Close(output);
    }

    // Behind the one part of a chunk. Not a method that takes the writing of the part: a closure an event would double what an event allocates.
    private void CloseChunk(IBufferWriter<byte> output)
    {
        _json.WriteEndArray();
        _json.WriteString("role"u8, "model"u8);
        _json.WriteEndObject();
        _json.WriteNumber("index"u8, 0);
        _json.WriteEndObject();
        _json.WriteEndArray();
        Close(output);
    }

    private void Open(IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteStartArray("candidates"u8);
        _json.WriteStartObject();
        _json.WriteStartObject("content"u8);
        _json.WriteStartArray("parts"u8);
    }

    private void Close(IBufferWriter<byte> output)
    {
        GeminiAnswerParts.WriteEnvelope(_json, target.Model, _id);
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\r\n\r\n"u8);
    }

    private sealed class OpenPart(StreamEvent.PartStarted start)
    {
        public StreamEvent.PartStarted Start { get; } = start;

        public StringBuilder Text { get; } = new();

        public string? Signature { get; set; }

        public WireProtocol SignedBy { get; set; }

        public TextPart Proof() => new("") { Signature = Signature, SignedBy = SignedBy };
    }
}
