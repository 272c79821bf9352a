using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>The keywords of one schema object in Gemini's subset, for one of its types.</summary>
internal sealed class SchemaAssertions(JsonElement schema, WeakenedKeywords weakened, Func<JsonElement, JsonObject> convert)
{
    /// <summary>The keywords that say something about values of <paramref name="type"/>; all of them where it is null.</summary>
    public JsonObject For(string? type)
    {
        var output = new JsonObject();
        if (type is not null)
        {
            output["type"] = type;
        }

        foreach (var member in schema.EnumerateObject())
        {
            Member(output, member.Name, member.Value, type);
        }

        if (type == "ARRAY" && !output.ContainsKey("items"))
        {
            // The subset demands it.
            output["items"] = convert(JsonElement.Parse("true"));
        }

        if (output["required"] is JsonArray required)
        {
            DropUnknown(required, output["properties"] as JsonObject);
            if (required.Count == 0)
            {
                output.Remove("required");
            }
        }

        return output;
    }

    private void Member(JsonObject output, string name, JsonElement value, string? type)
    {
        switch (name)
        {
            case "type" or "nullable" or "$ref" or "allOf" or "anyOf" or "oneOf" or "$defs" or "definitions":
                // Read elsewhere.
                return;
            case "$schema" or "$id" or "$comment" or "$anchor" or "$dynamicAnchor" or "$vocabulary" or "id" or "examples" or "example" or "deprecated" or "readOnly" or "writeOnly"
                or "contentEncoding" or "contentMediaType" or "propertyOrdering":
                // Says nothing of which values are allowed.
                return;
            case "title" or "description" when value.ValueKind == JsonValueKind.String:
                output[name] = output.TryGetPropertyValue(name, out var said) ? $"{LenientText.Read(value)} {said}" : LenientText.Read(value);
                return;
            case "default":
                output[name] = JsonNode.Parse(JsonMarshal.GetRawUtf8Value(value));
                return;
            case "enum" when value.ValueKind == JsonValueKind.Array:
                Enumeration(output, [.. value.EnumerateArray()], "enum", type);
                return;
            case "const":
                Enumeration(output, [value], "const", type);
                return;
            case "properties" when value.ValueKind == JsonValueKind.Object:
                if (type is null or "OBJECT")
                {
                    Properties(output, value);
                }

                return;
            case "required" when value.ValueKind == JsonValueKind.Array:
                if (type is null or "OBJECT")
                {
                    output[name] = new JsonArray([.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => (JsonNode?)JsonValue.Create(LenientText.Read(v)))]);
                }

                return;
            case "additionalItems" when schema.TryGetProperty("items"u8, out var items) && items.ValueKind != JsonValueKind.Array:
                // Means something beside a list of places only.
                return;
            case "items" or "prefixItems" or "additionalItems":
                if (type is null or "ARRAY")
                {
                    Items(output, name, value);
                }

                return;
            case "minProperties" or "maxProperties":
                Bound(output, name, value, type is null or "OBJECT");
                return;
            case "minItems" or "maxItems":
                Bound(output, name, value, type is null or "ARRAY");
                return;
            case "minLength" or "maxLength":
                Bound(output, name, value, type is null or "STRING");
                return;
            case "minimum" or "maximum":
                Bound(output, name, value, type is null or "NUMBER" or "INTEGER");
                return;
            case "exclusiveMinimum" or "exclusiveMaximum":
                Exclusive(output, name, value, type);
                return;
            case "pattern" when value.ValueKind == JsonValueKind.String:
                if (type is null or "STRING")
                {
                    output[name] = LenientText.Read(value);
                }

                return;
            case "format" when value.ValueKind == JsonValueKind.String:
                Format(output, LenientText.Read(value), type);
                return;
            default:
                weakened.Add(name);
                return;
        }
    }

    private void Properties(JsonObject output, JsonElement value)
    {
        var properties = new JsonObject();
        foreach (var property in value.EnumerateObject())
        {
            properties[property.Name] = convert(property.Value);
        }

        // An empty list of properties is refused; none at all is not.
        if (properties.Count > 0)
        {
            output["properties"] = properties;
        }
    }

    private void Items(JsonObject output, string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            // A place for each item: the subset has one schema for all of them.
            weakened.Add("prefixItems");
            weakened.Add(name);
            var branches = new JsonArray([.. value.EnumerateArray().Select(v => (JsonNode?)convert(v))]);
            if (schema.TryGetProperty(name == "items" ? "additionalItems" : "items", out var further) && further.ValueKind == JsonValueKind.Object)
            {
                branches.Add((JsonNode)convert(further));
            }
            else if (further.ValueKind != JsonValueKind.False)
            {
                // Further items may be anything, which nobody means who lists the places.
                weakened.Add("any");
            }

            if (branches.Count > 0)
            {
                output["items"] = branches.Count == 1 ? branches[0]!.DeepClone() : new JsonObject { ["anyOf"] = SchemaMerge.Flat(branches) };
            }
        }
        else if (name == "additionalItems" || schema.TryGetProperty("prefixItems"u8, out _))
        {
            weakened.Add(name);
        }
        else
        {
            output["items"] = convert(value);
        }
    }

    private void Enumeration(JsonObject output, List<JsonElement> values, string keyword, string? type)
    {
        var texts = values.Where(v => v.ValueKind == JsonValueKind.String).Select(LenientText.Read).Where(t => t.Length > 0).Distinct().ToList();
        var known = values.Count(v => v.ValueKind is JsonValueKind.Null);
        if (type is null or "STRING" && texts.Count > 0 && texts.Count + known == values.Count)
        {
            output["enum"] = new JsonArray([.. texts.Select(t => (JsonNode?)JsonValue.Create(t))]);
            return;
        }

        if (type == "NULL" && values.TrueForAll(v => v.ValueKind == JsonValueKind.Null))
        {
            return;
        }

        // Only texts can be listed: the model is told the rest in words.
        weakened.Add(keyword);
        var told = string.Join(", ", values.Take(32).Select(v => v.GetRawText()));
        var words = values.Count == 1 ? $"Must be {told}." : $"One of: {told}.";
        output["description"] = output.TryGetPropertyValue("description", out var said) ? $"{said} {words}" : words;
    }

    private void Bound(JsonObject output, string name, JsonElement value, bool applies)
    {
        if (!applies)
        {
            return;
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            output[name] = JsonNode.Parse(JsonMarshal.GetRawUtf8Value(value));
        }
        else
        {
            weakened.Add(name);
        }
    }

    private void Exclusive(JsonObject output, string name, JsonElement value, string? type)
    {
        var inclusive = name == "exclusiveMinimum" ? "minimum" : "maximum";
        if (type is not (null or "NUMBER" or "INTEGER"))
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Number || output.ContainsKey(inclusive) || schema.TryGetProperty(inclusive, out _))
        {
            weakened.Add(name);
            return;
        }

        if (type == "INTEGER" && value.TryGetInt64(out var whole) && Math.Abs(whole) < long.MaxValue)
        {
            output[inclusive] = name == "exclusiveMinimum" ? whole + 1 : whole - 1;
            return;
        }

        output[inclusive] = JsonNode.Parse(JsonMarshal.GetRawUtf8Value(value));
        weakened.Add(name);
    }

    private void Format(JsonObject output, string format, string? type)
    {
        var known = type switch
        {
            "STRING" => format is "date-time" or "enum",
            "INTEGER" => format is "int32" or "int64",
            "NUMBER" => format is "float" or "double",
            _ => false,
        };
        if (known)
        {
            output["format"] = format;
        }
        else
        {
            weakened.Add("format");
        }
    }

    private void DropUnknown(JsonArray required, JsonObject? properties)
    {
        for (var i = required.Count - 1; i >= 0; i--)
        {
            if (properties?.ContainsKey(required[i]!.GetValue<string>()) != true)
            {
                // "property is not defined": it may be required by one part of the schema and defined by another.
                weakened.Add("required");
                required.RemoveAt(i);
            }
        }
    }
}
