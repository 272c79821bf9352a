using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Small pieces of Responses JSON that requests, answers and streams share.</summary>
internal static class ResponsesJson
{
    /// <summary>Compact, and without escaping what JSON does not require: the bytes are for machines, and shorter.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>As deep as the scanner of request bodies lets through.</summary>
    public static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>A string member; null where it is missing or no string.</summary>
    public static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;

    /// <summary>An integer member; -1 where it is missing or none.</summary>
    public static long Index(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var index) ? index : -1;

    /// <summary>An object member; false where it is missing or another type.</summary>
    public static bool Object(JsonElement holder, string name, out JsonElement value) =>
        holder.TryGetProperty(name, out value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>The elements of an array member; none where it is missing or another type.</summary>
    public static JsonElement.ArrayEnumerator Elements(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default;

    /// <summary>The value's own bytes.</summary>
    public static RawJson Raw(JsonElement value) => RawJson.Copy(JsonMarshal.GetRawUtf8Value(value));

    /// <summary>The text is one JSON object.</summary>
    public static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Deep);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Sixteen hexadecimal letters that stand for an answer in the ids of its items: the same for the same answer, and short, since OpenAI refuses
    /// ids of more than 64 characters when they come back.
    /// </summary>
    public static string Mark(string id)
    {
        // FNV-1a, 64 bits.
        var hash = 14695981039346656037UL;
        foreach (var c in id)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>An answer's id in this format's spelling.</summary>
    public static string ResponseId(string? upstream, string fallback)
    {
        var id = string.IsNullOrEmpty(upstream) ? fallback : upstream;
        return id.StartsWith("resp_", StringComparison.Ordinal) ? id : "resp_" + id;
    }
}
