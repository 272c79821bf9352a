using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// What <c>encrypted_content</c> of a reasoning item carries for other vendors. Clients bring reasoning items back untouched, so all that a vendor
/// must see again travels there: the signature of thinking, thinking that is sealed as a whole, OpenRouter's details, and the signature that
/// Gemini puts on the call or the text before it. A word before the first colon tells them apart; signatures are base64 and have none.
/// </summary>
internal static class ReasoningCarrier
{
    // Clients keep these words in their histories: they stay as they are.
    private const string Redacted = "redacted:";
    private const string Details = "details:";
    private const string LastPart = "last:";

    /// <summary>The value for a thinking part; null when there is nothing to bring back.</summary>
    public static string? Of(ThinkingPart thinking)
    {
        var (kind, text) = thinking switch
        {
            { RedactedData: { } data } => (Redacted, data),
            { Details.IsEmpty: false } => (Details, thinking.Details.ToString()),
            { Signature: { Length: > 0 } signature } => ("", signature),
            _ => ("", ""),
        };
        return text.Length == 0 ? null : SignatureCarrier.Wrap(kind + text, thinking.SignedBy, WireProtocol.OpenAIResponses);
    }

    /// <summary>The value of a reasoning item that stands behind a signed call or text. Behind, since a stream learns of the signature last.</summary>
    public static string ForLastPart(string signature, WireProtocol signedBy) =>
        SignatureCarrier.Wrap(LastPart + signature, signedBy, WireProtocol.OpenAIResponses);

    /// <summary>Opens a value that a client brought back.</summary>
    /// <param name="carried">The item's <c>encrypted_content</c>.</param>
    /// <param name="thinking">The item's text and id.</param>
    /// <returns>The part, or the signature of the part before the item.</returns>
    public static (ThinkingPart? Part, (string Signature, WireProtocol SignedBy)? Last) Open(string carried, ThinkingPart thinking)
    {
        var (text, by) = SignatureCarrier.Unwrap(carried, WireProtocol.OpenAIResponses);
        if (by == WireProtocol.OpenAIResponses)
        {
            return (thinking with { Signature = text, SignedBy = by }, null);
        }

        // An id beside a wrapped value is one that Sluice made.
        thinking = thinking with { Id = null, SignedBy = by };
        return text switch
        {
            _ when text.StartsWith(Redacted, StringComparison.Ordinal) => (thinking with { RedactedData = text[Redacted.Length..] }, null),
            _ when text.StartsWith(Details, StringComparison.Ordinal) => (IsArray(text[Details.Length..]) ? thinking with { Details = RawJson.FromText(text[Details.Length..]) } : thinking, null),
            _ when text.StartsWith(LastPart, StringComparison.Ordinal) => (null, (text[LastPart.Length..], by)),
            _ => (thinking with { Signature = text }, null),
        };
    }

    // A client may have cut it.
    private static bool IsArray(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, ResponsesJson.Deep);
            return document.RootElement.ValueKind == JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
