// Long since what a message may hold depends on what the ones before it held (open calls, results owed, media put off): one pass, top to bottom.
using System.Text;
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
    private readonly bool _keepsCache = KeepsCacheMarks(target);
    private readonly HashSet<ToolResultPart> _placed = new(ReferenceEqualityComparer.Instance);
    private bool _afterTool;

    /// <summary>The upstream hands cache marks on to a model that knows them.</summary>
    public static bool KeepsCacheMarks(UpstreamTarget target) => target.Dialect.TakesCacheMarks && IsClaude(target);

    /// <summary>Writes a <c>cache_control</c> member.</summary>
    public static void WriteCache(Utf8JsonWriter json, CacheMark cache)
    {
        json.WriteStartObject("cache_control"u8);
        json.WriteString("type"u8, "ephemeral"u8);
        if (cache.Ttl is { } ttl)
        {
            json.WriteString("ttl"u8, ttl);
        }

        json.WriteEndObject();
    }

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

    private static bool IsClaude(UpstreamTarget target) =>
        target.CanonicalModel.Contains("claude", StringComparison.OrdinalIgnoreCase) || target.Model.Contains("claude", StringComparison.OrdinalIgnoreCase);

    private void WriteInstructions(IReadOnlyList<ContentPart> parts)
    {
        var texts = new List<ContentPart>();
        foreach (var part in parts)
        {
            if (part is not TextPart text)
            {
                Drop(part);
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
        WriteTexts(texts, "\n\n");
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
                default: Drop(part); break;
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
                WriteTexts(texts, string.Empty);
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
                CacheDropped();
            }
        }

        json.WriteEndArray();
    }

    private void WriteResults(List<ToolCallPart> calls, int at)
    {
        var waiting = new List<ToolResultPart>();
        var last = true;
        for (var i = at + 1; i < request.Messages.Count; i++)
        {
            last = false;
            if (request.Messages[i].Role == Role.Assistant)
            {
                break;
            }

            waiting.AddRange(request.Messages[i].Parts.OfType<ToolResultPart>());
        }

        var media = new List<(string Id, ContentPart Part)>();
        foreach (var call in calls)
        {
            // Ids may repeat, so each call takes the first result of its id that no other call took.
            var result = waiting.Find(r => r.CallId == call.Id && !_placed.Contains(r));
            if (result is not null)
            {
                _placed.Add(result);
                WriteResult(call, result, media);
            }
            else if (!last)
            {
                degradations.Add("tool_results", DegradationOutcome.Emulated, "A tool call had no result; the upstream needs one.");
                WriteResult(call, new ToolResultPart(call.Id, [new TextPart("[no result]")], IsError: false), media);
            }
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
                    texts.Add(new TextPart(InlinedDocument(document, plain.Text)) { Cache = document.Cache });
                    break;
                case ImagePart or DocumentPart or AudioPart:
                    media.Add((_ids.For(call.Id), part));
                    break;
                case OpaquePart { From: WireProtocol.OpenAIChat } own when own.Type is not "extra_content":
                    media.Add((_ids.For(call.Id), own));
                    break;
                default:
                    Drop(part);
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
            CacheDropped();
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
            WriteTexts(texts, "\n");
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
                WriteText("[Output of tool call " + owner + "]", null);
                id = owner;
            }

            WriteMediaPart(part);
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
                case ToolResultPart placed when _placed.Contains(placed):
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
                    parts.Add(new TextPart(InlinedDocument(document, plain.Text)) { Cache = document.Cache });
                    break;
                case ImagePart or DocumentPart or AudioPart or OpaquePart { From: WireProtocol.OpenAIChat }:
                    parts.Add(part);
                    onlyText = false;
                    break;
                default:
                    Drop(part);
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
            WriteTexts(parts, "\n\n");
        }
        else
        {
            json.WriteStartArray("content"u8);
            foreach (var part in parts)
            {
                WriteMediaPart(part);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // One string where nothing is lost by it: every server takes strings, not every one takes parts.
    private void WriteTexts(List<ContentPart> texts, string separator)
    {
        var marked = texts.Exists(t => t.Cache is not null);
        if (marked && !_keepsCache)
        {
            CacheDropped();
        }

        if ((marked && _keepsCache) || (texts.Count > 1 && request.From == WireProtocol.OpenAIChat))
        {
            json.WriteStartArray("content"u8);
            foreach (var text in texts)
            {
                WriteText(((TextPart)text).Text, text.Cache);
            }

            json.WriteEndArray();
            return;
        }

        json.WriteString("content"u8, texts.Count == 1 ? ((TextPart)texts[0]).Text : string.Join(separator, texts.Select(t => ((TextPart)t).Text)));
    }

    private void WriteText(string text, CacheMark? cache)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, text);
        PartCache(cache);
        json.WriteEndObject();
    }

    private void WriteMediaPart(ContentPart part)
    {
        switch (part)
        {
            case TextPart text:
                WriteText(text.Text, text.Cache);
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
                PartCache(audio.Cache);
                json.WriteEndObject();
                break;
            case OpaquePart { From: WireProtocol.OpenAIChat } own:
                own.Json.WriteTo(json);
                break;
            default:
                Drop(part);
                break;
        }
    }

    private void WriteImage(ImagePart image)
    {
        var url = image.Source switch
        {
            MediaSource.Base64 bytes => "data:" + bytes.MediaType + ";base64," + bytes.Data,
            MediaSource.Url address => address.Address,
            _ => null,
        };
        if (url is null || target.Traits.Images == false)
        {
            degradations.Add("images", DegradationOutcome.Dropped, url is null ? "The image is a file at another vendor." : "The model takes no images.");
            WriteText("[An image was left out: this model cannot see it.]", image.Cache);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "image_url"u8);
        json.WriteStartObject("image_url"u8);
        json.WriteString("url"u8, url);
        if (image.Detail is { } detail)
        {
            json.WriteString("detail"u8, detail);
        }

        json.WriteEndObject();
        PartCache(image.Cache);
        json.WriteEndObject();
    }

    private void WriteDocument(DocumentPart document)
    {
        if (document.WantsCitations)
        {
            degradations.Add("citations", DegradationOutcome.Dropped, "The upstream does not cite documents.");
        }

        switch (document.Source)
        {
            case MediaSource.PlainText plain:
                WriteText(InlinedDocument(document, plain.Text), document.Cache);
                return;
            case MediaSource.Base64 bytes when bytes.MediaType.StartsWith("text/", StringComparison.Ordinal) && Decoded(bytes.Data) is { } text && request.From != WireProtocol.OpenAIChat:
                WriteText(InlinedDocument(document, text), document.Cache);
                return;
            case MediaSource.Base64 bytes when Takes():
                WriteFile(document, "file_data", "data:" + bytes.MediaType + ";base64," + bytes.Data);
                return;
            case MediaSource.Url address when (target.Dialect.TakesFileUrls || request.From == WireProtocol.OpenAIChat) && target.Traits.Documents != false:
                WriteFile(document, "file_data", address.Address);
                return;
            case MediaSource.FileId file when request.From == WireProtocol.OpenAIChat:
                WriteFile(document, "file_id", file.Id);
                return;
            default:
                degradations.Add("documents", DegradationOutcome.Dropped, "The upstream cannot take this document.");
                WriteText("[A document was left out: this model cannot read it." + (document.Title is { } title ? " Title: " + title : string.Empty) + "]", document.Cache);
                return;
        }

        bool Takes() => (target.Dialect.TakesFiles || request.From == WireProtocol.OpenAIChat) && target.Traits.Documents != false;
    }

    private void WriteFile(DocumentPart document, string member, string value)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "file"u8);
        json.WriteStartObject("file"u8);
        if (member == "file_data" || document.Title is not null)
        {
            json.WriteString("filename"u8, document.Title ?? "document.pdf");
        }

        json.WriteString(member, value);
        json.WriteEndObject();
        PartCache(document.Cache);
        json.WriteEndObject();
    }

    private string InlinedDocument(DocumentPart document, string text)
    {
        degradations.Add("documents.text", DegradationOutcome.Emulated, "A text document became text of the message.");
        var result = new StringBuilder(text.Length + 64).Append("<document>\n");
        if (document.Title is { } title)
        {
            result.Append("<title>").Append(title).Append("</title>\n");
        }

        if (document.Context is { } context)
        {
            result.Append("<context>").Append(context).Append("</context>\n");
        }

        return result.Append(text).Append("\n</document>").ToString();
    }

    private static string? Decoded(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) && System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length))
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : null;
    }

    private void PartCache(CacheMark? cache)
    {
        if (cache is null)
        {
            return;
        }

        if (_keepsCache)
        {
            WriteCache(json, cache);
        }
        else
        {
            CacheDropped();
        }
    }

    private void CacheDropped() =>
        degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");

    private void Drop(ContentPart part)
    {
        var name = part switch
        {
            OpaquePart opaque => "content." + FeatureWords.Of(opaque.Type),
            ThinkingPart => "thinking",
            _ => "content",
        };
        degradations.Add(name, DegradationOutcome.Dropped, "The block has no equivalent in Chat Completions.");
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
