using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Degradations;
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

    /// <summary>
    /// A schema of another vendor's client for OpenAI's strict mode. Where that would ask for nulls in the place of members left out, or close an object
    /// of free names, the schema goes as it is and without the mode: a weaker promise is better than arguments that the client refuses.
    /// </summary>
    /// <param name="schema">As the client wrote it.</param>
    /// <param name="feature">Whose schema it is: <c>tools</c>, <c>response_format</c>.</param>
    /// <param name="degradations">Told of what is lost.</param>
    internal static (RawJson Schema, bool Strict) ToOpenAI(RawJson schema, string feature, DegradationLog degradations)
    {
        var converted = ForOpenAI(schema);
        if (converted.AddsNulls || converted.Weakened.Contains("additionalProperties", StringComparer.Ordinal) || converted.Weakened.Contains("schema", StringComparer.Ordinal))
        {
            degradations.Add(feature + ".strict", DegradationOutcome.Weakened, "OpenAI's strict mode takes neither optional members nor free names: the schema is given without it.");
            return (schema, false);
        }

        Tell(converted, "OpenAI's", degradations);
        return (converted.Schema, true);
    }

    /// <summary>A schema of another vendor's client for Anthropic's strict tools and answers.</summary>
    internal static RawJson ToAnthropic(RawJson schema, DegradationLog degradations)
    {
        var converted = ForAnthropic(schema);
        Tell(converted, "Anthropic's", degradations);
        return converted.Schema;
    }

    private static void Tell(ConvertedSchema converted, string whose, DegradationLog degradations)
    {
        foreach (var keyword in converted.Weakened)
        {
            degradations.Add("schema." + keyword, DegradationOutcome.Weakened, $"{whose} strict mode does not take '{keyword}'.");
        }
    }

    private static ConvertedSchema Convert(RawJson schema, HashSet<string> refused, bool requireAll)
    {
        try
        {
            using var document = JsonDocument.Parse(schema.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
            var rewriter = new StrictRewriter(refused, requireAll);
            var node = rewriter.Rewrite(document.RootElement);
            return new ConvertedSchema(RawJson.FromText(node?.ToJsonString(StrictRewriter.Compact) ?? "null"), rewriter.Weakened.Names) { AddsNulls = rewriter.AddsNulls };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return new ConvertedSchema(schema, ["schema"]);
        }
    }
}
