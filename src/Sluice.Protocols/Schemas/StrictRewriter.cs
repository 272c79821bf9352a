using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Protocols.Schemas;

/// <summary>Rewrites one schema for a strict mode; everything that the mode takes stays as it is, in its order.</summary>
internal sealed class StrictRewriter(HashSet<string> refused, bool requireAll)
{
    /// <summary>Text is escaped only where JSON demands it.</summary>
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What was left out.</summary>
    public WeakenedKeywords Weakened { get; } = new();

    /// <summary>A member that could be left out now has to be there as null, which the original refuses.</summary>
    public bool AddsNulls { get; private set; }

    /// <summary>The schema as the mode takes it.</summary>
    public JsonNode? Rewrite(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return Verbatim(schema);
        }

        var output = new JsonObject();
        foreach (var member in schema.EnumerateObject())
        {
            if (refused.Contains(member.Name) || IsOfPlaces(schema, member))
            {
                Weakened.Add(member.Name);
            }
            else
            {
                Member(output, member.Name, member.Value);
            }
        }

        if (IsObject(output))
        {
            Close(output, schema);
        }

        return output;
    }

    private void Member(JsonObject output, string name, JsonElement value)
    {
        switch (name)
        {
            case "properties" or "$defs" or "definitions" when value.ValueKind == JsonValueKind.Object:
                var map = new JsonObject();
                foreach (var property in value.EnumerateObject())
                {
                    map[property.Name] = Rewrite(property.Value);
                }

                output[name] = map;
                break;
            case "allOf" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1 && Rewrite(value[0]) is JsonObject only:
                foreach (var (inner, said) in only)
                {
                    if (!output.TryAdd(inner, said?.DeepClone()))
                    {
                        Weakened.Add(name);
                    }
                }

                break;
            case "allOf":
                // Objects that take no members but their own cannot be of two kinds at once.
                Weakened.Add(name);
                break;
            case "anyOf" or "oneOf" when value.ValueKind == JsonValueKind.Array:
                if (name == "oneOf")
                {
                    // Neither mode knows it; alternatives that do not overlap mean the same.
                    Weakened.Add("oneOf");
                }

                output["anyOf"] = new JsonArray([.. value.EnumerateArray().Select(Rewrite)]);
                break;
            case "items":
                output[name] = Rewrite(value);
                break;
            case "additionalProperties":
                if (value.ValueKind != JsonValueKind.False)
                {
                    // A map with free names: strict modes have none.
                    Weakened.Add(name);
                }

                break;
            default:
                output[name] = Verbatim(value);
                break;
        }
    }

    // What stands beside a list of places is of the items behind them.
    private static bool IsOfPlaces(JsonElement schema, JsonProperty member) =>
        member.Name == "items" && (member.Value.ValueKind == JsonValueKind.Array || schema.TryGetProperty("prefixItems"u8, out _));

    private void Close(JsonObject output, JsonElement schema)
    {
        output["additionalProperties"] = false;
        RequireOnlyKnown(output);
        if (!requireAll || output["properties"] is not JsonObject properties)
        {
            if (requireAll)
            {
                output["properties"] = new JsonObject();
                output["required"] = new JsonArray();
            }

            return;
        }

        var required = schema.TryGetProperty("required"u8, out var names) && names.ValueKind == JsonValueKind.Array
            ? names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!).ToHashSet(StringComparer.Ordinal)
            : [];
        foreach (var (name, property) in properties.ToList())
        {
            if (!required.Contains(name))
            {
                var nullable = Nullable(property?.DeepClone());
                AddsNulls |= !JsonNode.DeepEquals(property, nullable);
                properties[name] = nullable;
            }
        }

        output["required"] = new JsonArray([.. properties.Select(p => (JsonNode?)JsonValue.Create(p.Key))]);
    }

    // A closed object can never have what it requires and does not name.
    private void RequireOnlyKnown(JsonObject output)
    {
        var properties = output["properties"] as JsonObject;
        if (output["required"] is JsonArray required && required.Any(n => properties?.ContainsKey(n?.ToString() ?? "") != true))
        {
            Weakened.Add("required");
            output["required"] = new JsonArray([.. required.Where(n => properties?.ContainsKey(n?.ToString() ?? "") == true).Select(n => n!.DeepClone())]);
        }
    }

    // An optional property must be there, and may be null.
    private static JsonNode? Nullable(JsonNode? property)
    {
        if (property is JsonValue never && never.GetValueKind() == JsonValueKind.False)
        {
            return new JsonObject { ["type"] = "null" };
        }

        if (property is not JsonObject schema)
        {
            return property;
        }

        switch (schema["type"])
        {
            case not null when schema.ContainsKey("const"):
                return new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
            case JsonValue word when word.ToString() != "null":
                schema["type"] = new JsonArray(word.DeepClone(), "null");
                break;
            case JsonArray words when !words.Any(w => w?.ToString() == "null"):
                words.Add((JsonNode)"null");
                break;
            case null when schema["anyOf"] is JsonArray branches:
                if (!branches.Any(b => b?["type"]?.ToString() == "null"))
                {
                    branches.Add((JsonNode)new JsonObject { ["type"] = "null" });
                }

                return schema;
            case null:
                return schema.Count == 0 ? schema : new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        }

        if (schema["enum"] is JsonArray values && !values.Any(v => v is null))
        {
            values.Add((JsonNode?)null);
        }

        return schema;
    }

    private static bool IsObject(JsonObject schema) =>
        schema.ContainsKey("properties") || schema["type"] is JsonValue word && word.ToString() == "object" || schema["type"] is JsonArray words && words.Any(w => w?.ToString() == "object");

    private static JsonNode? Verbatim(JsonElement value) => JsonNode.Parse(JsonMarshal.GetRawUtf8Value(value));
}
