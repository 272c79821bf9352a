using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>
/// Makes JSON Schema of Google's OpenAPI subset: <c>"type":"STRING","nullable":true</c> becomes <c>"type":["string","null"]</c>. Members that
/// JSON Schema does not know go along, since it passes over them, except those that only order or show.
/// </summary>
internal static class OpenApiSchema
{
    /// <summary>The schema in JSON Schema's words.</summary>
    public static RawJson ToJsonSchema(JsonElement schema)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, GeminiJson.Relaxed))
        {
            Write(json, schema);
        }

        return RawJson.Copy(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            GeminiJson.Write(json, schema);
            return;
        }

        var nullable = GeminiJson.IsTrue(schema, "nullable");
        json.WriteStartObject();
        foreach (var member in schema.EnumerateObject())
        {
            WriteMember(json, GeminiJson.Camel(member.Name), member.Value, nullable);
        }

        json.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter json, string name, JsonElement value, bool nullable)
    {
        switch (name)
        {
            case "nullable" or "propertyOrdering" or "example":
                return;
            case "type" when value.ValueKind == JsonValueKind.String:
                WriteType(json, LenientText.Read(value).ToLowerInvariant(), nullable);
                return;
            case "properties" or "$defs" or "definitions" when value.ValueKind == JsonValueKind.Object:
                json.WriteStartObject(name);
                foreach (var property in value.EnumerateObject())
                {
                    json.WritePropertyName(property.Name);
                    Write(json, property.Value);
                }

                json.WriteEndObject();
                return;
            case "items" or "additionalProperties" or "not":
                json.WritePropertyName(name);
                Write(json, value);
                return;
            case "anyOf" or "oneOf" or "allOf" when value.ValueKind == JsonValueKind.Array:
                json.WriteStartArray(name);
                foreach (var item in value.EnumerateArray())
                {
                    Write(json, item);
                }

                if (nullable && name != "allOf")
                {
                    json.WriteStartObject();
                    json.WriteString("type"u8, "null"u8);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                return;
            case "minItems" or "maxItems" or "minLength" or "maxLength" or "minProperties" or "maxProperties"
                when value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count):
                // Proto JSON writes 64-bit numbers as strings.
                json.WriteNumber(name, count);
                return;
            case "enum" when nullable && value.ValueKind == JsonValueKind.Array:
                json.WriteStartArray("enum"u8);
                foreach (var item in value.EnumerateArray())
                {
                    GeminiJson.Write(json, item);
                }

                json.WriteNullValue();
                json.WriteEndArray();
                return;
            default:
                json.WritePropertyName(name);
                GeminiJson.Write(json, value);
                return;
        }
    }

    private static void WriteType(Utf8JsonWriter json, string type, bool nullable)
    {
        if (type is "type_unspecified" or "")
        {
            return;
        }

        if (!nullable || type == "null")
        {
            json.WriteString("type"u8, type);
            return;
        }

        json.WriteStartArray("type"u8);
        json.WriteStringValue(type);
        json.WriteStringValue("null"u8);
        json.WriteEndArray();
    }
}
