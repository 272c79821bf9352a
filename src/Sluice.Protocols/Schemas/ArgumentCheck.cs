using System.Text.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>
/// Whether arguments have the shape that a tool's schema gives: types, required members, members that are not allowed, fixed values, in every
/// depth. Keywords beside these (patterns, ranges, references, conditions) forbid nothing here: it is a measure of models, and whoever
/// runs the tool checks the rest.
/// </summary>
public static class ArgumentCheck
{
    private const int Deepest = 64;

    /// <summary>True unless the arguments are surely wrong.</summary>
    public static bool Allows(JsonElement schema, JsonElement value) => Allows(schema, value, depth: 0);

    private static bool Allows(JsonElement schema, JsonElement value, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > Deepest || schema.TryGetProperty("$ref"u8, out _))
        {
            return schema.ValueKind != JsonValueKind.False;
        }

        if (value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable"u8, out var nullable) && nullable.ValueKind == JsonValueKind.True)
        {
            return true;
        }

        return IsOfType(schema, value) && IsAllowedValue(schema, value) && AllowsAny(schema, value, depth) && value.ValueKind switch
        {
            JsonValueKind.Object => AllowsMembers(schema, value, depth),
            JsonValueKind.Array => AllowsItems(schema, value, depth),
            _ => true,
        };
    }

    private static bool IsOfType(JsonElement schema, JsonElement value)
    {
        if (!schema.TryGetProperty("type"u8, out var type))
        {
            return true;
        }

        if (type.ValueKind != JsonValueKind.Array)
        {
            return Is(type, value);
        }

        foreach (var one in type.EnumerateArray())
        {
            if (Is(one, value))
            {
                return true;
            }
        }

        return false;
    }

    // Google writes its types in capitals.
    private static bool Is(JsonElement type, JsonElement value) => type.ValueKind != JsonValueKind.String || type.GetString()!.ToLowerInvariant() switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && (!value.TryGetDouble(out var number) || Math.Floor(number) == number),
        _ => true,
    };

    private static bool IsAllowedValue(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("const"u8, out var only) && !JsonElement.DeepEquals(only, value))
        {
            return false;
        }

        if (!schema.TryGetProperty("enum"u8, out var allowed) || allowed.ValueKind != JsonValueKind.Array)
        {
            return true;
        }

        foreach (var one in allowed.EnumerateArray())
        {
            if (JsonElement.DeepEquals(one, value))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AllowsAny(JsonElement schema, JsonElement value, int depth)
    {
        if (!schema.TryGetProperty("anyOf"u8, out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
        {
            return true;
        }

        foreach (var choice in choices.EnumerateArray())
        {
            if (Allows(choice, value, depth + 1))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AllowsMembers(JsonElement schema, JsonElement value, int depth)
    {
        if (schema.TryGetProperty("required"u8, out var required) && required.ValueKind == JsonValueKind.Array)
        {
            foreach (var name in required.EnumerateArray())
            {
                if (name.ValueKind == JsonValueKind.String && !value.TryGetProperty(name.GetString()!, out _))
                {
                    return false;
                }
            }
        }

        var hasMembers = schema.TryGetProperty("properties"u8, out var members) && members.ValueKind == JsonValueKind.Object;
        var isClosed = schema.TryGetProperty("additionalProperties"u8, out var others) && others.ValueKind == JsonValueKind.False && !schema.TryGetProperty("patternProperties"u8, out _);
        foreach (var member in value.EnumerateObject())
        {
            if (hasMembers && members.TryGetProperty(member.Name, out var known) ? !Allows(known, member.Value, depth + 1) : isClosed)
            {
                return false;
            }
        }

        return true;
    }

    private static bool AllowsItems(JsonElement schema, JsonElement value, int depth)
    {
        if (!schema.TryGetProperty("items"u8, out var items) || items.ValueKind != JsonValueKind.Object || schema.TryGetProperty("prefixItems"u8, out _))
        {
            return true;
        }

        foreach (var item in value.EnumerateArray())
        {
            if (!Allows(items, item, depth + 1))
            {
                return false;
            }
        }

        return true;
    }
}
