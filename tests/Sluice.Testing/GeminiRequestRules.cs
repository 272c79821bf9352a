using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Testing;

/// <summary>What Google answers with a 400, as a second opinion on outgoing requests: from the reference and from recorded refusals.</summary>
public static partial class GeminiRequestRules
{
    private static readonly HashSet<string> Top = ["contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent", "labels", "serviceTier", "modelArmorConfig"];

    private static readonly HashSet<string> Config =
    [
        "stopSequences", "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities", "candidateCount", "maxOutputTokens", "temperature", "topP", "topK", "seed",
        "presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs", "thinkingConfig", "imageConfig", "mediaResolution", "speechConfig", "enableEnhancedCivicAnswers",
    ];

    private static readonly HashSet<string> Schema =
    [
        "type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties", "required", "minProperties", "maxProperties", "minLength", "maxLength",
        "pattern", "example", "anyOf", "propertyOrdering", "default", "minimum", "maximum",
    ];

    private static readonly HashSet<string> Types = ["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];

    public static List<string> Violations(JsonElement request, decimal version)
    {
        var found = new List<string>();
        found.AddRange(request.EnumerateObject().Where(m => !Top.Contains(m.Name)).Select(m => "unknown name " + m.Name));
        if (request.TryGetProperty("generationConfig", out var config))
        {
            found.AddRange(config.EnumerateObject().Where(m => !Config.Contains(m.Name)).Select(m => "unknown name " + m.Name));
            if (config.TryGetProperty("stopSequences", out var stops) && stops.GetArrayLength() is 0 or > 5)
            {
                found.Add("stopSequences");
            }

            if (config.TryGetProperty("responseSchema", out var schema))
            {
                Check(schema, found);
            }

            if (config.TryGetProperty("thinkingConfig", out var thinking))
            {
                found.AddRange(version < 2.5m ? ["thinkingConfig"] : version < 3m && thinking.TryGetProperty("thinkingLevel", out _) ? ["thinkingLevel"] : []);
            }
        }

        var names = Tools(request, version, found);
        if (request.TryGetProperty("toolConfig", out var tool) && tool.TryGetProperty("functionCallingConfig", out var calling) && calling.TryGetProperty("allowedFunctionNames", out var allowed))
        {
            found.AddRange(allowed.EnumerateArray().Where(n => !names.Contains(n.GetString()!)).Select(n => "allowed, but not declared: " + n));
        }

        Contents(request.GetProperty("contents"), version, found);
        return found;
    }

    /// <summary>A schema of the OpenAPI subset.</summary>
    public static void Check(JsonElement schema, List<string> found)
    {
        foreach (var member in schema.EnumerateObject())
        {
            if (!Schema.Contains(member.Name))
            {
                found.Add("Unknown name \"" + member.Name + "\": Cannot find field.");
            }
        }

        if (schema.TryGetProperty("type", out var type) && (type.ValueKind != JsonValueKind.String || !Types.Contains(type.GetString()!)))
        {
            found.Add("type " + type);
        }

        if (schema.TryGetProperty("anyOf", out var any))
        {
            if (schema.EnumerateObject().Count() > 1)
            {
                found.Add("when using any_of, it must be the only field set");
            }

            foreach (var branch in any.EnumerateArray())
            {
                Check(branch, found);
            }
        }
        else if (!schema.TryGetProperty("type", out type))
        {
            found.Add("no type");
        }

        if (schema.TryGetProperty("enum", out var values) && (type.GetString() != "STRING" || values.GetArrayLength() == 0 || values.EnumerateArray().Any(v => v.ValueKind != JsonValueKind.String || v.GetString()!.Length == 0)))
        {
            found.Add("enum");
        }

        if (schema.TryGetProperty("items", out var items))
        {
            Check(items, found);
        }
        else if (type.ValueKind == JsonValueKind.String && type.GetString() == "ARRAY")
        {
            found.Add("items: missing field");
        }

        var properties = new HashSet<string>();
        if (schema.TryGetProperty("properties", out var map))
        {
            foreach (var property in map.EnumerateObject())
            {
                properties.Add(property.Name);
                Check(property.Value, found);
            }

            if (properties.Count == 0)
            {
                found.Add("properties: should be non-empty for OBJECT type");
            }
        }

        if (schema.TryGetProperty("required", out var required))
        {
            found.AddRange(required.EnumerateArray().Where(r => !properties.Contains(r.GetString()!)).Select(r => "required: property is not defined: " + r));
        }
    }

    private static HashSet<string> Tools(JsonElement request, decimal version, List<string> found)
    {
        var names = new HashSet<string>();
        foreach (var tool in request.TryGetProperty("tools", out var tools) ? tools.EnumerateArray() : default)
        {
            foreach (var function in tool.TryGetProperty("functionDeclarations", out var list) ? list.EnumerateArray() : default)
            {
                var name = function.GetProperty("name").GetString()!;
                if (!Name().IsMatch(name) || !names.Add(name))
                {
                    found.Add("function name " + name);
                }

                if (function.TryGetProperty("parametersJsonSchema", out _) && version < 2m)
                {
                    found.Add("parametersJsonSchema");
                }

                if (function.TryGetProperty("parameters", out var parameters))
                {
                    Check(parameters, found);
                }
            }
        }

        return names;
    }

    private static void Contents(JsonElement contents, decimal version, List<string> found)
    {
        List<string> open = [];
        var before = "";
        foreach (var content in contents.EnumerateArray())
        {
            var role = content.GetProperty("role").GetString();
            var parts = content.GetProperty("parts").EnumerateArray().ToList();
            if (role is not ("user" or "model"))
            {
                found.Add("Please use a valid role: user, model.");
            }

            if (parts.Count == 0 || (before.Length == 0 && role != "user"))
            {
                found.Add("an empty content, or a model's turn first");
            }

            before = role!;
            var calls = parts.Where(p => p.TryGetProperty("functionCall", out _)).ToList();
            var results = parts.Where(p => p.TryGetProperty("functionResponse", out _)).Select(p => p.GetProperty("functionResponse")).ToList();
            if (open.Count > 0 || results.Count > 0)
            {
                if (!open.SequenceEqual(results.Select(r => r.GetProperty("name").GetString()!)) || results.Count != parts.Count)
                {
                    found.Add("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.");
                }

                open = [];
            }

            if (results.Exists(r => r.GetProperty("response").ValueKind != JsonValueKind.Object))
            {
                found.Add("response is no object");
            }

            open = [.. calls.Select(c => c.GetProperty("functionCall").GetProperty("name").GetString()!)];
            if (open.Exists(n => !Name().IsMatch(n)) || calls.Exists(c => c.GetProperty("functionCall").GetProperty("args").ValueKind != JsonValueKind.Object))
            {
                found.Add("a call's name or arguments");
            }

            if (version >= 3m && calls.Count > 0 && !calls[0].TryGetProperty("thoughtSignature", out _))
            {
                found.Add("Function call is missing a thought_signature in functionCall parts.");
            }

            found.AddRange(parts.Where(p => p.EnumerateObject().Count(m => m.Name is "text" or "inlineData" or "fileData" or "functionCall" or "functionResponse" or "executableCode" or "codeExecutionResult" or "toolCall" or "toolResponse") != 1)
                .Select(p => "a part that is not one thing: " + p));
        }

        if (open.Count > 0)
        {
            found.Add("calls without results");
        }
    }

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$", RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
