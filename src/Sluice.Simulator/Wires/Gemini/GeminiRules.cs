using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>What Google refuses and a careless translator sends, in Google's wording.</summary>
internal static partial class GeminiRules
{
    /// <summary>Signatures that Google documents for history from elsewhere.</summary>
    private static readonly HashSet<string> Dummies = new(StringComparer.Ordinal) { "skip_thought_signature_validator", "context_engineering_is_the_way_to_go" };

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "contents", "tools", "toolConfig", "safetySettings", "systemInstruction", "generationConfig", "cachedContent", "labels", "model", "store", "serviceTier",
    };

    private static readonly HashSet<string> KnownGeneration = new(StringComparer.Ordinal)
    {
        "stopSequences", "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities", "candidateCount", "maxOutputTokens", "temperature", "topP", "topK", "seed",
        "presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs", "enableEnhancedCivicAnswers", "speechConfig", "thinkingConfig", "imageConfig", "mediaResolution",
        "audioTimestamp", "routingConfig", "modelConfig",
    };

    private static readonly string[] PartData =
        ["text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult", "toolCall", "toolResponse"];

    public static WireRefusal? Refusal(JsonElement body, string model, ThinkingSignature signatures)
    {
        if (Unknown(body, Known) is { } name)
        {
            return Invalid($"Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.");
        }

        if (Unknown(body.Field("generationConfig"), KnownGeneration) is { } setting)
        {
            return Invalid($"Invalid JSON payload received. Unknown name \"{setting}\" at 'generation_config': Cannot find field.");
        }

        if (body.Field("generationConfig").Member("temperature") is { ValueKind: JsonValueKind.Number } temperature && temperature.GetDouble() is < 0 or > 2)
        {
            return Invalid("* GenerateContentRequest.generation_config.temperature: must be in the range [0.0, 2.0]\n");
        }

        var contents = body.Member("contents").Items().ToList();
        return contents.Count == 0 ? Invalid("* GenerateContentRequest.contents: contents is not specified\n")
            : Tools(body) ?? Contents(contents) ?? Turns(contents) ?? Signatures(contents, model, signatures);
    }

    private static WireRefusal? Tools(JsonElement body)
    {
        var problems = new List<string>();
        var t = 0;
        foreach (var tool in body.Member("tools").Items())
        {
            var f = 0;
            foreach (var function in tool.Field("functionDeclarations").Items())
            {
                var at = FormattableString.Invariant($"tools[{t}].function_declarations[{f}]");
                if (!FunctionName().IsMatch(function.Text("name") ?? ""))
                {
                    return Invalid($"* GenerateContentRequest.{at}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.\n");
                }

                GeminiSchemaRules.Check(function.Member("parameters"), at + ".parameters", problems);
                f++;
            }

            t++;
        }

        GeminiSchemaRules.Check(body.Field("generationConfig").Field("responseSchema"), "generation_config.response_schema", problems);
        return problems.Count == 0 ? null : Invalid(string.Join('\n', problems));
    }

    private static WireRefusal? Contents(List<JsonElement> contents)
    {
        for (var c = 0; c < contents.Count; c++)
        {
            if (contents[c].Text("role") is not (null or "user" or "model"))
            {
                return Invalid("Please use a valid role: user, model.");
            }

            var parts = contents[c].Member("parts").Items().ToList();
            if (parts.Count == 0)
            {
                return Invalid(FormattableString.Invariant($"* GenerateContentRequest.contents[{c}].parts: contents.parts must not be empty.\n"));
            }

            for (var p = 0; p < parts.Count; p++)
            {
                if (PartData.Count(name => parts[p].Field(name).ValueKind != JsonValueKind.Undefined) != 1)
                {
                    return Invalid(FormattableString.Invariant($"* GenerateContentRequest.contents[{c}].parts[{p}].data: required oneof field 'data' must have one initialized field\n"));
                }

                if (parts[p].Field("functionCall").Member("args").ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object or JsonValueKind.Null))
                {
                    return Invalid(FormattableString.Invariant($"Invalid value at 'contents[{c}].parts[{p}].function_call.args' (type.googleapis.com/google.protobuf.Struct)"));
                }

                if (parts[p].Field("functionResponse") is { ValueKind: JsonValueKind.Object } response && response.Member("response").ValueKind != JsonValueKind.Object)
                {
                    return Invalid(FormattableString.Invariant($"Invalid value at 'contents[{c}].parts[{p}].function_response.response' (type.googleapis.com/google.protobuf.Struct)"));
                }
            }
        }

        return null;
    }

    /// <summary>Calls come after a user, and all of them are answered in the content that follows.</summary>
    private static WireRefusal? Turns(List<JsonElement> contents)
    {
        var open = 0;
        for (var c = 0; c < contents.Count; c++)
        {
            var calls = Count(contents[c], "functionCall");
            var answers = Count(contents[c], "functionResponse");
            if (answers != open && (answers > 0 || open > 0))
            {
                return Invalid("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.");
            }

            if (calls > 0 && (c == 0 || contents[c - 1].Text("role") == "model"))
            {
                return Invalid("Please ensure that function call turn comes immediately after a user turn or after a function response turn.");
            }

            open = calls;
        }

        return null;
    }

    /// <summary>In the turn that is still going on (since a person last spoke) the first call of each group has to be signed; a signature anywhere has to be a good one.</summary>
    private static WireRefusal? Signatures(List<JsonElement> contents, string model, ThinkingSignature signatures)
    {
        var turn = contents.FindLastIndex(static c => c.Text("role") is null or "user" && Count(c, "functionResponse") == 0);
        for (var c = 0; c < contents.Count; c++)
        {
            var first = true;
            var position = 0;
            foreach (var part in contents[c].Member("parts").Items())
            {
                position++;
                var signature = part.Field("thoughtSignature");
                if (signature.ValueKind == JsonValueKind.String && !Dummies.Contains(signature.GetString()!) && !signatures.Verify(ThinkingSignature.PartText, signature.GetString()!))
                {
                    return Invalid("Thought signature is not valid.");
                }

                if (part.Field("functionCall") is { ValueKind: JsonValueKind.Object } call)
                {
                    if (first && c > turn && signature.ValueKind != JsonValueKind.String && GeminiAnswerWriter.Signs(model))
                    {
                        return Invalid(FormattableString.Invariant($"Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{call.Text("name")}` , position {c + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details."));
                    }

                    first = false;
                }
            }
        }

        return null;
    }

    private static int Count(JsonElement content, string data) => content.Member("parts").Items().Count(p => p.Field(data).ValueKind == JsonValueKind.Object);

    private static string? Unknown(JsonElement element, HashSet<string> known) =>
        element.ValueKind != JsonValueKind.Object ? null : element.EnumerateObject().Select(static m => m.Name).FirstOrDefault(name => !known.Contains(GeminiJson.Camel(name)));

    private static WireRefusal Invalid(string message) => new(400, Message: message);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$", RegexOptions.NonBacktracking)]
    private static partial Regex FunctionName();
}
