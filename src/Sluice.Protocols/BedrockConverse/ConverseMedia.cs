using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Images and documents: bytes with a short format name; a document also has a name of few characters, which must be its own in the request.</summary>
internal sealed class ConverseMedia
{
    private const int MaxName = 200;

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Why Bedrock cannot take it; null where it can.</summary>
    public static string? Refusal(ContentPart part) => part switch
    {
        ImagePart { Source: MediaSource.Url } => "an image is given as an address, and Bedrock fetches none: send its bytes in base64",
        DocumentPart { Source: MediaSource.Url } => "a document is given as an address, and Bedrock fetches none: send its bytes in base64",
        ImagePart { Source: MediaSource.Base64 { MediaType: var type } } when ImageFormat(type) is null => $"an image has the type '{Short(type)}', and Bedrock takes PNG, JPEG, GIF and WebP",
        DocumentPart { Source: MediaSource.Base64 { MediaType: var type } } when DocumentFormat(type) is null => $"a document has the type '{Short(type)}', which Bedrock does not take",
        ToolResultPart result => result.Parts.Select(Refusal).FirstOrDefault(r => r is not null),
        _ => null,
    };

    /// <summary>Writes the block of an image.</summary>
    public static void WriteImage(Utf8JsonWriter json, ImagePart image)
    {
        if (image.Source is not MediaSource.Base64 inline)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteStartObject("image"u8);
        json.WriteString("format"u8, ImageFormat(inline.MediaType));
        json.WriteStartObject("source"u8);
        json.WriteString("bytes"u8, inline.Data);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the block of a document.</summary>
    public void WriteDocument(Utf8JsonWriter json, DocumentPart document)
    {
        var (format, data) = document.Source switch
        {
            MediaSource.Base64 inline => (DocumentFormat(inline.MediaType), inline.Data),
            MediaSource.PlainText text => (DocumentFormat(text.MediaType) ?? "txt", Convert.ToBase64String(Encoding.UTF8.GetBytes(text.Text))),
            _ => (null, null),
        };
        if (format is null || data is null)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteStartObject("document"u8);
        json.WriteString("format"u8, format);
        json.WriteString("name"u8, Name(document.Title));
        json.WriteStartObject("source"u8);
        json.WriteString("bytes"u8, data);
        json.WriteEndObject();
        if (!string.IsNullOrEmpty(document.Context))
        {
            json.WriteString("context"u8, document.Context);
        }

        if (document.WantsCitations)
        {
            json.WriteStartObject("citations"u8);
            json.WriteBoolean("enabled"u8, value: true);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    // Letters, digits, single spaces, hyphens and brackets; nothing else, and no name twice.
    private string Name(string? title)
    {
        var name = new StringBuilder();
        foreach (var c in title ?? "")
        {
            var allowed = char.IsAsciiLetterOrDigit(c) || c is '-' or '(' or ')' or '[' or ']';
            if (allowed)
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != ' ')
            {
                name.Append(' ');
            }

            if (name.Length >= MaxName - 10)
            {
                break;
            }
        }

        var clean = name.ToString().Trim();
        clean = clean.Length == 0 ? "document" : clean;
        var distinct = clean;
        for (var n = 2; !_names.Add(distinct); n++)
        {
            distinct = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{clean} {n}");
        }

        return distinct;
    }

    private static string? ImageFormat(string mediaType) => Bare(mediaType) switch
    {
        "image/png" => "png",
        "image/jpeg" or "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => null,
    };

    private static string? DocumentFormat(string mediaType) => Bare(mediaType) switch
    {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" => "md",
        var other when other.StartsWith("text/", StringComparison.Ordinal) => "txt",
        _ => null,
    };

    private static string Bare(string mediaType) => mediaType.Split(';')[0].Trim().ToLowerInvariant();

    private static string Short(string text) => text.Length > 60 ? text[..60] : text;
}
