using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Takes signatures out of a generateContent body that passes natively: Gemini refuses what another vendor signed, and with it the whole
/// conversation. A call keeps the placeholder that Google documents for histories of other models; everything else stays byte for byte.
/// </summary>
public static class GeminiSignatureCuts
{
    private static readonly byte[] Nothing = "null"u8.ToArray();
    private static readonly byte[] ForeignCall = "\"skip_thought_signature_validator\""u8.ToArray();
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    /// <summary>The cuts, in order; none where there is nothing to take out.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="model">The upstream's model name: Gemini 3 demands a signature on calls, older models know no placeholder.</param>
    /// <param name="all">Gemini's own signatures too: the provider refused one.</param>
    public static IReadOnlyList<BodyEdit> Of(ReadOnlySpan<byte> body, string model, bool all)
    {
        var cuts = new List<BodyEdit>();
        try
        {
            var reader = new Utf8JsonReader(body, Deep);
            var forCalls = GeminiVersions.IsAtLeast(model, 3m) ? ForeignCall : Nothing;

            // A part is the object that holds the member; whether it is a call may be said before or behind it.
            var parts = new Stack<(bool IsCall, BodySpan Signature)>();
            var isSignature = false;
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        parts.Push(default);
                        break;
                    case JsonTokenType.EndObject:
                        var (isCall, span) = parts.Pop();
                        if (span.Exists)
                        {
                            cuts.Add(new BodyEdit(span, isCall ? forCalls : Nothing));
                        }

                        break;
                    case JsonTokenType.PropertyName:
                        isSignature = reader.ValueTextEquals("thoughtSignature"u8) || reader.ValueTextEquals("thought_signature"u8);
                        if (reader.ValueTextEquals("functionCall"u8) || reader.ValueTextEquals("function_call"u8))
                        {
                            var part = parts.Pop();
                            parts.Push((true, part.Signature));
                        }

                        continue;
                    case JsonTokenType.String when isSignature && parts.Count > 0 && (all || SignatureCarrier.IsCarriedInBase64(reader.ValueSpan)):
                        var holder = parts.Pop();
                        parts.Push((holder.IsCall, new BodySpan((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex))));
                        break;
                }

                isSignature = false;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken inside: the upstream says so in its own words.
            return [];
        }

        cuts.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start));
        return cuts;
    }
}
