using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAICompletions;

/// <summary>Writes one stream of <c>text_completion</c> chunks: text as it comes, one chunk with the finish reason, usage where asked for, <c>[DONE]</c>.</summary>
internal sealed class OpenAICompletionsStreamWriter(ClientTarget target, DegradationLog degradations) : IStreamWriter
{
    private readonly JsonEncodedText _model = JsonEncodedText.Encode(target.Model, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);

    private Utf8JsonWriter? _json;
    private JsonEncodedText _id = JsonEncodedText.Encode(target.ResponseId);
    private TokenUsage _usage = TokenUsage.Unknown;
    private bool _written;
    private bool _stopped;
    private bool _ended;

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
                _usage = started.Usage;
                if (!string.IsNullOrEmpty(started.Id) && !_written)
                {
                    _id = JsonEncodedText.Encode(started.Id, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
                }

                break;
            case StreamEvent.PartStarted part:
                CompletionParts.Drop(part.Shape, degradations);
                break;
            case StreamEvent.TextDelta { Text.Length: > 0 } delta when !_stopped:
                Choice(delta.Text, finish: null, output);
                break;
            case StreamEvent.CitationDelta:
                CompletionParts.DropCitations(degradations);
                break;
            case StreamEvent.UsageReported reported:
                _usage = reported.Usage;
                break;
            case StreamEvent.Stopped stopped:
                Finish(stopped.Reason, output);
                break;
            case StreamEvent.Ended:
                End(output);
                break;
            default:
                // Failed: the error event is the format's, not the answer's. All else is no text.
                break;
        }
    }

    private void Finish(StopReason reason, IBufferWriter<byte> output)
    {
        if (!_stopped)
        {
            _stopped = true;
            Choice("", CompletionParts.FinishFor(reason), output);
        }
    }

    private void End(IBufferWriter<byte> output)
    {
        Finish(StopReason.EndTurn, output);
        _ended = true;
        if (target.IncludeUsage)
        {
            var json = Open(output);
            json.WriteStartArray("choices"u8);
            json.WriteEndArray();
            json.WritePropertyName("usage"u8);
            OpenAIChatUsage.Write(json, _usage, target.EstimatedInputTokens);
            Close(json, output);
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    private void Choice(string text, JsonEncodedText? finish, IBufferWriter<byte> output)
    {
        var json = Open(output);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteNumber("index"u8, 0);
        json.WriteNull("logprobs"u8);
        if (finish is { } word)
        {
            json.WriteString("finish_reason"u8, word);
        }
        else
        {
            json.WriteNull("finish_reason"u8);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        Close(json, output);
    }

    private Utf8JsonWriter Open(IBufferWriter<byte> output)
    {
        _written = true;
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
        _json.WriteString("id"u8, _id);
        _json.WriteString("object"u8, "text_completion"u8);
        _json.WriteNumber("created"u8, target.Created);
        _json.WriteString("model"u8, _model);
        return _json;
    }

    private static void Close(Utf8JsonWriter json, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        json.Flush();
        output.Write("\n\n"u8);
    }
}
