using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Gemini's signatures away from home. In neutral terms the signature of a part is carried by the thinking part before it, with or without
/// text; on the way back it goes onto the next part, or onto an empty text at the turn's end. Chat clients get it in Google's own
/// <c>extra_content</c> of the call too.
/// </summary>
internal static class GeminiThoughts
{
    /// <summary>Takes the signature off a part of an answer and puts it on the thinking before it.</summary>
    public static void Add(ContentPart part, List<ContentPart> parts)
    {
        if (part.Signature is not { Length: > 0 } signature || part is ThinkingPart or OpaquePart)
        {
            parts.Add(part);
            return;
        }

        if (parts.Count > 0 && parts[^1] is ThinkingPart { Signature: null } thinking)
        {
            parts[^1] = thinking with { Signature = signature };
        }
        else
        {
            parts.Add(new ThinkingPart("") { Signature = signature, SignedBy = WireProtocol.Gemini });
        }

        if (part is not TextPart { Text.Length: 0 })
        {
            parts.Add(part with { Signature = null });
        }
    }

    /// <summary>The call's extra members as Google's Chat endpoint has them; empty without a signature.</summary>
    public static RawJson ForChat(string? signature) => string.IsNullOrEmpty(signature) ? default : GeminiMembers.Object(json =>
    {
        json.WriteStartObject("extra_content"u8);
        json.WriteStartObject("google"u8);
        json.WriteString("thought_signature"u8, signature);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>The signature that a Chat client brought back with a call; null where it brought none.</summary>
    public static string? FromChat(RawJson extra)
    {
        if (extra.IsEmpty)
        {
            return null;
        }

        using var document = JsonDocument.Parse(extra.Utf8, GeminiJson.Deep);
        return GeminiJson.TryGet(document.RootElement, "extraContent", out var content) && GeminiJson.TryGet(content, "google", out var google)
            ? GeminiJson.Text(google, "thoughtSignature")
            : null;
    }
}
