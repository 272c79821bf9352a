using System.Text.Json.Nodes;

namespace Sluice.Protocols.Schemas;

/// <summary>Makes one schema of Gemini's subset of two that must both hold (<c>allOf</c>, a <c>$ref</c> with siblings, alternatives with siblings).</summary>
internal static class SchemaMerge
{
    /// <summary>Both at once; what cannot be joined is reported and the first wins.</summary>
    public static JsonObject Both(JsonObject first, JsonObject second, WeakenedKeywords weakened)
    {
        if (first.Count == 0 || second.Count == 0)
        {
            return first.Count == 0 ? second : first;
        }

        // Where alternatives stand nothing else may: everything goes into each of them.
        if (first["anyOf"] is JsonArray left && second["anyOf"] is JsonArray)
        {
            weakened.Add("allOf");
            return left.Count > 0 ? first : second;
        }

        if (first["anyOf"] is JsonArray branches)
        {
            return Distribute(branches, second, weakened);
        }

        if (second["anyOf"] is JsonArray others)
        {
            return Distribute(others, first, weakened);
        }

        var merged = (JsonObject)first.DeepClone();
        foreach (var (name, value) in second)
        {
            Join(merged, name, value, weakened);
        }

        return merged;
    }

    /// <summary>Says nothing of the type, nor of alternatives that do.</summary>
    public static bool IsUntyped(JsonObject schema) => !schema.ContainsKey("type") && !schema.ContainsKey("anyOf");

    /// <summary>Alternatives inside alternatives are alternatives.</summary>
    public static JsonArray Flat(JsonArray branches)
    {
        var flat = new JsonArray();
        foreach (var branch in branches)
        {
            if (branch is JsonObject { Count: 1 } holder && holder["anyOf"] is JsonArray inner)
            {
                foreach (var item in inner)
                {
                    flat.Add(item!.DeepClone());
                }
            }
            else
            {
                flat.Add(branch!.DeepClone());
            }
        }

        return flat;
    }

    private static JsonObject Distribute(JsonArray branches, JsonObject shared, WeakenedKeywords weakened)
    {
        var described = new JsonArray();
        foreach (var branch in branches)
        {
            var joined = (JsonObject)branch!.DeepClone();
            if (shared["type"] is { } type && joined["type"] is { } own && !Same(type, own) && !IsNumberPair(type, own))
            {
                // Cannot hold beside its siblings: never chosen.
                continue;
            }

            described.Add(Both(joined, shared, weakened));
        }

        if (described.Count == 0)
        {
            weakened.Add("anyOf");
            return shared;
        }

        return described.Count == 1 ? (JsonObject)described[0]!.DeepClone() : new JsonObject { ["anyOf"] = described };
    }

    private static void Join(JsonObject merged, string name, JsonNode? value, WeakenedKeywords weakened)
    {
        if (!merged.TryGetPropertyValue(name, out var present))
        {
            merged[name] = value?.DeepClone();
            return;
        }

        switch (name)
        {
            case "properties" when present is JsonObject known && value is JsonObject more:
                foreach (var (property, schema) in more)
                {
                    known[property] = known[property] is JsonObject both && schema is JsonObject other ? Both((JsonObject)both.DeepClone(), other, weakened) : schema?.DeepClone();
                }

                break;
            case "required" when present is JsonArray names && value is JsonArray others:
                foreach (var item in others)
                {
                    if (!names.Any(n => Same(n, item)))
                    {
                        names.Add(item!.DeepClone());
                    }
                }

                break;
            case "enum" when present is JsonArray allowed && value is JsonArray also:
                var common = allowed.Where(a => also.Any(b => Same(a, b))).Select(a => a!.DeepClone()).ToArray();
                merged[name] = new JsonArray(common);
                if (common.Length == 0)
                {
                    merged.Remove(name);
                    weakened.Add("enum");
                }

                break;
            case "minimum" or "minLength" or "minItems" or "minProperties":
                merged[name] = Number(present) >= Number(value) ? present!.DeepClone() : value!.DeepClone();
                break;
            case "maximum" or "maxLength" or "maxItems" or "maxProperties":
                merged[name] = Number(present) <= Number(value) ? present!.DeepClone() : value!.DeepClone();
                break;
            case "items" when present is JsonObject item && value is JsonObject inner:
                merged[name] = Both((JsonObject)item.DeepClone(), inner, weakened);
                break;
            case "nullable":
                if (!Same(present, value))
                {
                    merged.Remove(name);
                }

                break;
            case "type" when IsNumberPair(present, value):
                merged[name] = "INTEGER";
                break;
            case "description" or "title" or "default":
                break;
            default:
                if (!Same(present, value))
                {
                    weakened.Add(name == "type" ? "allOf" : name);
                }

                break;
        }
    }

    private static bool Same(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    private static bool IsNumberPair(JsonNode? a, JsonNode? b) =>
        (a?.ToString(), b?.ToString()) is ("INTEGER", "NUMBER") or ("NUMBER", "INTEGER");

    private static double Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? number : 0;
}
