using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Writes what stands within one message: text, images, documents, sound, and the cache marks on them.</summary>
internal sealed class OpenAIChatPartsWriter(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    private readonly bool _keepsCache = OpenAIChatCacheMarks.AreKept(target);

    /// <summary>Writes <c>content</c>: one string where nothing is lost by it, since every server takes strings and not every one takes parts.</summary>
    public void WriteTexts(List<ContentPart> texts, string separator)
    {
        var marked = texts.Exists(t => t.Cache is not null);
        if (marked && !_keepsCache)
        {
            TellLostMark();
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

    /// <summary>Writes a part of text.</summary>
    public void WriteText(string text, CacheMark? cache)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, text);
        PartCache(cache);
        json.WriteEndObject();
    }

    /// <summary>Writes a part of any kind; what the upstream cannot take becomes words that say so.</summary>
    public void Write(ContentPart part)
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
                WriteText(Inlined(document, plain.Text), document.Cache);
                return;
            case MediaSource.Base64 bytes when bytes.MediaType.StartsWith("text/", StringComparison.Ordinal) && Decoded(bytes.Data) is { } text && request.From != WireProtocol.OpenAIChat:
                WriteText(Inlined(document, text), document.Cache);
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

    /// <summary>A text document as text of a message.</summary>
    public string Inlined(DocumentPart document, string text)
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
            OpenAIChatCacheMarks.Write(json, cache);
        }
        else
        {
            TellLostMark();
        }
    }

    /// <summary>Says that a cache mark is left out.</summary>
    public void TellLostMark() =>
        degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");

    /// <summary>Says that a part is left out.</summary>
    public void Drop(ContentPart part)
    {
        var name = part switch
        {
            OpaquePart opaque => "content." + FeatureWords.Of(opaque.Type),
            ThinkingPart => "thinking",
            _ => "content",
        };
        degradations.Add(name, DegradationOutcome.Dropped, "The block has no equivalent in Chat Completions.");
    }
}
