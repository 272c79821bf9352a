using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sluice.Protocols.Tests.Schemas;

/// <summary>
/// Says whether a schema accepts a value, by the rules of JSON Schema 2020-12 (and the older words for the same) as far as schemas of tools use them:
/// references inside the document, no formats. The subset of OpenAPI that Google's older models take is read too: <c>"type":"STRING","nullable":true</c>.
/// </summary>
internal sealed class SchemaCheck(JsonNode root)
{
    private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(1);

    // A schema may refer to itself about the same value for ever.
    private int _depth;

    /// <summary>The keywords that refuse the value; empty where it is accepted.</summary>
    public static IReadOnlySet<string> Violations(JsonNode schema, JsonNode? value) => new SchemaCheck(schema).Check(schema, value).Broken;

    private Verdict Check(JsonNode? schema, JsonNode? value)
    {
        var verdict = new Verdict();
        if (schema is JsonValue flag)
        {
            if (!flag.GetValue<bool>())
            {
                verdict.Broken.Add("false");
            }

            return verdict;
        }

        if (schema is not JsonObject words || _depth > 64)
        {
            return verdict;
        }

        _depth++;
        foreach (var (keyword, operand) in words)
        {
            if (keyword is not ("unevaluatedItems" or "unevaluatedProperties") && operand is not null && !Holds(words, keyword, operand, value, verdict))
            {
                verdict.Broken.Add(keyword);
            }
        }

        // "const": null and the like: the operand is null itself.
        if (words.ContainsKey("const") && words["const"] is null && value is not null)
        {
            verdict.Broken.Add("const");
        }

        Unevaluated(words, value, verdict);
        _depth--;
        return verdict;
    }

    private bool Holds(JsonObject schema, string keyword, JsonNode operand, JsonNode? value, Verdict verdict) => keyword switch
    {
        "type" => Types(operand).Any(t => Is(t, value)) || (value is null && IsNullable(schema)),
        "enum" => operand.AsArray().Any(e => Same(e, value)) || (value is null && IsNullable(schema)),
        "const" => Same(operand, value),
        "$ref" or "$dynamicRef" => Resolve(operand.GetValue<string>()) is not { } target || verdict.Join(Check(target, value)),
        "allOf" => operand.AsArray().All(s => verdict.Join(Check(s, value))),
        "anyOf" => Alternatives(operand, value, verdict) > 0,
        "oneOf" => Alternatives(operand, value, verdict) == 1,
        "not" => Check(operand, value).Broken.Count > 0,
        "if" => Check(operand, value) is var condition && verdict.Join(condition, condition.Broken.Count == 0) is var _ && verdict.Join(Check(condition.Broken.Count == 0 ? schema["then"] : schema["else"], value)),
        _ when value is JsonObject o => OfObject(schema, keyword, operand, o, verdict),
        _ when value is JsonArray list => OfArray(schema, keyword, operand, list, verdict),
        _ when Kind(value) == JsonValueKind.Number => OfNumber(keyword, operand, Number(value!)),
        _ when Kind(value) == JsonValueKind.String => OfText(keyword, operand, value!.GetValue<string>()),
        _ => true,
    };

    private int Alternatives(JsonNode operand, JsonNode? value, Verdict verdict)
    {
        var holding = 0;
        var broken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var branch in operand.AsArray())
        {
            var found = Check(branch, value);
            verdict.Join(found, found.Broken.Count == 0);
            holding += found.Broken.Count == 0 ? 1 : 0;
            broken.UnionWith(found.Broken);
        }

