using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Writes <c>messages</c>. Chat's order rule: an assistant message with tool calls is followed by one tool message for each call, in the
/// order of the calls, before anything else; so results are taken from wherever they stand up to the next assistant turn.
/// </summary>
internal sealed class OpenAIChatMessagesWriter(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    private readonly ToolCallIds _ids = new(target.Dialect);
    private readonly OpenAIChatPartsWriter _parts = new(json, request, target, degradations);
    private readonly OwedResults _results = new(request.Messages, degradations);
    private bool _afterTool;

    /// <summary>Writes the member.</summary>
    public void Write()
    {
        json.WriteStartArray("messages"u8);
        WriteInstructions(request.System);
        for (var i = 0; i < request.Messages.Count; i++)
        {
            var message = request.Messages[i];
            switch (message.Role)
            {
                case Role.System:
                    WriteInstructions(message.Parts);
                    break;
                case Role.Assistant:
                    WriteAssistant(message, i);
                    break;
                default:
                    WriteUser(message);
                    break;
            }
        }

        json.WriteEndArray();
    }

    private void WriteInstructions(IReadOnlyList<ContentPart> parts)
    {
        var texts = new List<ContentPart>();
        foreach (var part in parts)
        {
            if (part is not TextPart text)
            {
                _parts.Drop(part);
            }
            else if (text.Text.Length > 0)
            {
                texts.Add(text);
            }
        }

        if (texts.Count == 0)
        {
            return;
        }

        Gap(isUser: false);
        json.WriteStartObject();
        json.WriteString("role"u8, target.Dialect.KnowsDeveloperRole && OpenAIChatRequestWriter.IsNewOpenAIModel(target.Model) ? "developer"u8 : "system"u8);
        _parts.WriteTexts(texts, "\n\n");
        json.WriteEndObject();
    }

    private void WriteAssistant(Message message, int at)
    {
        var calls = message.Parts.OfType<ToolCallPart>().ToList();
        var texts = new List<ContentPart>();
        var thinking = new List<ThinkingPart>();
        string? refusal = null;
        OpaquePart? extra = null;
        foreach (var part in message.Parts)
        {
            switch (part)
            {
                case TextPart { Text.Length: > 0 }: texts.Add(part); break;
                case ThinkingPart thought: thinking.Add(thought); break;
                case RefusalPart refused: refusal += refused.Text; break;
                case OpaquePart { Type: "extra_content", From: WireProtocol.OpenAIChat } own: extra = own; break;
                case TextPart or ToolCallPart: break;
                default: _parts.Drop(part); break;
            }
        }

        if (texts.Count == 0 && calls.Count == 0 && refusal is null)
        {
            if (thinking.Count > 0)
            {
                degradations.Add("thinking", DegradationOutcome.Dropped, "The upstream takes no turn of reasoning alone.");
            }

            return;
        }

        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        var replayed = new OpenAIChatReasoningReplay(json, request, target, degradations);
        if (!replayed.WriteAsParts(thinking, texts))
        {
            if (texts.Count > 0)
            {
                // Blocks of one turn are one text that citations cut into pieces.
                _parts.WriteTexts(texts, string.Empty);
            }
            else
            {
                // Some servers fail on an empty text beside tool calls.
                json.WriteNull("content"u8);
            }

            replayed.Write(thinking, calls.Count > 0);
        }

        if (refusal is not null)
        {
            json.WriteString("refusal"u8, refusal);
        }

        if (extra is not null)
        {
            json.WritePropertyName("extra_content"u8);
            extra.Json.WriteTo(json);
        }

        if (calls.Count > 0)
        {
            WriteCalls(calls);
        }
        else if (target.Dialect == ChatDialect.Mistral && at == request.Messages.Count - 1)
        {
            json.WriteBoolean("prefix"u8, true);
        }

        json.WriteEndObject();
        _afterTool = false;
        if (calls.Count > 0)
        {
            WriteResults(calls, at);
        }
    }

    private void WriteCalls(List<ToolCallPart> calls)
    {
        json.WriteStartArray("tool_calls"u8);
        foreach (var call in calls)
        {
            OpenAIChatJson.WriteCall(json, _ids.For(call.Id), call);
            if (call.Cache is not null)
            {
                _parts.TellLostMark();
            }
        }

        json.WriteEndArray();
    }

    private void WriteResults(List<ToolCallPart> calls, int at)
    {
        var media = new List<(string Id, ContentPart Part)>();
        foreach (var (call, result) in _results.Of(calls, at))
        {
            WriteResult(call, result, media);
        }

        WriteMedia(media);
    }

    private void WriteResult(ToolCallPart call, ToolResultPart result, List<(string Id, ContentPart Part)> media)
    {
        var texts = new List<ContentPart>();
        foreach (var part in result.Parts)
        {
            switch (part)
            {
                case TextPart text:
                    if (text.Text.Length > 0)
                    {
                        texts.Add(text);
                    }

                    break;
                case DocumentPart { Source: MediaSource.PlainText plain } document:
                    texts.Add(new TextPart(_parts.Inlined(document, plain.Text)) { Cache = document.Cache });
                    break;
                case ImagePart or DocumentPart or AudioPart:
                    media.Add((_ids.For(call.Id), part));
                    break;
                case OpaquePart { From: WireProtocol.OpenAIChat } own when own.Type is not "extra_content":
                    media.Add((_ids.For(call.Id), own));
                    break;
                default:
                    _parts.Drop(part);
                    break;
            }
        }

        if (media.Count > 0 && texts.Count == 0)
        {
            texts.Add(new TextPart("[The output is not text; it follows in the next user message.]"));
        }

        if (result.IsError)
        {
            degradations.Add("tool_results.is_error", DegradationOutcome.Emulated, "That a tool failed is said in the text of its result.");
            texts.Insert(0, new TextPart("[error]"));
        }

        if (result.Cache is { } mark && texts.Count > 0)
        {
            texts[^1] = (TextPart)texts[^1] with { Cache = mark };
        }
        else if (result.Cache is not null)
        {
            _parts.TellLostMark();
        }

        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        json.WriteString("tool_call_id"u8, _ids.For(call.Id));
        if (texts.Count == 0)
        {
            json.WriteString("content"u8, ""u8);
        }
        else
        {
            _parts.WriteTexts(texts, "\n");
        }

        json.WriteEndObject();
        _afterTool = true;
    }

    // Tool messages take text only, so what a tool showed follows as the user's, under a line that says whose it is.
    private void WriteMedia(List<(string Id, ContentPart Part)> media)
    {
        if (media.Count == 0)
        {
            return;
        }

        degradations.Add("tool_results.media", DegradationOutcome.Emulated, "Media in tool results moved to a user message.");
        Gap(isUser: true);
        json.WriteStartObject();
        json.WriteString("role"u8, "user"u8);
        json.WriteStartArray("content"u8);
        string? id = null;
        foreach (var (owner, part) in media)
        {
            if (owner != id)
            {
                _parts.WriteText("[Output of tool call " + owner + "]", null);
                id = owner;
            }

            _parts.Write(part);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteUser(Message message)
    {
        var parts = new List<ContentPart>();
        var onlyText = true;
        foreach (var part in message.Parts)
        {
            switch (part)
            {
                case ToolResultPart placed when _results.IsPlaced(placed):
                    break;
                case ToolResultPart orphan:
                    degradations.Add("tool_results", DegradationOutcome.Emulated, "A tool result without its call became text.");
                    parts.Add(new TextPart("[Result of tool call " + orphan.CallId + "]"));
                    foreach (var inner in orphan.Parts)
                    {
                        parts.Add(inner);
                        onlyText &= inner is TextPart;
                    }

                    break;
                case TextPart { Text.Length: 0 }:
                    break;
                case TextPart:
                    parts.Add(part);
                    break;
                case DocumentPart { Source: MediaSource.PlainText plain } document:
                    parts.Add(new TextPart(_parts.Inlined(document, plain.Text)) { Cache = document.Cache });
                    break;
                case ImagePart or DocumentPart or AudioPart or OpaquePart { From: WireProtocol.OpenAIChat }:
                    parts.Add(part);
                    onlyText = false;
                    break;
                default:
                    _parts.Drop(part);
                    break;
            }
        }

        if (parts.Count == 0)
        {
            if (message.Parts.Any(p => p is ToolResultPart))
            {
                return;
            }

            parts.Add(new TextPart(string.Empty));
        }

        Gap(isUser: true);
        json.WriteStartObject();
        json.WriteString("role"u8, "user"u8);
        if (onlyText)
        {
            _parts.WriteTexts(parts, "\n\n");
        }
        else
        {
            json.WriteStartArray("content"u8);
            foreach (var part in parts)
            {
                _parts.Write(part);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // Mistral refuses a user or system message straight after a tool message.
    private void Gap(bool isUser)
    {
        if (_afterTool && isUser && target.Dialect.AnswerBetweenToolAndUser)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, "OK"u8);
            json.WriteEndObject();
        }

        _afterTool = false;
    }
}
