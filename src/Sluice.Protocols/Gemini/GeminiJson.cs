using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Reads JSON as Google's servers do: a member may be spelled in camel case or in snake case (<c>systemInstruction</c>,
/// <c>system_instruction</c>), and a whole number may be a string.
/// </summary>
internal static class GeminiJson
{
    /// <summary>Text is escaped only where JSON demands it.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>As deep as any body that the scanner lets through.</summary>
    public static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    // The other spelling of names that were looked for. Callers name members by constants, so there are as many as this folder has.
    private static readonly ConcurrentDictionary<string, string?> SnakeNames = new(StringComparer.Ordinal);

    /// <summary>The camel-case spelling of a member's name.</summary>
    public static string Camel(string name)
    {
        if (!name.Contains('_', StringComparison.Ordinal))
        {
            return name;
        }

        var camel = new StringBuilder(name.Length);
        var raise = false;
        foreach (var c in name)
        {
            if (c == '_' && camel.Length > 0)
            {
                raise = true;
                continue;
            }

            camel.Append(raise ? char.ToUpperInvariant(c) : c);
            raise = false;
        }

        return camel.ToString();
    }

    /// <summary>Finds a member under either spelling; false for null and for holders that are no objects.</summary>
    /// <param name="holder">Any value.</param>
    /// <param name="name">In camel case.</param>
    /// <param name="value">The member's value.</param>
    public static bool TryGet(JsonElement holder, string name, out JsonElement value)
    {
        value = default;
        return holder.ValueKind == JsonValueKind.Object
            && (holder.TryGetProperty(name, out value) || (Snake(name) is { } snake && holder.TryGetProperty(snake, out value)))
            && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A string member; null where it is missing or no string.</summary>
    public static string? Text(JsonElement holder, string name) =>
        TryGet(holder, name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;

    /// <summary>A boolean member that is true.</summary>
    public static bool IsTrue(JsonElement holder, string name) => TryGet(holder, name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>A whole number, also as a string or with a fraction of zero; null for anything else.</summary>
    public static long? Integer(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number when value.TryGetDouble(out var number) && Math.Floor(number) == number && Math.Abs(number) < 1e15 => (long)number,
        JsonValueKind.String when long.TryParse(LenientText.Read(value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) => parsed,
        _ => null,
    };

    /// <summary>The same of the value that <paramref name="reader"/> stands on.</summary>
    public static long? Integer(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt64(out var whole) => whole,
        JsonTokenType.Number when reader.TryGetDouble(out var number) && Math.Floor(number) == number && Math.Abs(number) < 1e15 => (long)number,
        JsonTokenType.String when long.TryParse(LenientText.Read(ref reader), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) => parsed,
        _ => null,
    };

    /// <summary>The value as it stands.</summary>
    public static RawJson Raw(JsonElement value) => RawJson.Copy(JsonMarshal.GetRawUtf8Value(value));

    /// <summary>Writes a value as it stands, or without its line breaks where it has some: an event's data is one line.</summary>
    public static void WriteInOneLine(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        if (value.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            json.WriteRawValue(value, skipInputValidation: true);
            return;
        }

        // Line breaks stand between tokens only: inside strings JSON escapes them.
        using var line = new MemoryStream(value.Length);
        var inString = false;
        var escaped = false;
        foreach (var b in value)
        {
            if (!inString && b is (byte)'\n' or (byte)'\r')
            {
                continue;
            }

            line.WriteByte(b);
            inString ^= b == (byte)'"' && !escaped;
            escaped = inString && b == (byte)'\\' && !escaped;
        }

        json.WriteRawValue(line.GetBuffer().AsSpan(0, (int)line.Length), skipInputValidation: true);
    }

    /// <summary>Writes the value as it stands.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement value) => json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);

    private static string? Snake(string name) => SnakeNames.GetOrAdd(name, static camel =>
    {
        StringBuilder? snake = null;
        for (var i = 0; i < camel.Length; i++)
        {
            if (char.IsAsciiLetterUpper(camel[i]))
            {
                (snake ??= new StringBuilder(camel, 0, i, camel.Length + 4)).Append('_').Append(char.ToLowerInvariant(camel[i]));
            }
            else
            {
                snake?.Append(camel[i]);
            }
        }

        return snake?.ToString();
    });
}
