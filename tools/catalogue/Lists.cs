using System.Globalization;
using System.Text.Json;

namespace Sluice.Catalogue;

/// <summary>Reading of the lists' JSON.</summary>
internal static class Lists
{
    public static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement element, string name) => element.Get(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static long? Whole(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var value) && value > 0 ? (long)value : null;

    public static bool? Flag(this JsonElement element, string name) => element.Get(name)?.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    public static IReadOnlyList<string> Texts(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)] : [];

    /// <summary>A price; lists write it as a number or as text. Negative ("depends") is none.</summary>
    public static decimal? Price(this JsonElement element, string name, decimal scale)
    {
        var value = element.Get(name) switch
        {
            { ValueKind: JsonValueKind.Number } number => number.GetDecimal(),
            { ValueKind: JsonValueKind.String } text when decimal.TryParse(text.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) => parsed,
            _ => -1m,
        };
        // Lists keep binary floats; the tenth digit behind the point of USD per million is noise. The division drops trailing zeros.
        return value < 0 ? null : Math.Round(value * scale, 9) / 1.000000000000000000000000000000m;
    }
}
