using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Gemini;

/// <summary>Writes pictures, sounds and documents as <c>inlineData</c> and <c>fileData</c>.</summary>
internal static class GeminiMedia
{
    /// <summary>The part is media, or the vendor's own media (video, an uploaded file).</summary>
    public static bool IsMedia(ContentPart part) =>
        part is ImagePart or AudioPart or DocumentPart { Source: not MediaSource.PlainText } or OpaquePart { Type: "inlineData" or "fileData", From: WireProtocol.Gemini };

    /// <summary>Writes the members of a part; false for what is no media or cannot be carried.</summary>
    public static bool TryWrite(Utf8JsonWriter json, ContentPart part)
    {
        switch (part)
        {
            case ImagePart { Source: MediaSource.Base64 image }:
                WriteInline(json, image.MediaType == "image/jpg" ? "image/jpeg" : image.MediaType, image.Data);
                return true;
            case ImagePart { Source: MediaSource.Url url }:
                WriteFile(json, MimeOf(url.Address, "image/jpeg"), url.Address);
                return true;
            case DocumentPart { Source: MediaSource.Base64 document }:
                WriteInline(json, document.MediaType, document.Data);
                return true;
            case DocumentPart { Source: MediaSource.Url url }:
                WriteFile(json, MimeOf(url.Address, "application/pdf"), url.Address);
                return true;
            case AudioPart audio:
                WriteInline(json, "audio/" + audio.Format, audio.Data);
                return true;
            default:
                return false;
        }
    }

    private static void WriteInline(Utf8JsonWriter json, string mime, string data)
    {
        json.WriteStartObject("inlineData"u8);
        json.WriteString("mimeType"u8, mime);
        json.WriteString("data"u8, data);
        json.WriteEndObject();
    }

    private static void WriteFile(Utf8JsonWriter json, string mime, string uri)
    {
        json.WriteStartObject("fileData"u8);
        json.WriteString("mimeType"u8, mime);
        json.WriteString("fileUri"u8, uri);
        json.WriteEndObject();
    }

    // Gemini wants to know before it fetches; the path's ending is all that there is.
    private static string MimeOf(string address, string otherwise)
    {
        var path = address.Split('?', '#')[0];
        return path[(path.LastIndexOf('.') + 1)..].ToLowerInvariant() switch
        {
            "png" => "image/png",
            "jpg" or "jpeg" => "image/jpeg",
            "webp" => "image/webp",
            "gif" => "image/gif",
            "heic" => "image/heic",
            "heif" => "image/heif",
            "pdf" => "application/pdf",
            "txt" => "text/plain",
            _ => otherwise,
        };
    }
}
