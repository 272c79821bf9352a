using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Writes <c>input</c>. The order that servers demand: all calls of a turn, then all their results; a reasoning item directly before the item that it
/// led to ("reasoning was provided without its required following item" else).
/// </summary>
internal sealed class OpenAIResponsesInputWriter(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    private readonly ToolCallIds _ids = new(target.Dialect);
    private readonly OwedResults _results = new(request.Messages, degradations);

    /// <summary>Writes the member.</summary>
    public void Write()
    {
        json.WriteStartArray("input"u8);
        for (var i = 0; i < request.Messages.Count; i++)
        {
            var message = request.Messages[i];
            switch (message.Role)
            {
                case Role.Assistant:
                    WriteAssistant(message, i);
                    break;
                case Role.System:
                    var isNew = OpenAIChatRequestWriter.IsNewOpenAIModel(target.Model);
                    WriteContent(isNew ? "developer" : "system", [.. message.Parts.Where(p => p is TextPart)]);
                    break;
                default:
                    WriteUser(message);
                    break;
            }
        }

        json.WriteEndArray();
    }

    private void WriteAssistant(Message message, int at)
    {
        var calls = new List<ToolCallPart>();
        var texts = new List<ContentPart>();
        var thinking = new List<ThinkingPart>();
        foreach (var part in message.Parts)
        {
            switch (part)
            {
                case TextPart { Text.Length: > 0 } or RefusalPart { Text.Length: > 0 }:
                    if (thinking.Count > 0 && texts.Count > 0)
                    {
                        WriteTexts(texts);
                    }

                    WriteThinking(thinking);
                    texts.Add(part);
                    break;
                case TextPart or RefusalPart:
                    break;
                case ThinkingPart thought:
                    WriteTexts(texts);
                    if (Replayable(thought))
                    {
                        thinking.Add(thought);
                    }

                    break;
                case ToolCallPart call:
                    WriteTexts(texts);
                    WriteThinking(thinking);
                    WriteCall(call);
                    calls.Add(call);
                    break;
                case OpaquePart { From: WireProtocol.OpenAIResponses } own:
                    WriteTexts(texts);
                    WriteThinking(thinking);
                    own.Json.WriteTo(json);
                    break;
                default:
                    Drop(part);
                    break;
            }
        }

        WriteTexts(texts);
        if (thinking.Count > 0)
        {
            degradations.Add("thinking.history", DegradationOutcome.Dropped, "Reasoning that led to nothing cannot be replayed.");
        }

        foreach (var (call, result) in _results.Of(calls, at))
        {
            WriteResult(call, result);
        }
    }

    // Only what this format's own model sealed. DeepSeek's models take their reasoning back in the open.
    private bool Replayable(ThinkingPart thinking)
    {
        if (thinking.SignedBy == WireProtocol.OpenAIResponses && thinking.RedactedData is null
            && (!string.IsNullOrEmpty(thinking.Signature) || (target.Dialect == ChatDialect.DeepSeek && thinking.Text.Length > 0)))
        {
            return true;
        }

        degradations.Add("thinking.history", DegradationOutcome.Dropped, "Thinking of another vendor's model, or thinking that is not sealed, cannot be replayed to this one.");
        return false;
    }

    private void WriteThinking(List<ThinkingPart> thinking)
    {
        foreach (var thought in thinking)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "reasoning"u8);
            if (thought.Id is { Length: > 0 } id)
            {
                json.WriteString("id"u8, id);
            }

            json.WriteStartArray("summary"u8);
            if (thought.Text.Length > 0 && !string.IsNullOrEmpty(thought.Signature))
            {
                Piece("summary_text"u8, thought.Text);
            }

            json.WriteEndArray();
            if (string.IsNullOrEmpty(thought.Signature))
            {
                json.WriteStartArray("content"u8);
                Piece("reasoning_text"u8, thought.Text);
                json.WriteEndArray();
            }
            else
            {
                json.WriteString("encrypted_content"u8, thought.Signature);
            }

            json.WriteEndObject();
        }

        thinking.Clear();
    }

    private void WriteTexts(List<ContentPart> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        foreach (var part in texts)
        {
            json.WriteStartObject();
            if (part is RefusalPart refusal)
            {
                json.WriteString("type"u8, "refusal"u8);
                json.WriteString("refusal"u8, refusal.Text);
            }
            else
            {
                var text = (TextPart)part;
                json.WriteString("type"u8, "output_text"u8);
                json.WriteString("text"u8, text.Text);
                if (!text.Citations.IsEmpty && text.CitationsFrom == WireProtocol.OpenAIResponses)
                {
                    json.WritePropertyName("annotations"u8);
                    text.Citations.WriteTo(json);
                }
            }

            json.WriteEndObject();
            NoteCache(part);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        texts.Clear();
    }

    private void WriteCall(ToolCallPart call)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, call.IsCustom ? "custom_tool_call"u8 : "function_call"u8);
        json.WriteString("call_id"u8, _ids.For(call.Id));
        json.WriteString("name"u8, call.Name);
        if (call.Namespace is { } space)
        {
            json.WriteString("namespace"u8, space);
        }

        if (call.IsCustom)
        {
            json.WriteString("input"u8, call.Arguments.Utf8.Span);
        }
        else
        {
            json.WriteString("arguments"u8, call.Arguments.IsEmpty ? "{}"u8 : call.Arguments.Utf8.Span);
        }

        json.WriteEndObject();
        NoteCache(call);
    }

    private void WriteResult(ToolCallPart call, ToolResultPart result)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, call.IsCustom ? "custom_tool_call_output"u8 : "function_call_output"u8);
        json.WriteString("call_id"u8, _ids.For(call.Id));
        List<ContentPart> parts = [.. result.Parts];
        if (result.IsError)
        {
            degradations.Add("tool_results.is_error", DegradationOutcome.Emulated, "That a tool failed is said in the text of its result.");
            parts.Insert(0, new TextPart("[error]"));
        }

        if (parts.TrueForAll(p => p is TextPart))
        {
            parts.ForEach(NoteCache);
            json.WriteString("output"u8, string.Join("\n", parts.Select(p => ((TextPart)p).Text)));
        }
        else
        {
            json.WriteStartArray("output"u8);
            foreach (var part in parts)
            {
                WriteInputPart(part);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        NoteCache(result);
    }

    private void WriteUser(Message message)
    {
        var parts = new List<ContentPart>();
        foreach (var part in message.Parts)
        {
            switch (part)
            {
                case ToolResultPart placed when _results.IsPlaced(placed):
                    break;
                case ToolResultPart orphan:
                    degradations.Add("tool_results", DegradationOutcome.Emulated, "A tool result without its call became text.");
                    parts.Add(new TextPart("[Result of tool call " + orphan.CallId + "]"));
                    parts.AddRange(orphan.Parts);
                    break;
                case OpaquePart { From: WireProtocol.OpenAIResponses } own when IsItem(own):
                    own.Json.WriteTo(json);
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        WriteContent("user", parts);
    }

    // An item of its own (a screenshot, an approval) stands beside the messages, a part of a message within.
    private static bool IsItem(OpaquePart opaque) => !opaque.Type.StartsWith("input_", StringComparison.Ordinal);

    private void WriteContent(string role, List<ContentPart> parts)
    {
        if (!parts.Exists(Says))
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, role);
        json.WriteStartArray("content"u8);
        foreach (var part in parts)
        {
            WriteInputPart(part);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool Says(ContentPart part) => part is not (TextPart { Text.Length: 0 } or ThinkingPart);

    private void WriteInputPart(ContentPart part)
    {
        NoteCache(part);
        switch (part)
        {
            case TextPart { Text.Length: 0 }:
                break;
            case TextPart text:
                Piece("input_text"u8, text.Text);
                break;
            case ImagePart { Source: MediaSource.FileId } or DocumentPart { Source: MediaSource.FileId }
                when request.From is not (WireProtocol.OpenAIResponses or WireProtocol.OpenAIChat):
                degradations.Add("content.file", DegradationOutcome.Dropped, "A file that was uploaded to another vendor cannot be read by this one.");
                Piece("input_text"u8, "[file left out: it was uploaded to another vendor]");
                break;
            case ImagePart image:
                WriteImage(image);
                break;
            case DocumentPart document:
                WriteDocument(document);
                break;
            case AudioPart audio:
                json.WriteStartObject();
                json.WriteString("type"u8, "input_audio"u8);
                json.WriteStartObject("input_audio"u8);
                json.WriteString("data"u8, audio.Data);
                json.WriteString("format"u8, audio.Format);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case OpaquePart { From: WireProtocol.OpenAIResponses } own:
                own.Json.WriteTo(json);
                break;
            default:
                Drop(part);
                break;
        }
    }

    private void WriteImage(ImagePart image)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "input_image"u8);
        WriteSource(image.Source, "image_url"u8, "image_url"u8);
        if (image.Detail is { } detail)
        {
            json.WriteString("detail"u8, detail);
        }

        json.WriteEndObject();
    }

    private void WriteDocument(DocumentPart document)
    {
        if (document.WantsCitations)
        {
            degradations.Add("citations", DegradationOutcome.Dropped, "The upstream does not cite documents.");
        }

        if (document.Source is MediaSource.PlainText plain)
        {
            degradations.Add("documents.text", DegradationOutcome.Emulated, "A text document became text of the message.");
            Piece("input_text"u8, document.Title is { } title ? title + ":\n" + plain.Text : plain.Text);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "input_file"u8);
        if (document.Source is MediaSource.Base64 inline)
        {
            // OpenAI demands a name beside the bytes, and tells the kind by it.
            json.WriteString("filename"u8, document.Title ?? (inline.MediaType == "application/pdf" ? "document.pdf" : "document.txt"));
        }

        WriteSource(document.Source, "file_data"u8, "file_url"u8);
        json.WriteEndObject();
    }

    private void WriteSource(MediaSource source, ReadOnlySpan<byte> data, ReadOnlySpan<byte> url)
    {
        switch (source)
        {
            case MediaSource.Base64 inline:
                json.WriteString(data, "data:" + inline.MediaType + ";base64," + inline.Data);
                break;
            case MediaSource.Url address:
                json.WriteString(url, address.Address);
                break;
            case MediaSource.FileId file:
                json.WriteString("file_id"u8, file.Id);
                break;
            default:
                break;
        }
    }

    private void Piece(ReadOnlySpan<byte> type, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    private void NoteCache(ContentPart part)
    {
        if (part.Cache is not null && request.From != WireProtocol.OpenAIResponses)
        {
            degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
        }
    }

    private void Drop(ContentPart part) =>
        degradations.Add(part is OpaquePart opaque ? "content." + FeatureWords.Of(opaque.Type) : part is ThinkingPart ? "thinking.history" : "content.media",
            DegradationOutcome.Dropped, "The part has no place in the Responses API.");
}
