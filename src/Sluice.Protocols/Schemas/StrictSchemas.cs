using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>Makes schemas that vendors accept where an answer or a call must follow them exactly.</summary>
public static class StrictSchemas
{
    // Keywords of OpenAI's structured outputs guide that strict mode refuses.
    private static readonly HashSet<string> OpenAIRefuses = new(StringComparer.Ordinal)
    {
        "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems",
        "contains", "minContains", "maxContains", "uniqueItems", "minProperties", "maxProperties", "prefixItems", "additionalItems", "dependencies", "$dynamicRef",
    };

    // Anthropic's structured outputs guide: no bounds on numbers, lengths and counts.
    private static readonly HashSet<string> AnthropicRefuses = new(StringComparer.Ordinal)
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
        "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames", "contains", "minContains", "maxContains", "prefixItems",
        "unevaluatedProperties", "unevaluatedItems", "additionalItems", "dependencies", "$dynamicRef",
    };

    /// <summary>For OpenAI's <c>strict: true</c>: no further properties, every property required, optional ones nullable.</summary>
    public static ConvertedSchema ForOpenAI(RawJson schema) => Convert(schema, OpenAIRefuses, requireAll: true);

    /// <summary>For Anthropic's strict tools and <c>output_config.format</c>: no further properties, no bounds.</summary>
    public static ConvertedSchema ForAnthropic(RawJson schema) => Convert(schema, AnthropicRefuses, requireAll: false);

    private static ConvertedSchema Convert(RawJson schema, HashSet<string> refused, bool requireAll)
    {
        try
        {
            using var document = JsonDocument.Parse(schema.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
            var rewriter = new StrictRewriter(refused, requireAll);
            var node = rewriter.Rewrite(document.RootElement);
            return new ConvertedSchema(RawJson.FromText(node?.ToJsonString(StrictRewriter.Compact) ?? "null"), rewriter.Weakened.Names);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return new ConvertedSchema(schema, ["schema"]);
        }
    }
}
