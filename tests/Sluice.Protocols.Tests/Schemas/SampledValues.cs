using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Protocols.Tests.Schemas;

/// <summary>
/// Values to try a schema with: most are made after it, some have one place spoilt, some are anything. The same seed makes the same values. Which of
/// them the schema accepts is for <see cref="SchemaCheck"/> to say.
/// </summary>
internal sealed class SampledValues(JsonNode root, int seed)
{
    private static readonly string[] Texts = ["", "a", "ab", "abc", "x-1", "x", "2024-05-06", "2024-05-06T07:08:09Z", "foo", "1", "https://example.org/", "größe", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
    private static readonly string[] Names = ["foo", "bar", "x-1", "extra", "a", "$ref", ""];

    private readonly Random _random = new(seed);

    /// <summary>So many values.</summary>
    public IEnumerable<JsonNode?> Take(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var value = i % 8 == 7 ? Anything(2) : Of(root, 0);
            yield return i % 3 == 2 ? Spoilt(value) : value;
        }
    }

    private JsonNode? Of(JsonNode? schema, int depth)
    {
        if (schema is not JsonObject words || depth > 6)
        {
            return schema is JsonObject deep ? Typed(deep, depth) : Anything(1);
        }

        if (words.ContainsKey("const"))
        {
            return words["const"]?.DeepClone();
        }

        if (words["enum"] is JsonArray { Count: > 0 } values)
        {
            return Pick(values)?.DeepClone();
        }

        if (words["$ref"] is JsonValue reference && Resolve(reference.GetValue<string>()) is { } target)
        {
            return Joined(Of(target, depth + 1), words, depth);
        }

        foreach (var name in (string[])["allOf", "anyOf", "oneOf"])
        {
            if (words[name] is JsonArray { Count: > 0 } branches)
            {
                var value = name == "allOf" ? branches.Aggregate((JsonNode?)null, (made, b) => Merge(made, Of(b, depth + 1))) : Of(Pick(branches), depth + 1);
                return Joined(value, words, depth);
            }
        }

        return Typed(words, depth);
    }

    private JsonNode? Joined(JsonNode? value, JsonObject words, int depth) =>
        words["properties"] is JsonObject && value is null or JsonObject ? Merge(value, Typed(words, depth)) : value;

    private static JsonNode? Merge(JsonNode? first, JsonNode? second)
    {
        if (first is not JsonObject both || second is not JsonObject more)
        {
            return first ?? second;
        }

        foreach (var (name, value) in more)
        {
            both.TryAdd(name, value?.DeepClone());
        }

        return both;
    }

    private JsonNode? Typed(JsonObject words, int depth)
    {
        var type = words["type"] switch
        {
            JsonArray { Count: > 0 } several => Pick(several)!.GetValue<string>(),
            JsonValue one => one.GetValue<string>(),
            _ => words.ContainsKey("properties") || words.ContainsKey("required") || words.Any(w => w.Key.Contains("ropert", StringComparison.Ordinal) || w.Key.StartsWith("depend", StringComparison.Ordinal)) ? "object"
                : words.Any(w => w.Key.Contains("tems", StringComparison.Ordinal) || w.Key.Contains("ontains", StringComparison.Ordinal)) ? "array"
                : words.ContainsKey("pattern") || words.Any(w => w.Key.EndsWith("Length", StringComparison.Ordinal)) ? "string"
                : words.Any(w => w.Key.Contains("imum", StringComparison.Ordinal) || w.Key == "multipleOf") ? "number"
                : "",
        };
        return type switch
        {
            "null" => null,
            "boolean" => _random.Next(2) == 0,
            "integer" => Math.Floor(Number(words)),
            "number" => Number(words),
            "string" => Text(words),
            "array" => List(words, depth),
            "object" => Members(words, depth),
            _ => Anything(1),
        };
    }

    private double Number(JsonObject words)
    {
        var edges = words.Where(w => w.Key.Contains("imum", StringComparison.Ordinal) || w.Key == "multipleOf").Select(w => Count(w.Value, 0)).ToList();
        var near = edges.Count > 0 ? edges[_random.Next(edges.Count)] : 0;
        double[] steps = [0, 0, 1, -1, 0.5, -0.5, 7, near];
        return near + steps[_random.Next(steps.Length)];
    }

