using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Formats;

/// <summary>
/// OpenRouter's <c>reasoning_details</c> inside another format's one field for a proof, as the array that it is behind a word that tells it from a
/// signature; those are base64 and have no colon.
/// </summary>
internal static class CarriedDetails
{
    // Clients keep it in their histories: it stays as it is.
    private const string Word = "details:";

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>What is carried in place of a signature.</summary>
    public static string Text(RawJson details) => Word + details;

    /// <summary>The same, wrapped for a client.</summary>
    public static string Wrap(RawJson details, WireProtocol client) => SignatureCarrier.Wrap(Text(details), WireProtocol.OpenAIChat, client);

    /// <summary>The text is carried details, if perhaps damaged ones.</summary>
    public static bool Is(string carried) => carried.StartsWith(Word, StringComparison.Ordinal);

    /// <summary>Takes the details out; empty where a client cut them, or where it is something else.</summary>
    public static RawJson Open(string carried) => Is(carried) && IsArray(carried[Word.Length..]) ? RawJson.FromText(carried[Word.Length..]) : default;

    /// <summary>Some entry has what its vendor can check, so that it must come back. Without one the text beside it says the same.</summary>
    public static bool HasProof(RawJson details)
    {
        if (details.IsEmpty)
        {
            return false;
        }

        using var document = JsonDocument.Parse(details.Utf8, Deep);
        return document.RootElement.ValueKind == JsonValueKind.Array && document.RootElement.EnumerateArray().Any(e => IsText(e, "signature") || IsText(e, "data"));
    }

    /// <summary>The arrays of a stream's pieces as one; empty without any.</summary>
    public static RawJson Joined(List<RawJson> pieces)
    {
        if (pieces.Count == 0)
        {
            return default;
        }

        var joined = new ArrayBufferWriter<byte>();
        joined.Write("["u8);
        foreach (var piece in pieces)
        {
            var inner = piece.Utf8.Span.Trim(" \t\r\n"u8);
            if (inner.Length > 2)
            {
                joined.Write(joined.WrittenCount > 1 ? ","u8 : ""u8);
                joined.Write(inner[1..^1]);
            }
        }

        joined.Write("]"u8);
        return new RawJson(joined.WrittenMemory);
    }

    private static bool IsText(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;

    private static bool IsArray(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Deep);
            return document.RootElement.ValueKind == JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
