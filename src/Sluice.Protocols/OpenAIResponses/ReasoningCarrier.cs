using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// What <c>encrypted_content</c> of a reasoning item carries for other vendors. Clients bring reasoning items back untouched, so all that a vendor
/// must see again travels there: the signature of thinking, thinking that is sealed as a whole, and OpenRouter's details. A word before the first colon tells them apart; signatures are base64 and have none.
/// </summary>
internal static class ReasoningCarrier
{
    // Clients keep the word in their histories: it stays as it is.
    private const string Redacted = "redacted:";

    /// <summary>The value for a thinking part; null when there is nothing to bring back.</summary>
    public static string? Of(ThinkingPart thinking)
    {
        var (kind, text) = thinking switch
        {
            { RedactedData: { } data } => (Redacted, data),
            { Details.IsEmpty: false } => ("", CarriedDetails.Text(thinking.Details)),
            { Signature: { Length: > 0 } signature } => ("", signature),
            _ => ("", ""),
        };
        return text.Length == 0 ? null : SignatureCarrier.Wrap(kind + text, thinking.SignedBy, WireProtocol.OpenAIResponses);
    }

    /// <summary>Opens a value that a client brought back.</summary>
    /// <param name="carried">The item's <c>encrypted_content</c>.</param>
    /// <param name="thinking">The item's text and id.</param>
    /// <returns>The part with its proof.</returns>
    public static ThinkingPart Open(string carried, ThinkingPart thinking)
    {
        var (text, by) = SignatureCarrier.Unwrap(carried, WireProtocol.OpenAIResponses);
        if (by == WireProtocol.OpenAIResponses)
        {
            return thinking with { Signature = text, SignedBy = by };
        }

        // An id beside a wrapped value is one that Sluice made.
        thinking = thinking with { Id = null, SignedBy = by };
        return text switch
        {
            _ when text.StartsWith(Redacted, StringComparison.Ordinal) => thinking with { RedactedData = text[Redacted.Length..] },
            _ when CarriedDetails.Is(text) => thinking with { Details = CarriedDetails.Open(text) },
            _ => thinking with { Signature = text },
        };
    }
}
