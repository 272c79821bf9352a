using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;
using Sluice.Protocols.Tests.Gemini;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Schemas;

/// <summary>
/// What a schema accepts before and after its conversion, tried out with values: what the original accepts the converted one accepts, and where it
/// accepts more a keyword was reported that had refused.
/// </summary>
public sealed class SampledValuesTests
{
    private const int Values = 400;
    private const int ValuesOfCaptured = 120;

    public static TheoryData<string> Names() => [.. KeywordSchemas.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void F11_Keyword_ForOldGemini_AcceptsTheSameValuesOrIsReported(string name)
    {
        var schema = SchemaOf(name);
        AssertSame(Trial.Of(schema, SchemaDownConverter.ToOpenApi(RawJson.FromText(schema)), StrictMode.None, Values));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void F11_Keyword_ForOpenAIStrict_AcceptsTheSameValuesOrIsReported(string name)
    {
        var schema = SchemaOf(name);
        AssertSame(Trial.Of(schema, StrictSchemas.ForOpenAI(RawJson.FromText(schema)), StrictMode.EveryProperty, Values));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void F11_Keyword_ForAnthropicStrict_AcceptsTheSameValuesOrIsReported(string name)
    {
        var schema = SchemaOf(name);
        AssertSame(Trial.Of(schema, StrictSchemas.ForAnthropic(RawJson.FromText(schema)), StrictMode.ClosedObjects, Values));
    }

    /// <summary>Google's own words for it and back: nothing is lost, so nothing may change.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void F11_GeminisSubset_AsJsonSchema_AcceptsTheSameValues(string name)
    {
        var subset = SchemaDownConverter.ToOpenApi(RawJson.FromText(SchemaOf(name))).Schema.ToString();
        using var document = JsonDocument.Parse(subset);
        var converted = new ConvertedSchema(OpenApiSchema.ToJsonSchema(document.RootElement), []);
        AssertSame(Trial.Of(subset, converted, StrictMode.None, Values));
    }

    /// <summary>The trials above try something: values that the schema accepts and values that it refuses.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void F11_Values_AreBothAcceptedAndRefused(string name)
    {
        var schema = SchemaOf(name);
        var trial = Trial.Of(schema, new ConvertedSchema(RawJson.FromText(schema), []), StrictMode.None, Values);
        if (name != "allOf that contradicts itself")
        {
            Assert.True(trial.Accepted >= 10, $"{trial.Accepted} accepted");
        }

        if (name is not ("type of everything" or "anyOf with anything"))
        {
            Assert.True(Values - trial.Accepted >= 10, $"{trial.Accepted} accepted");
        }
    }

    [Theory]
    [InlineData("claude-code")]
    [InlineData("claude-interactive")]
    [InlineData("codex")]
    [InlineData("gemini-cli")]
    [InlineData("openclaw")]
    public void F11_ToolsOfEveryAgent_AcceptTheSameArgumentsAfterConversion(string client)
    {
        GeminiTestKit.SkipWithoutData();
        var schemas = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in SharedData.Captures(client))
        {
            using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
            schemas.UnionWith(SchemasIn(capture.RootElement).Select(s => s.GetRawText()));
        }

        var faults = new List<string>();
        foreach (var schema in schemas)
        {
            var raw = RawJson.FromText(schema);
            var gemini = Trial.Of(schema, SchemaDownConverter.ToOpenApi(raw), StrictMode.None, ValuesOfCaptured);
            Assert.True(gemini.Accepted > 0, "no value is accepted by " + schema);
            faults.AddRange([
                .. gemini.Faults,
                .. Trial.Of(schema, StrictSchemas.ForOpenAI(raw), StrictMode.EveryProperty, ValuesOfCaptured).Faults,
                .. Trial.Of(schema, StrictSchemas.ForAnthropic(raw), StrictMode.ClosedObjects, ValuesOfCaptured).Faults]);
        }

        Assert.NotEmpty(schemas);
        Assert.True(faults.Count == 0, string.Join("\n", faults));
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":2}""", "2", "3.0")]
    [InlineData("""{"enum":["a",null,{"b":[1]}]}""", "null", """{"b":[1.0]}""")]
    [InlineData("""{"type":"STRING","nullable":true,"enum":["a"]}""", "null", "\"a\"")]
    [InlineData("""{"$ref":"#/$defs/t","$defs":{"t":{"type":"array","items":{"$ref":"#/$defs/t"}}}}""", "[]", "[[],[[]]]")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}""", "[\"a\",1]", "7")]
    [InlineData("""{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"maxProperties":0}}""", """{"a":1,"b":2}""", "{}")]
    [InlineData("""{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}""", """{"a":1}""", "3")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "1", "2.5")]
    public void Check_AcceptsWhatTheSchemaMeans(string schema, string first, string second) =>
        Assert.All([first, second], value => Assert.Empty(SchemaCheck.Violations(JsonNode.Parse(schema)!, JsonNode.Parse(value))));

    [Theory]
    [InlineData("""{"type":"integer"}""", "1.5", "type")]
    [InlineData("""{"type":"STRING"}""", "null", "type")]
    [InlineData("""{"const":null}""", "0", "const")]
    [InlineData("""{"properties":{"a":{"maxLength":1}}}""", """{"a":"ab"}""", "maxLength properties")]
    [InlineData("""{"patternProperties":{"^x":false}}""", """{"xy":1}""", "false patternProperties")]
    [InlineData("""{"additionalProperties":false,"properties":{"a":{}}}""", """{"b":1}""", "additionalProperties false")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "3", "oneOf")]
    [InlineData("""{"not":{"type":"null"}}""", "null", "not")]
    [InlineData("""{"contains":{"const":1},"minContains":2}""", "[1,2]", "contains")]
    [InlineData("""{"uniqueItems":true}""", """[{"a":1,"b":2},{"b":2,"a":1}]""", "uniqueItems")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"a":1}""", "dependentRequired")]
    [InlineData("""{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}""", """{"b":1}""", "false unevaluatedProperties")]
    [InlineData("""{"multipleOf":0.1}""", "0.25", "multipleOf")]
    public void Check_NamesWhatRefuses(string schema, string value, string broken) =>
        Assert.Equal(broken, string.Join(' ', SchemaCheck.Violations(JsonNode.Parse(schema)!, JsonNode.Parse(value)).Order(StringComparer.Ordinal)));

    private static void AssertSame(Trial trial) => Assert.True(trial.Faults.Count == 0, string.Join("\n", trial.Faults));

    private static string SchemaOf(string name) => KeywordSchemas.All.Single(s => s.Name == name).Schema;

    private static IEnumerable<JsonElement> SchemasIn(JsonElement node) => node.ValueKind switch
    {
        JsonValueKind.Array => node.EnumerateArray().SelectMany(SchemasIn),
        JsonValueKind.Object => node.EnumerateObject().SelectMany(m =>
            m.Name is "input_schema" or "parametersJsonSchema" or "parameters" or "schema" && m.Value.ValueKind == JsonValueKind.Object && (m.Value.TryGetProperty("properties", out _) || m.Value.TryGetProperty("type", out _))
                ? [m.Value]
                : SchemasIn(m.Value)),
        _ => [],
    };
}