        // Each of them had a reason of its own.
        verdict.Broken.UnionWith(holding == 0 ? broken : []);
        return holding;
    }

    private bool OfObject(JsonObject schema, string keyword, JsonNode operand, JsonObject value, Verdict verdict)
    {
        switch (keyword)
        {
            case "properties":
                return Members(value, verdict, operand.AsObject().Select(p => (p.Key, p.Value)), exact: true);
            case "patternProperties":
                return Members(value, verdict, operand.AsObject().Select(p => (p.Key, p.Value)), exact: false);
            case "additionalProperties":
                var rest = value.Where(m => schema["properties"]?[m.Key] is null && !(schema["properties"] as JsonObject ?? []).ContainsKey(m.Key)
                    && !(schema["patternProperties"] as JsonObject ?? []).Any(p => Matches(p.Key, m.Key))).Select(m => m.Key).ToList();
                verdict.Names.UnionWith(rest);
                return rest.TrueForAll(name => verdict.Nested(Check(operand, value[name])));
            case "propertyNames":
                return value.All(m => verdict.Nested(Check(operand, JsonValue.Create(m.Key))));
            case "required":
                return operand.AsArray().All(n => value.ContainsKey(n!.GetValue<string>()));
            case "minProperties":
                return value.Count >= Number(operand);
            case "maxProperties":
                return value.Count <= Number(operand);
            case "dependentRequired":
                return operand.AsObject().All(d => !value.ContainsKey(d.Key) || d.Value!.AsArray().All(n => value.ContainsKey(n!.GetValue<string>())));
            case "dependentSchemas":
                return operand.AsObject().All(d => !value.ContainsKey(d.Key) || verdict.Join(Check(d.Value, value)));
            case "dependencies":
                return operand.AsObject().All(d => !value.ContainsKey(d.Key)
                    || (d.Value is JsonArray names ? names.All(n => value.ContainsKey(n!.GetValue<string>())) : verdict.Join(Check(d.Value, value))));
            default:
                return true;
        }
    }

    private bool Members(JsonObject value, Verdict verdict, IEnumerable<(string Name, JsonNode? Schema)> schemas, bool exact)
    {
        var holds = true;
        foreach (var (name, schema) in schemas)
        {
            foreach (var member in value.Where(m => exact ? m.Key == name : Matches(name, m.Key)))
            {
                verdict.Names.Add(member.Key);
                holds &= verdict.Nested(Check(schema, member.Value));
            }
        }

        return holds;
    }

    private bool OfArray(JsonObject schema, string keyword, JsonNode operand, JsonArray value, Verdict verdict)
    {
        var placed = schema["prefixItems"] as JsonArray ?? schema["items"] as JsonArray;
        switch (keyword)
        {
            case "prefixItems" or "items" when operand is JsonArray places:
                verdict.Items = Math.Max(verdict.Items, Math.Min(places.Count, value.Count));
                return places.Zip(value).All(pair => verdict.Nested(Check(pair.First, pair.Second)));
            case "items":
            case "additionalItems" when schema["items"] is JsonArray:
                verdict.Items = value.Count;
                return value.Skip(placed?.Count ?? 0).All(item => verdict.Nested(Check(operand, item)));
            case "contains":
                var count = value.Count(item => Check(operand, item).Broken.Count == 0);
                return count >= (schema["minContains"] is { } least ? Number(least) : 1);
            case "maxContains":
                return schema["contains"] is not { } wanted || value.Count(item => Check(wanted, item).Broken.Count == 0) <= Number(operand);
            case "minItems":
                return value.Count >= Number(operand);
            case "maxItems":
                return value.Count <= Number(operand);
            case "uniqueItems":
                return !operand.GetValue<bool>() || value.Select(Canonical).Distinct(StringComparer.Ordinal).Count() == value.Count;
            default:
                return true;
        }
    }

    private static bool OfNumber(string keyword, JsonNode operand, double value) => keyword switch
    {
        "minimum" => value >= Number(operand),
        "maximum" => value <= Number(operand),
        "exclusiveMinimum" => value > Number(operand),
        "exclusiveMaximum" => value < Number(operand),
        "multipleOf" => (decimal)value % (decimal)Number(operand) == 0,
        _ => true,
    };

    private static bool OfText(string keyword, JsonNode operand, string value) => keyword switch
    {
        "minLength" => new StringInfo(value).LengthInTextElements >= Number(operand),
        "maxLength" => new StringInfo(value).LengthInTextElements <= Number(operand),
        "pattern" => Matches(operand.GetValue<string>(), value),
        _ => true,
    };

    private void Unevaluated(JsonObject schema, JsonNode? value, Verdict verdict)
    {
        if (schema.TryGetPropertyValue("unevaluatedProperties", out var rest) && value is JsonObject members)
        {
            if (!members.Where(m => !verdict.Names.Contains(m.Key)).All(m => verdict.Nested(Check(rest, m.Value))))
            {
                verdict.Broken.Add("unevaluatedProperties");
            }

            verdict.Names.UnionWith(members.Select(m => m.Key));
        }

        if (schema.TryGetPropertyValue("unevaluatedItems", out var others) && value is JsonArray items)
        {
            if (!items.Skip(verdict.Items).All(item => verdict.Nested(Check(others, item))))
            {
                verdict.Broken.Add("unevaluatedItems");
            }

            verdict.Items = items.Count;
        }
    }

    // #, #/$defs/name, #name
    private JsonNode? Resolve(string reference)
    {
        if (!reference.StartsWith('#'))
        {
            return null;
        }

        if (reference.Length > 1 && reference[1] != '/')
        {
            return Anchored(root, reference[1..]);
        }

        JsonNode? at = root;
        foreach (var step in reference.Split('/').Skip(1).Select(s => Uri.UnescapeDataString(s).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            at = at is JsonArray list && int.TryParse(step, CultureInfo.InvariantCulture, out var index) ? list[index] : (at as JsonObject)?[step];
        }

        return at;
    }

    private static JsonNode? Anchored(JsonNode? node, string name) => node switch
    {
        JsonObject o when o["$anchor"]?.ToString() == name || o["$dynamicAnchor"]?.ToString() == name => o,
        JsonObject o => o.Select(m => Anchored(m.Value, name)).FirstOrDefault(f => f is not null),
        JsonArray list => list.Select(i => Anchored(i, name)).FirstOrDefault(f => f is not null),
        _ => null,
    };

    private static IEnumerable<string> Types(JsonNode operand) => (operand is JsonArray list ? list.Select(t => t!.GetValue<string>()) : [operand.GetValue<string>()]).Select(t => t.ToLowerInvariant());

    private static bool IsNullable(JsonObject schema) => schema["nullable"] is JsonValue flag && flag.GetValueKind() == JsonValueKind.True;

    private static bool Is(string type, JsonNode? value) => (type, Kind(value)) switch
    {
        ("null", JsonValueKind.Null) or ("boolean", JsonValueKind.True or JsonValueKind.False) or ("number", JsonValueKind.Number) => true,
        ("string", JsonValueKind.String) or ("array", JsonValueKind.Array) or ("object", JsonValueKind.Object) => true,
        ("integer", JsonValueKind.Number) => Number(value!) % 1 == 0,
        _ => false,
    };

    private static JsonValueKind Kind(JsonNode? value) => value?.GetValueKind() ?? JsonValueKind.Null;

    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static bool Matches(string pattern, string text) => Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, PatternLimit);

    private static bool Same(JsonNode? a, JsonNode? b) => Canonical(a) == Canonical(b);

    // 1 and 1.0 are one number, and members have no order.
    private static string Canonical(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject o => "{" + string.Join(',', o.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => JsonSerializer.Serialize(m.Key) + ":" + Canonical(m.Value))) + "}",
        JsonArray list => "[" + string.Join(',', list.Select(Canonical)) + "]",
        _ => Kind(value) == JsonValueKind.Number ? Number(value).ToString("R", CultureInfo.InvariantCulture) : value.ToJsonString(),
    };

    /// <summary>What a schema says of a value, and which of its members and items some keyword has looked at.</summary>
    private sealed class Verdict
    {
        public HashSet<string> Broken { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

        public int Items { get; set; }

        /// <summary>Takes over what a schema about the same value said; what it looked at counts only where it accepts.</summary>
        public bool Join(Verdict other, bool counts = true)
        {
            if (counts && other.Broken.Count == 0)
            {
                Names.UnionWith(other.Names);
                Items = Math.Max(Items, other.Items);
            }

            Broken.UnionWith(counts ? other.Broken : []);
            return other.Broken.Count == 0;
        }

        /// <summary>Takes over what a schema about a member or an item said.</summary>
        public bool Nested(Verdict other)
        {
            Broken.UnionWith(other.Broken);
            return other.Broken.Count == 0;
        }
    }
}
