using System.Text.Json.Nodes;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.Tests.Schemas;

/// <summary>What a strict mode demands of every schema, whatever it said before.</summary>
internal enum StrictMode
{
    None,

    /// <summary>Objects take no members but their own.</summary>
    ClosedObjects,

    /// <summary>And all of their own must be there: null says that one is not.</summary>
    EveryProperty,
}

/// <summary>A schema and its conversion, tried with values.</summary>
/// <param name="Accepted">Values that the original accepts.</param>
/// <param name="Faults">Values of which the two say different things without a reason.</param>
internal sealed record Trial(int Accepted, IReadOnlyList<string> Faults)
{
    private const int MostFaults = 3;

    // Where "any" is reported values of some kinds are lost, and no others: null, and lists of lists.
    private static readonly HashSet<string> OfKinds = ["type", "anyOf", "items", "properties"];

    public static Trial Of(string schema, ConvertedSchema conversion, StrictMode mode, int values)
    {
        var original = JsonNode.Parse(schema)!;
        var converted = JsonNode.Parse(conversion.Schema.Utf8.Span)!;
        var faults = new List<string>();
        var accepted = 0;
        foreach (var value in new SampledValues(original, seed: 20_260_101).Take(values))
        {
            var refusedBy = SchemaCheck.Violations(original, value);
            accepted += refusedBy.Count == 0 ? 1 : 0;
            var asked = mode == StrictMode.None || refusedBy.Count > 0 ? value : AsTheModeWritesIt(value, converted, converted);
            var nowRefusedBy = SchemaCheck.Violations(converted, asked);
            var lost = refusedBy.Count == 0 && nowRefusedBy.Count > 0 && !(conversion.Weakened.Contains("any") && nowRefusedBy.All(OfKinds.Contains)) && !(MeansObjects(original) && value is not JsonObject);
            var gained = refusedBy.Count > 0 && nowRefusedBy.Count == 0 && !refusedBy.Any(k => conversion.Weakened.Contains(k.TrimStart('$')))
                && !(mode == StrictMode.EveryProperty && SchemaCheck.Violations(original, WithoutNulls(value)) is var absent && (absent.Count == 0 || absent.Any(k => conversion.Weakened.Contains(k.TrimStart('$')))));
            if (lost || gained)
            {
                faults.Add($"{(lost ? "lost" : "gained")}: {value?.ToJsonString() ?? "null"} ({string.Join(' ', lost ? nowRefusedBy : refusedBy)}; reported: {string.Join(' ', conversion.Weakened)}) {schema} => {conversion.Schema}");
            }
        }

        return new Trial(accepted, [.. faults.Take(MostFaults)]);
    }

    // JSON Schema takes a number for such a schema too, but nobody means that.
    private static bool MeansObjects(JsonNode schema) => schema is JsonObject words && words.ContainsKey("properties") && !words.ContainsKey("type");

    // Further members left out, and null in place of missing ones.
    private static JsonNode? AsTheModeWritesIt(JsonNode? value, JsonNode? schema, JsonNode root)
    {
        if (schema is not JsonObject words)
        {
            return value?.DeepClone();
        }

        if (words["$ref"]?.GetValue<string>() is { } reference)
        {
            var target = reference.Split('/').Skip(1).Aggregate((JsonNode?)root, (at, step) => (at as JsonObject)?[step.Replace("~1", "/", StringComparison.Ordinal)]);
            return AsTheModeWritesIt(value, target, root);
        }

        if (words["anyOf"] is JsonArray branches && words["properties"] is null)
        {
            return branches.Select(b => (Branch: b, Value: AsTheModeWritesIt(value, b, root))).FirstOrDefault(t => SchemaCheck.Violations(Rooted(t.Branch, root), t.Value).Count == 0).Value ?? value?.DeepClone();
        }

        if (value is JsonArray list)
        {
            return new JsonArray([.. list.Select(item => AsTheModeWritesIt(item, words["items"], root))]);
        }

        if (value is not JsonObject members)
        {
            return value?.DeepClone();
        }

        var properties = words["properties"] as JsonObject ?? [];
        var closed = words["additionalProperties"] is JsonValue;
        var written = new JsonObject(members.Where(m => !closed || properties.ContainsKey(m.Key)).Select(m => KeyValuePair.Create(m.Key, AsTheModeWritesIt(m.Value, properties[m.Key], root))));
        foreach (var name in (words["required"] as JsonArray ?? []).Select(n => n!.GetValue<string>()).Where(n => closed && properties.ContainsKey(n)))
        {
            written.TryAdd(name, null);
        }

        return written;
    }

    // References of a branch are looked up in the whole.
    private static JsonNode Rooted(JsonNode? branch, JsonNode root)
    {
        var alone = branch?.DeepClone() ?? new JsonObject();
        foreach (var name in (string[])["$defs", "definitions"])
        {
            if (alone is JsonObject holder && root[name] is { } definitions)
            {
                holder[name] = definitions.DeepClone();
            }
        }

        return alone;
    }

    private static JsonNode? WithoutNulls(JsonNode? value) => value switch
    {
        JsonObject members => new JsonObject(members.Where(m => m.Value is not null).Select(m => KeyValuePair.Create(m.Key, WithoutNulls(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithoutNulls)]),
        _ => value?.DeepClone(),
    };
}
