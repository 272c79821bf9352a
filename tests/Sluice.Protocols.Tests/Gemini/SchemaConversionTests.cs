using System.Text.Json;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Schemas for vendors that know a part of JSON Schema: what comes out is taken there, and what was lost has a name.</summary>
public sealed class SchemaConversionTests
{
    // Words that say nothing of which values are allowed.
    private static readonly HashSet<string> Annotations = ["$schema", "$id", "$comment", "$anchor", "$defs", "definitions", "examples", "example", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "propertyOrdering", "id"];

    public static TheoryData<string> Captures()
    {
        var data = new TheoryData<string>();
        foreach (var path in new[] { "claude-code", "claude-interactive", "codex", "gemini-cli", "openclaw", "sdks" }.SelectMany(SharedData.Captures))
        {
            data.Add(path);
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void F11_EveryToolOfEveryAgent_IsTakenByGemini(string path)
    {
        GeminiTestKit.SkipWithoutData();
        var capture = GeminiTestKit.Parse(File.ReadAllBytes(path));
        foreach (var schema in SchemasIn(capture))
        {
            var (converted, weakened) = SchemaDownConverter.ToOpenApi(RawJson.FromText(schema.GetRawText()));
            var found = new List<string>();
            GeminiRequestRules.Check(GeminiTestKit.Parse(converted.ToString()), found);
            Assert.Empty(found);
            Assert.Equal([], KeywordsOf(schema).Except(KeywordsOf(GeminiTestKit.Parse(converted.ToString()))).Except(weakened).Except(Annotations).Except(["$ref", "allOf", "const", "exclusiveMinimum", "exclusiveMaximum"]));
            Assert.Equal(converted, SchemaDownConverter.ToOpenApi(RawJson.FromText(schema.GetRawText())).Schema);
        }
    }

    [Theory]
    [InlineData("""{"type":["string","null"]}""", """{"type":"STRING","nullable":true}""", "")]
    [InlineData("""{"type":["string","integer"],"minLength":1,"minimum":2}""", """{"anyOf":[{"type":"STRING","minLength":1},{"type":"INTEGER","minimum":2}]}""", "")]
    [InlineData("""{"const":"a"}""", """{"type":"STRING","enum":["a"]}""", "")]
    [InlineData("""{"const":5}""", """{"type":"INTEGER","description":"Must be 5."}""", "const")]
    [InlineData("""{"enum":[1,2],"description":"n"}""", """{"type":"INTEGER","description":"n One of: 1, 2."}""", "enum")]
    [InlineData("""{"enum":["a",null]}""", """{"type":"STRING","enum":["a"],"nullable":true}""", "")]
    [InlineData("""{"type":"integer","exclusiveMinimum":0}""", """{"type":"INTEGER","minimum":1}""", "")]
    [InlineData("""{"type":"number","exclusiveMaximum":1}""", """{"type":"NUMBER","maximum":1}""", "exclusiveMaximum")]
    [InlineData("""{"oneOf":[{"type":"string"},{"type":"boolean"}]}""", """{"anyOf":[{"type":"STRING"},{"type":"BOOLEAN"}]}""", "oneOf")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}],"description":"d"}""", """{"description":"d","type":"STRING","nullable":true}""", "")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"number"}],"description":"d"}""", """{"anyOf":[{"type":"STRING","description":"d"},{"type":"NUMBER","description":"d"}]}""", "")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string","minLength":2}}}]}""", """{"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"STRING","minLength":2}},"required":["a"]}""", "")]
    [InlineData("""{"type":"array"}""", """{"type":"ARRAY","items":{"anyOf":[{"type":"STRING"},{"type":"NUMBER"},{"type":"BOOLEAN"},{"type":"OBJECT"},{"type":"ARRAY","items":{"anyOf":[{"type":"STRING"},{"type":"NUMBER"},{"type":"BOOLEAN"},{"type":"OBJECT"}]}}]}}""", "any")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"},{"type":"number"}]}""", """{"type":"ARRAY","items":{"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]}}""", "prefixItems any")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"},"propertyNames":{"pattern":"x"}}""", """{"type":"OBJECT"}""", "additionalProperties propertyNames")]
    [InlineData("""{"type":"string","format":"uri"}""", """{"type":"STRING"}""", "format")]
    [InlineData("""{"type":"string","format":"date-time"}""", """{"type":"STRING","format":"date-time"}""", "")]
    [InlineData("""{"type":"object","required":["gone"]}""", """{"type":"OBJECT"}""", "required")]
    [InlineData("""{"$ref":"#/$defs/n","description":"d","$defs":{"n":{"type":"integer"}}}""", """{"type":"INTEGER","description":"d"}""", "")]
    [InlineData("""{"$ref":"https://elsewhere.example/s"}""", """{"anyOf":[{"type":"STRING"},{"type":"NUMBER"},{"type":"BOOLEAN"},{"type":"OBJECT"},{"type":"ARRAY","items":{"anyOf":[{"type":"STRING"},{"type":"NUMBER"},{"type":"BOOLEAN"},{"type":"OBJECT"}]}}]}""", "$ref any")]
    [InlineData("""{"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"string"}}}""", """{"type":"OBJECT","properties":{"next":{"type":"OBJECT","properties":{"next":{"type":"OBJECT"},"v":{"type":"STRING"}}},"v":{"type":"STRING"}}}""", "ref")]
    [InlineData("""not json""", """{"type":"OBJECT"}""", "schema")]
    public void F11_Keyword_IsSaidInGeminisWordsOrReported(string schema, string expected, string weakened)
    {
        var converted = SchemaDownConverter.ToOpenApi(RawJson.FromText(schema));
        Assert.Equal(expected, converted.Schema.ToString());
        Assert.Equal(weakened.TrimStart('$'), string.Join(' ', converted.Weakened));
        if (expected.Contains("\"items\"", StringComparison.Ordinal) || schema.Contains("allOf", StringComparison.Ordinal))
        {
            var found = new List<string>();
            GeminiRequestRules.Check(GeminiTestKit.Parse(expected), found);
            Assert.Empty(found);
        }
    }

    [Theory]
    [InlineData("not")]
    [InlineData("if")]
    [InlineData("then")]
    [InlineData("else")]
    [InlineData("dependentRequired")]
    [InlineData("dependentSchemas")]
    [InlineData("patternProperties")]
    [InlineData("propertyNames")]
    [InlineData("unevaluatedProperties")]
    [InlineData("unevaluatedItems")]
    [InlineData("contains")]
    [InlineData("minContains")]
    [InlineData("maxContains")]
    [InlineData("uniqueItems")]
    [InlineData("multipleOf")]
    [InlineData("additionalProperties")]
    [InlineData("x-invented")]
    public void F11_KeywordThatGeminiLacks_IsReportedEverywhere(string keyword)
    {
        var schema = RawJson.FromText($$"""{"type":"object","properties":{"deep":{"type":"array","items":{"type":"object","{{keyword}}":{} } } } }""");
        var converted = SchemaDownConverter.ToOpenApi(schema);
        Assert.Contains(keyword, converted.Weakened);
        Assert.DoesNotContain(keyword, converted.Schema.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void F11_ReferencesThatDouble_AreBounded()
    {
        // Each definition refers twice to the next: 2^30 nodes if unfolded.
        var definitions = string.Join(",", Enumerable.Range(0, 30).Select(i => $$"""
            "d{{i}}":{"type":"object","properties":{"a":{"$ref":"#/$defs/d{{i + 1}}"},"b":{"$ref":"#/$defs/d{{i + 1}}"} } }
            """));
        var converted = SchemaDownConverter.ToOpenApi(RawJson.FromText($$"""{"$ref":"#/$defs/d0","$defs":{ {{definitions}},"d30":{"type":"string"} } }"""));
        Assert.Contains("ref", converted.Weakened);
        Assert.InRange(converted.Schema.Utf8.Length, 1, 2_000_000);
    }

    [Fact]
    public void OpenAIStrict_RequiresAll_AndMakesOptionalOnesNullable()
    {
        var converted = StrictSchemas.ForOpenAI(RawJson.FromText("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","minimum":1,"enum":[1,2]},"c":{"$ref":"#/$defs/c"}},"required":["a"],"$defs":{"c":{"type":"object","patternProperties":{"x":{}}}}}"""));
        Assert.Equal("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":["integer","null"],"minimum":1,"enum":[1,2,null]},"c":{"anyOf":[{"$ref":"#/$defs/c"},{"type":"null"}]}},"required":["a","b","c"],"$defs":{"c":{"type":"object","additionalProperties":false,"properties":{},"required":[]}},"additionalProperties":false}""",
            converted.Schema.ToString());
        Assert.Equal(["patternProperties"], converted.Weakened);
    }

    [Fact]
    public void AnthropicStrict_LosesBounds_AndNothingElse()
    {
        var converted = StrictSchemas.ForAnthropic(RawJson.FromText("""{"type":"object","properties":{"minimum":{"type":"integer","minimum":1,"maximum":2},"s":{"type":"string","minLength":1,"pattern":"x"}},"required":["s"]}"""));
        Assert.Equal("""{"type":"object","properties":{"minimum":{"type":"integer"},"s":{"type":"string","pattern":"x"}},"required":["s"],"additionalProperties":false}""", converted.Schema.ToString());
        Assert.Equal(["minimum", "maximum", "minLength"], converted.Weakened);
    }

    private static IEnumerable<JsonElement> SchemasIn(JsonElement node)
    {
        switch (node.ValueKind)
        {
            case JsonValueKind.Array:
                return node.EnumerateArray().SelectMany(SchemasIn);
            case JsonValueKind.Object:
                return node.EnumerateObject().SelectMany(m =>
                    m.Name is "input_schema" or "parametersJsonSchema" or "parameters" && m.Value.ValueKind == JsonValueKind.Object && m.Value.TryGetProperty("properties", out _) ? [m.Value] : SchemasIn(m.Value));
            default:
                return [];
        }
    }

    // Keywords at any depth; names of properties are none.
    private static HashSet<string> KeywordsOf(JsonElement schema)
    {
        var found = new HashSet<string>();
        void Walk(JsonElement node)
        {
            if (node.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            foreach (var member in node.EnumerateObject())
            {
                // Empty lists and a single alternative say nothing of their own.
                if (!IsVoid(member))
                {
                    found.Add(member.Name);
                }

                if (member.Name is "properties" or "$defs" or "definitions" && member.Value.ValueKind == JsonValueKind.Object)
                {
                    foreach (var property in member.Value.EnumerateObject())
                    {
                        Walk(property.Value);
                    }
                }
                else if (member.Name is "anyOf" or "oneOf" or "allOf" && member.Value.ValueKind == JsonValueKind.Array)
                {
                    foreach (var item in member.Value.EnumerateArray())
                    {
                        Walk(item);
                    }
                }
                else if (member.Name is "items")
                {
                    Walk(member.Value);
                }
            }
        }

        Walk(schema);
        return found;
    }

    private static bool IsVoid(JsonProperty member) => member.Name switch
    {
        "properties" => member.Value.ValueKind == JsonValueKind.Object && !member.Value.EnumerateObject().Any(),
        "required" => member.Value.GetArrayLength() == 0,
        "anyOf" => member.Value.EnumerateArray().Count(b => !b.TryGetProperty("type", out var type) || type.ToString() != "null") <= 1,
        _ => false,
    };
}
