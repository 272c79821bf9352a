using System.Text.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Takes reasoning out of a Responses body by cutting its bytes: what Sluice carried there for another vendor is no proof of OpenAI's, which
/// refuses it and with it the whole conversation. Everything else stays byte for byte.
/// </summary>
public static class ReasoningCuts
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    /// <summary>The cuts, in order; none where there is nothing to take out.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="all">OpenAI's own reasoning too: the provider refused some.</param>
    public static IReadOnlyList<BodyEdit> Of(ReadOnlySpan<byte> body, bool all)
    {
        var items = new List<(BodySpan Span, bool Goes)>();
        try
        {
            var reader = new Utf8JsonReader(body, Deep);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isInput = reader.ValueTextEquals("input"u8);
                reader.Read();
                if (isInput && reader.TokenType == JsonTokenType.StartArray)
                {
                    Items(ref reader, all, items);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken inside: the upstream says so in its own words.
            return [];
        }

        var cuts = new List<BodyEdit>();
        for (var first = 0; first < items.Count; first++)
        {
            if (!items[first].Goes)
            {
                continue;
            }

            var last = first;
            while (last + 1 < items.Count && items[last + 1].Goes)
            {
                last++;
            }

            // A run takes the comma behind it; at the end of the array, the one before it.
            var start = last + 1 == items.Count && first > 0 ? items[first - 1].Span.End : items[first].Span.Start;
            var end = last + 1 < items.Count ? items[last + 1].Span.Start : items[last].Span.End;
            cuts.Add(new BodyEdit(new BodySpan(start, end - start), []));
            first = last;
        }

        return cuts;
    }

    private static void Items(ref Utf8JsonReader reader, bool all, List<(BodySpan Span, bool Goes)> items)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var (isReasoning, isForeign) = (false, false);
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isType = reader.ValueTextEquals("type"u8);
                    var isProof = reader.ValueTextEquals("encrypted_content"u8);
                    reader.Read();
                    isReasoning |= isType && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("reasoning"u8);
                    isForeign |= isProof && reader.TokenType == JsonTokenType.String && reader.ValueSpan.StartsWith("sluice1."u8);
                    reader.Skip();
                }
            }
            else
            {
                reader.Skip();
            }

            items.Add((new BodySpan(start, (int)reader.BytesConsumed - start), isReasoning && (all || isForeign)));
        }
    }
}
