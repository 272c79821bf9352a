using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>Reads single parts, the same in requests and in whole answers. What has no neutral meaning stays as it is.</summary>
internal static class GeminiPartReader
{
    /// <summary>The part; never a call or a result, whose ids need their surroundings.</summary>
    public static ContentPart Read(JsonElement part)
    {
        var signature = GeminiJson.Text(part, "thoughtSignature");
        if (GeminiJson.TryGet(part, "text", out var text) && text.ValueKind == JsonValueKind.String)
        {
            return GeminiJson.IsTrue(part, "thought")
                ? new ThinkingPart(LenientText.Read(text)) { Signature = signature, SignedBy = WireProtocol.Gemini }
                : new TextPart(LenientText.Read(text)) { Signature = signature, SignedBy = WireProtocol.Gemini };
        }

        ContentPart? media = GeminiJson.TryGet(part, "inlineData", out var inline) ? ReadInline(inline)
            : GeminiJson.TryGet(part, "fileData", out var file) ? ReadFile(file)
            : null;
        if (media is not null)
        {
            return media with { Signature = signature, SignedBy = WireProtocol.Gemini };
        }

        // A signature on nothing: the end of a stream, where some servers leave the empty text out.
        return signature is not null && part.EnumerateObject().Count() == 1
            ? new TextPart("") { Signature = signature, SignedBy = WireProtocol.Gemini }
            : new OpaquePart(KindOf(part), GeminiJson.Raw(part), WireProtocol.Gemini) { Signature = signature, SignedBy = WireProtocol.Gemini };
    }

    /// <summary>The arguments of a <c>functionCall</c>; <c>{}</c> where it has none.</summary>
    public static RawJson Arguments(JsonElement call) =>
        GeminiJson.TryGet(call, "args", out var args) && args.ValueKind == JsonValueKind.Object ? GeminiJson.Raw(args) : RawJson.EmptyObject;

    /// <summary>The member that says what the part is.</summary>
    public static string KindOf(JsonElement part)
    {
        foreach (var member in part.EnumerateObject())
        {
            if (GeminiJson.Camel(member.Name) is not ("thought" or "thoughtSignature" or "videoMetadata" or "mediaResolution" or "partMetadata") and var name)
            {
                return name;
            }
        }

        return "part";
    }

    private static ContentPart? ReadInline(JsonElement inline)
    {
        if (GeminiJson.Text(inline, "data") is not { } data || GeminiJson.Text(inline, "mimeType") is not { } mime)
        {
            return null;
        }

        // Proto JSON takes both alphabets of base64; other vendors take one.
        data = data.Replace('-', '+').Replace('_', '/');
        return mime switch
        {
            _ when mime.StartsWith("image/", StringComparison.OrdinalIgnoreCase) => new ImagePart(new MediaSource.Base64(mime, data)),
            _ when mime.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) => new AudioPart(AudioFormat(mime), data),
            _ when mime.StartsWith("application/pdf", StringComparison.OrdinalIgnoreCase) || mime.StartsWith("text/", StringComparison.OrdinalIgnoreCase) =>
                new DocumentPart(new MediaSource.Base64(mime, data)) { Title = GeminiJson.Text(inline, "displayName") },
            _ => null,
        };
    }

    // Files of Google's own (Files API, gs://) mean nothing elsewhere and go back as they are.
    private static ContentPart? ReadFile(JsonElement file)
    {
        if (GeminiJson.Text(file, "fileUri") is not { } uri
            || !uri.StartsWith("http", StringComparison.OrdinalIgnoreCase)
            || uri.Contains("generativelanguage.googleapis.com", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return GeminiJson.Text(file, "mimeType") switch
        {
            { } mime when mime.StartsWith("image/", StringComparison.OrdinalIgnoreCase) => new ImagePart(new MediaSource.Url(uri)),
            { } mime when mime.StartsWith("application/pdf", StringComparison.OrdinalIgnoreCase) => new DocumentPart(new MediaSource.Url(uri)),
            _ => null,
        };
    }

    private static string AudioFormat(string mime) => mime[(mime.IndexOf('/', StringComparison.Ordinal) + 1)..].Split(';')[0].ToLowerInvariant() switch
    {
        "mpeg" or "mp3" or "mpga" => "mp3",
        "x-wav" or "wave" or "wav" or "vnd.wave" => "wav",
        var other => other,
    };
}
