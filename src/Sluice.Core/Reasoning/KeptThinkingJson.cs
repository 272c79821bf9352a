using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Core.Reasoning;

/// <summary>Kept thinking as bytes: <c>[{"t":text,"s":signature,"by":signer,"r":redacted,"i":id,"d":details,"x":before text}]</c>.</summary>
internal static class KeptThinkingJson
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>The bytes of <paramref name="thinking"/>.</summary>
    public static byte[] Write(IReadOnlyList<KeptThinking> thinking)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartArray();
            foreach (var (part, beforeText) in thinking)
            {
                json.WriteStartObject();
                json.WriteString("t"u8, part.Text);
                WriteText(json, "s"u8, part.Signature);
                json.WriteString("by"u8, WireFormats.NameOf(part.SignedBy));
                WriteText(json, "r"u8, part.RedactedData);
                WriteText(json, "i"u8, part.Id);
                if (!part.Details.IsEmpty)
                {
                    json.WritePropertyName("d"u8);
                    part.Details.WriteTo(json);
                }

                if (beforeText)
                {
                    json.WriteBoolean("x"u8, true);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What the bytes say; empty when a damaged store returned others.</summary>
    public static IReadOnlyList<KeptThinking> Read(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Deep);
            return [.. document.RootElement.EnumerateArray().Select(Read)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    private static KeptThinking Read(JsonElement entry)
    {
        return new KeptThinking(
            new ThinkingPart(entry.GetProperty("t"u8).GetString()!)
            {
                Signature = Text(entry, "s"u8),
                SignedBy = WireFormats.Named(entry.GetProperty("by"u8).GetString()!) ?? throw new JsonException("Nobody known."),
                RedactedData = Text(entry, "r"u8),
                Id = Text(entry, "i"u8),
                Details = entry.TryGetProperty("d"u8, out var details) ? RawJson.FromText(details.GetRawText()) : default,
            },
            entry.TryGetProperty("x"u8, out _));
    }

    private static string? Text(JsonElement entry, ReadOnlySpan<byte> name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
