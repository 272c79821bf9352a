using System.Text.Json;

namespace Sluice.Protocols.Native;

/// <summary>Small JSON values that stand in a larger body, read without parsing the rest. Bad input is null, never an exception.</summary>
internal static class JsonText
{
    /// <summary>The text of a JSON string, its quotes included in <paramref name="value"/>; null when it is no valid string.</summary>
    public static string? Unescape(ReadOnlySpan<byte> value)
    {
        try
        {
            var reader = new Utf8JsonReader(value);
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair.
            return null;
        }
    }

    /// <summary>Unescapes a JSON string into <paramref name="buffer"/>; -1 when it does not fit or is no valid string.</summary>
    public static int Unescape(ReadOnlySpan<byte> value, Span<byte> buffer)
    {
        if (value.Length - 2 > buffer.Length)
        {
            return -1;
        }

        try
        {
            var reader = new Utf8JsonReader(value);
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.CopyString(buffer) : -1;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return -1;
        }
    }

    /// <summary>The text of a string member of a JSON object; null when it is not there, no string, or the object is broken.</summary>
    public static string? StringMember(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(name);
                reader.Read();
                if (found)
                {
                    return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }

                reader.Skip();
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Where the object stands whose first token the reader stands on; passes it. Null when it is no object.</summary>
    public static Range? SpanOfObject(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        var isObject = reader.TokenType == JsonTokenType.StartObject;
        reader.Skip();
        return isObject ? start..(int)reader.BytesConsumed : null;
    }
}