    private string Text(JsonObject words)
    {
        var least = (int)Count(words["minLength"], 0);
        var most = (int)Math.Min(Count(words["maxLength"], 64), 4000);
        return _random.Next(4) switch
        {
            0 => new string('a', Math.Max(0, least + _random.Next(3) - 1)),
            1 => new string('b', Math.Max(0, Math.Min(most, 4000) + _random.Next(3) - 1)),
            _ => Texts[_random.Next(Texts.Length)],
        };
    }

    private JsonArray List(JsonObject words, int depth)
    {
        var least = (int)Count(words["minItems"], 0);
        var most = (int)Math.Min(Count(words["maxItems"], least + 3), 24);
        var list = new JsonArray();
        var places = words["prefixItems"] as JsonArray ?? words["items"] as JsonArray;
        var count = Math.Max(0, _random.Next(6) == 0 ? (_random.Next(2) == 0 ? least - 1 : most + 1) : least + _random.Next(Math.Max(1, most - least + 1)));
        for (var i = 0; i < count; i++)
        {
            var item = i < places?.Count ? places[i] : words["items"] as JsonObject ?? (_random.Next(2) == 0 ? words["contains"] : null);
            list.Add(Of(item, depth + 1));
        }

        return list;
    }

    private JsonObject Members(JsonObject words, int depth)
    {
        var made = new JsonObject();
        var required = (words["required"] as JsonArray)?.Select(n => n!.GetValue<string>()).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var (name, schema) in words["properties"] as JsonObject ?? [])
        {
            if (_random.Next(20) != 0 && (required.Contains(name) || _random.Next(depth > 3 ? 5 : 2) == 0))
            {
                made[name] = Of(schema, depth + 1);
            }
        }

        foreach (var name in required.Where(n => !made.ContainsKey(n) && _random.Next(20) != 0))
        {
            made[name] = Anything(1);
        }

        for (var more = _random.Next(6) == 0 || words["properties"] is null ? _random.Next(4) : 0; more > 0; more--)
        {
            made.TryAdd(Names[_random.Next(Names.Length)], Of(words["additionalProperties"], depth + 1));
        }

        return made;
    }

    // One place of the value is something else.
    private JsonNode? Spoilt(JsonNode? value)
    {
        if (value is JsonObject { Count: > 0 } members && _random.Next(4) != 0)
        {
            var name = members.ElementAt(_random.Next(members.Count)).Key;
            var inner = members[name];
            members.Remove(name);
            if (_random.Next(4) != 0)
            {
                members[name] = Spoilt(inner);
            }

            return members;
        }

        if (value is JsonArray { Count: > 0 } list && _random.Next(4) != 0)
        {
            var at = _random.Next(list.Count);
            var inner = list[at];
            list.RemoveAt(at);
            list.Insert(at, Spoilt(inner));
            if (_random.Next(3) == 0)
            {
                list.Add(list[0]?.DeepClone());
            }

            return list;
        }

        return Anything(1);
    }

    private JsonNode? Anything(int depth) => _random.Next(depth > 0 ? 8 : 6) switch
    {
        0 => null,
        1 => _random.Next(2) == 0,
        2 => _random.Next(-3, 12),
        3 => _random.Next(-30, 120) / 4.0,
        4 or 5 => Texts[_random.Next(Texts.Length)],
        6 => new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Anything(depth - 1))]),
        _ => new JsonObject(Enumerable.Range(0, _random.Next(4)).Select(i => KeyValuePair.Create(Names[(i + depth) % Names.Length], Anything(depth - 1)))),
    };

    private JsonNode? Resolve(string reference)
    {
        JsonNode? at = root;
        foreach (var step in reference.Split('/').Skip(1))
        {
            at = (at as JsonObject)?[Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)];
        }

        return reference.StartsWith('#') && (reference.Length == 1 || reference[1] == '/') ? at : null;
    }

    private JsonNode? Pick(JsonArray list) => list[_random.Next(list.Count)];

    private static double Count(JsonNode? value, double otherwise) =>
        value?.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : otherwise;
}
