using System.Text.Json;
using Sluice.Simulator.Wires;

namespace Sluice.Simulator.Answers;

/// <summary>Writes a value that fits a JSON Schema: the smallest one, with strings that mean something where a name gives a hint.</summary>
internal sealed class SchemaSample(JsonElement root, Func<string, string> textFor)
{
    /// <summary>Schemas may refer to themselves; nothing sensible is deeper.</summary>
    private const int MaxDepth = 16;

    /// <param name="schema">The schema, read as JSON Schema 2020-12; what is not understood allows anything.</param>
    /// <param name="textFor">Gives the text of a string property by its name.</param>
    public static string Json(JsonElement schema, Func<string, string> textFor) =>
        System.Text.Encoding.UTF8.GetString(Wires.Json.Bytes(writer => new SchemaSample(schema, textFor).Write(writer, schema, "", 0)));

    private void Write(Utf8JsonWriter writer, JsonElement schema, string name, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
        {
            // "true", a missing schema: anything fits. At the top it has to be an object all the same.
            if (depth == 0)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else
            {
                writer.WriteNullValue();
            }

            return;
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            constant.WriteTo(writer);
        }
        else if (schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0)
        {
            values[0].WriteTo(writer);
        }
        else if (Resolve(schema.Text("$ref")) is { } target)
        {
            Write(writer, target, name, depth + 1);
        }
        else if (FirstOf(schema) is { } choice && !schema.TryGetProperty("type", out _))
        {
            Write(writer, choice, name, depth + 1);
        }
        else
        {
            WriteType(writer, schema, TypeOf(schema), name, depth);
        }
    }

    private void WriteType(Utf8JsonWriter writer, JsonElement schema, string type, string name, int depth)
    {
        switch (type)
        {
            case "object":
                WriteObject(writer, schema, depth);
                break;
            case "array":
                writer.WriteStartArray();
                var count = Math.Min(8, Math.Max(schema.Integer("minItems") ?? 1, 1));
                for (var i = 0; i < count && schema.TryGetProperty("items", out var items); i++)
                {
                    Write(writer, items, name, depth + 1);
                }

                writer.WriteEndArray();
                break;
            case "integer":
            case "number":
                writer.WriteNumberValue(Least(schema));
                break;
            case "boolean":
                writer.WriteBooleanValue(true);
                break;
            case "null":
                writer.WriteNullValue();
                break;
            default:
                writer.WriteStringValue(Text(schema, name));
                break;
        }
    }

    private void WriteObject(Utf8JsonWriter writer, JsonElement schema, int depth)
    {
        writer.WriteStartObject();
        if (schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            var required = schema.TryGetProperty("required", out var names) && names.ValueKind == JsonValueKind.Array
                ? names.EnumerateArray().Select(static n => n.GetString()).ToHashSet(StringComparer.Ordinal)
                : null;
            foreach (var property in properties.EnumerateObject())
            {
                if (required is null || required.Contains(property.Name))
                {
                    writer.WritePropertyName(property.Name);
                    Write(writer, property.Value, property.Name, depth + 1);
                }
            }
        }

        writer.WriteEndObject();
    }

    private string Text(JsonElement schema, string name)
    {
        var text = schema.TryGetProperty("format", out var format)
            ? (format.ValueKind == JsonValueKind.String ? format.GetString() : null) switch
            {
                "date-time" => "2026-01-01T00:00:00Z",
                "date" => "2026-01-01",
                "time" => "00:00:00Z",
                "email" => "user@example.invalid",
                "uri" or "url" => "https://example.invalid/",
                "uuid" => "00000000-0000-4000-8000-000000000000",
                _ => textFor(name),
            }
            : textFor(name);
        if (schema.Integer("minLength") is { } least && text.Length < least)
        {
            text = text.PadRight(Math.Min(least, 4096), '.');
        }

        return schema.Integer("maxLength") is >= 0 and var most && text.Length > most ? text[..most] : text;
    }

    private static long Least(JsonElement schema)
    {
        if (Number(schema, "minimum") is { } least)
        {
            return (long)Math.Ceiling(least);
        }

        if (Number(schema, "exclusiveMinimum") is { } below)
        {
            return (long)Math.Floor(below) + 1;
        }

        return Number(schema, "maximum") is < 1 and var most ? (long)Math.Floor(most) : 1;
    }

    /// <summary>Within what a double holds as a whole number; null for what is no number (old drafts have a boolean exclusiveMinimum).</summary>
    private static double? Number(JsonElement schema, string name) =>
        schema.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) ? Math.Clamp(value, -9e15, 9e15) : null;

    private static string TypeOf(JsonElement schema)
    {
        if (schema.TryGetProperty("type", out var type))
        {
            if (type.ValueKind == JsonValueKind.Array)
            {
                var named = type.EnumerateArray().Select(static t => t.GetString()).FirstOrDefault(static t => t != "null");
                return named ?? "null";
            }

            return type.ValueKind == JsonValueKind.String ? type.GetString()!.ToLowerInvariant() : "string";
        }

        return schema.TryGetProperty("properties", out _) ? "object" : schema.TryGetProperty("items", out _) ? "array" : "string";
    }

    private static JsonElement? FirstOf(JsonElement schema)
    {
        foreach (var keyword in (ReadOnlySpan<string>)["anyOf", "oneOf", "allOf"])
        {
            if (schema.TryGetProperty(keyword, out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0)
            {
                return choices[0];
            }
        }

        return null;
    }

    private JsonElement? Resolve(string? reference)
    {
        if (reference is null || !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        var found = root;
        foreach (var part in reference[2..].Split('/'))
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal), out found))
            {
                return null;
            }
        }

        return found;
    }
}
