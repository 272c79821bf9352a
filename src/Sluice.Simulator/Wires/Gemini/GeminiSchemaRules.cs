using System.Text.Json;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>Google's <c>Schema</c> is a proto with fields of its own, no JSON Schema: what it has no field for is refused, by the path that the proto gives it.</summary>
internal static class GeminiSchemaRules
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties", "required", "minProperties", "maxProperties", "minLength", "maxLength",
        "pattern", "example", "anyOf", "propertyOrdering", "default", "minimum", "maximum",
    };

    /// <param name="schema">The schema; anything but an object is left alone.</param>
    /// <param name="at">Its path.</param>
    /// <param name="problems">Gets one line for each problem.</param>
    public static void Check(JsonElement schema, string at, List<string> problems)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in schema.EnumerateObject())
        {
            var name = GeminiJson.Camel(member.Name);
            if (!Known.Contains(name))
            {
                problems.Add($"Invalid JSON payload received. Unknown name \"{member.Name}\" at '{at}': Cannot find field.");
                continue;
            }

            switch (name)
            {
                case "type" when member.Value.ValueKind == JsonValueKind.Array:
                    problems.Add($"Invalid JSON payload received. Unknown name \"type\" at '{at}': Proto field is not repeating, cannot start list.");
                    break;
                case "enum" when member.Value.Items().Any(static v => v.ValueKind != JsonValueKind.String):
                    problems.Add($"Invalid value at '{at}.enum[0]' (TYPE_STRING)");
                    break;
                case "items":
                    Check(member.Value, at + ".items", problems);
                    break;
                case "anyOf":
                    var i = 0;
                    foreach (var choice in member.Value.Items())
                    {
                        Check(choice, FormattableString.Invariant($"{at}.any_of[{i++}]"), problems);
                    }

                    break;
                case "properties" when member.Value.ValueKind == JsonValueKind.Object:
                    var p = 0;
                    foreach (var property in member.Value.EnumerateObject())
                    {
                        Check(property.Value, FormattableString.Invariant($"{at}.properties[{p++}].value"), problems);
                    }

                    break;
            }
        }
    }
}
