using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Signed thinking of another vendor's model inside a Gemini client's <c>thoughtSignature</c>. Gemini CLI forgets thoughts and keeps only the
/// signatures of the parts that it was shown, so text and proof travel together, on the part behind the thinking.
/// </summary>
internal static class CarriedThinking
{
    /// <summary>The client's <c>thoughtSignature</c> for <paramref name="thinking"/>, which one vendor signed; null where nothing of it must come back.</summary>
    public static string? Wrap(IReadOnlyList<ThinkingPart> thinking)
    {
        var signed = thinking.Where(IsSealed).ToList();
        if (signed.Count == 0)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, GeminiJson.Relaxed))
        {
            json.WriteStartArray();
            foreach (var part in signed)
            {
                json.WriteStartObject();
                Write(json, "t"u8, part.Text);
                Write(json, "s"u8, part.Signature);
                Write(json, "r"u8, part.RedactedData);
                Write(json, "i"u8, part.Id);
                if (!part.Details.IsEmpty)
                {
                    json.WritePropertyName("d"u8);
                    part.Details.WriteTo(json);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return SignatureCarrier.Wrap(Encoding.UTF8.GetString(buffer.WrittenSpan), signed[0].SignedBy, WireProtocol.Gemini);
    }

    /// <summary>What a client brought back; empty where the signature is Gemini's own.</summary>
    public static IReadOnlyList<ThinkingPart> Unwrap(string carried)
    {
        var (text, signedBy) = SignatureCarrier.Unwrap(carried, WireProtocol.Gemini);
        if (signedBy == WireProtocol.Gemini)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(text, GeminiJson.Deep);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object).Select(e => Read(e, signedBy))]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A client changed it: the proof is lost, the conversation is not.
            return [];
        }
    }

    /// <summary>The part has something that its vendor wants back.</summary>
    public static bool IsSealed(ThinkingPart part) => part.Signature is { Length: > 0 } || part.RedactedData is not null || !part.Details.IsEmpty;

    private static ThinkingPart Read(JsonElement entry, WireProtocol signedBy) => new(GeminiJson.Text(entry, "t") ?? "")
    {
        Signature = GeminiJson.Text(entry, "s"),
        RedactedData = GeminiJson.Text(entry, "r"),
        Id = GeminiJson.Text(entry, "i"),
        Details = GeminiJson.TryGet(entry, "d", out var details) ? GeminiJson.Raw(details) : default(RawJson),
        SignedBy = signedBy,
    };

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }
}
