using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sluice.Storage.Postgres;

/// <summary>One row as nodes tell it: a JSON array on one line.</summary>
internal static class NewsLine
{
    public static string Write(Action<Utf8JsonWriter> values)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartArray();
        values(json);
        json.WriteEndArray();
        json.Flush();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <returns>Null where it is none: whoever may connect to the database may say anything.</returns>
    public static T? Read<T>(string line, int length, Func<JsonElement, T?> read)
        where T : class
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() == length ? read(array) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    public static UInt128 Hash(JsonElement value) => UInt128.Parse(value.GetString()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
