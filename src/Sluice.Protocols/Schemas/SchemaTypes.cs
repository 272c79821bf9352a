using System.Text.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>The types of a schema, in the words of Gemini's enumeration; guessed from its other keywords where it names none.</summary>
internal static class SchemaTypes
{
    /// <summary>Types in the schema's order, <c>null</c> told apart; empty where the schema says nothing of them.</summary>
    public static List<string> Of(JsonElement schema, WeakenedKeywords weakened, out bool nullable)
    {
        nullable = schema.TryGetProperty("nullable"u8, out var flag) && flag.ValueKind == JsonValueKind.True;
        var words = new List<string>();
        if (schema.TryGetProperty("type"u8, out var type))
        {
            words.AddRange(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.String).Select(t => t.GetString()!)
                : type.ValueKind == JsonValueKind.String ? [type.GetString()!] : []);
        }
        else if (Guess(schema) is { } guessed)
        {
            words.Add(guessed);
        }

        var types = new List<string>();
        foreach (var word in words)
        {
            if (Known(word) is not { } known)
            {
                weakened.Add("type");
            }
            else if (known == "NULL" && words.Count > 1)
            {
                nullable = true;
            }
            else if (!types.Contains(known, StringComparer.Ordinal))
            {
                types.Add(known);
            }
        }

        if (types.Contains("INTEGER", StringComparer.Ordinal) && types.Contains("NUMBER", StringComparer.Ordinal))
        {
            types.Remove("INTEGER");
        }

        if (types.Count > 0 && types[0] != "NULL" && HasNull(schema))
        {
            nullable = true;
        }

        return types;
    }

    private static bool HasNull(JsonElement schema) =>
        schema.TryGetProperty("enum"u8, out var values) && values.ValueKind == JsonValueKind.Array && values.EnumerateArray().Any(v => v.ValueKind == JsonValueKind.Null)
        && !schema.TryGetProperty("type"u8, out _);

    private static string? Known(string word) => word.ToUpperInvariant() switch
    {
        "STRING" => "STRING",
        "NUMBER" => "NUMBER",
        "INTEGER" => "INTEGER",
        "BOOLEAN" => "BOOLEAN",
        "ARRAY" => "ARRAY",
        "OBJECT" => "OBJECT",
        "NULL" => "NULL",
        _ => null,
    };

    private static string? Guess(JsonElement schema)
    {
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "properties" or "required" or "additionalProperties" or "patternProperties" or "propertyNames" or "minProperties" or "maxProperties":
                    return "object";
                case "items" or "prefixItems" or "minItems" or "maxItems" or "uniqueItems" or "contains":
                    return "array";
                case "pattern" or "minLength" or "maxLength":
                    return "string";
                case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf":
                    return "number";
                case "const":
                    return OfValue(member.Value);
                case "enum" when member.Value.ValueKind == JsonValueKind.Array:
                    var kinds = member.Value.EnumerateArray().Where(v => v.ValueKind != JsonValueKind.Null).Select(OfValue).Distinct().ToList();
                    return kinds.Count == 1 ? kinds[0] : null;
            }
        }

        return null;
    }

    private static string? OfValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => null,
    };
}
