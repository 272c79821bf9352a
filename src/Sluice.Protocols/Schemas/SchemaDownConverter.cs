using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>
/// Makes of JSON Schema the OpenAPI subset of Gemini's older models (<c>parameters</c>, <c>responseSchema</c>), where an unknown keyword is a
/// 400. The same schema makes the same bytes. What cannot be said is named, never left out in silence.
/// </summary>
internal sealed class SchemaDownConverter
{
    // A reference can unfold into itself or double at each step: beyond these a branch is cut and "$ref" reported.
    private const int MostNodes = 4096;
    private const int DeepestNode = 48;

    // Gemini checks its schemas by an enumeration in upper case.
    private static readonly JsonSerializerOptions Compact = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly WeakenedKeywords _weakened = new();
    private readonly List<string> _references = [];
    private readonly JsonElement _root;
    private int _nodes;

    private SchemaDownConverter(JsonElement root) => _root = root;

    /// <summary>Converts one schema; a text that is no JSON becomes an object without properties.</summary>
    public static ConvertedSchema ToOpenApi(RawJson schema)
    {
        try
        {
            using var document = JsonDocument.Parse(schema.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
            var converter = new SchemaDownConverter(document.RootElement);
            var converted = converter.Convert(document.RootElement, 0);
            return new ConvertedSchema(RawJson.FromText(converted.ToJsonString(Compact)), converter._weakened.Names);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return new ConvertedSchema(RawJson.FromText("""{"type":"OBJECT"}"""), ["schema"]);
        }
    }

    /// <summary>An object type without properties, which says nothing and is refused at the top.</summary>
    public static bool IsEmptyObject(RawJson schema)
    {
        using var document = JsonDocument.Parse(schema.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
        return document.RootElement.TryGetProperty("type"u8, out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("OBJECT"u8)
            && !document.RootElement.TryGetProperty("properties"u8, out _);
    }

    private JsonObject Convert(JsonElement schema, int depth)
    {
        if (schema.ValueKind is JsonValueKind.True || (schema.ValueKind == JsonValueKind.Object && !schema.EnumerateObject().Any()))
        {
            return Anything();
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            // "false" accepts nothing, which cannot be said.
            _weakened.Add(schema.ValueKind == JsonValueKind.False ? "false" : "schema");
            return Anything();
        }

        if (++_nodes > MostNodes || depth > DeepestNode)
        {
            _weakened.Add("$ref");
            return Anything();
        }

        var output = Assertions(schema, depth);
        if (schema.TryGetProperty("$ref"u8, out var reference) && reference.ValueKind == JsonValueKind.String)
        {
            output = SchemaMerge.Both(Resolve(LenientText.Read(reference), depth), output, _weakened);
        }

        if (schema.TryGetProperty("allOf"u8, out var all) && all.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in all.EnumerateArray())
            {
                output = SchemaMerge.Both(output, Convert(item, depth + 1), _weakened);
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            if (schema.TryGetProperty(name, out var any) && any.ValueKind == JsonValueKind.Array && any.GetArrayLength() > 0)
            {
                if (name == "oneOf" && any.GetArrayLength() > 1)
                {
                    _weakened.Add("oneOf");
                }

                output = SchemaMerge.Both(output, Alternatives(any, depth), _weakened);
            }
        }

        return SchemaMerge.IsUntyped(output) ? SchemaMerge.Both(output, Anything(), _weakened) : output;
    }

    // Any value: no keyword of the subset says so. Lists must say of what; lists of lists and null are left out.
    private JsonObject Anything()
    {
        _weakened.Add("any");
        var kinds = Kinds();
        kinds.Add(new JsonObject { ["type"] = "ARRAY", ["items"] = new JsonObject { ["anyOf"] = Kinds() } });
        return new JsonObject { ["anyOf"] = kinds };

        static JsonArray Kinds() =>
            new(new JsonObject { ["type"] = "STRING" }, new JsonObject { ["type"] = "NUMBER" }, new JsonObject { ["type"] = "BOOLEAN" }, new JsonObject { ["type"] = "OBJECT" });
    }

    private JsonObject Resolve(string reference, int depth)
    {
        if (Pointer(reference) is not { } target)
        {
            _weakened.Add("$ref");
            return Anything();
        }

        if (_references.Contains(reference, StringComparer.Ordinal))
        {
            // A schema inside itself ends here.
            _weakened.Add("$ref");
            return IsObject(target) ? new JsonObject { ["type"] = "OBJECT" } : Anything();
        }

        _references.Add(reference);
        var resolved = Convert(target, depth + 1);
        _references.RemoveAt(_references.Count - 1);
        return resolved;
    }

    private bool IsObject(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && SchemaTypes.Of(schema, _weakened, out var nullable) is ["OBJECT"] && !nullable;

    // #, #/$defs/name, #/properties/a~1b
    private JsonElement? Pointer(string reference)
    {
        if (reference.Length == 0 || reference[0] != '#')
        {
            return null;
        }

        var at = _root;
        foreach (var step in reference[1..].Split('/', StringSplitOptions.None).Skip(1))
        {
            var name = Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var member))
            {
                at = member;
            }
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength())
            {
                at = at[index];
            }
            else
            {
                return null;
            }
        }

        return reference.Length == 1 || reference[1] == '/' ? at : null;
    }

    private JsonObject Alternatives(JsonElement any, int depth)
    {
        var branches = new JsonArray();
        var nullable = false;
        foreach (var item in any.EnumerateArray())
        {
            var branch = Convert(item, depth + 1);
            if (branch["type"]?.GetValue<string>() == "NULL" && branch.Count == 1)
            {
                nullable = true;
            }
            else if (branch.Count == 1 && branch["anyOf"] is JsonArray inner)
            {
                foreach (var nested in inner.ToArray())
                {
                    branches.Add(nested!.DeepClone());
                }
            }
            else
            {
                branches.Add(branch);
            }
        }

        if (branches.Count == 0)
        {
            return new JsonObject { ["type"] = "NULL" };
        }

        foreach (var branch in branches)
        {
            if (nullable)
            {
                branch!["nullable"] = true;
            }
        }

        return branches.Count == 1 ? (JsonObject)branches[0]!.DeepClone() : new JsonObject { ["anyOf"] = branches };
    }

    private JsonObject Assertions(JsonElement schema, int depth)
    {
        var types = SchemaTypes.Of(schema, _weakened, out var nullable);
        var described = new SchemaAssertions(schema, _weakened, item => Convert(item, depth + 1));
        if (types.Count <= 1)
        {
            var single = described.For(types.Count == 1 ? types[0] : null);
            if (nullable && types.Count == 1 && types[0] != "NULL")
            {
                single["nullable"] = true;
            }

            return single;
        }

        // Several types: one branch for each, with the keywords that say something about it.
        var branches = new JsonArray();
        foreach (var type in types)
        {
            var branch = described.For(type);
            if (nullable)
            {
                branch["nullable"] = true;
            }

            branches.Add(branch);
        }

        return new JsonObject { ["anyOf"] = branches };
    }
}
