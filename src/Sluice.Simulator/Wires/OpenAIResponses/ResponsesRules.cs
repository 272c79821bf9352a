using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.OpenAIResponses;

/// <summary>What OpenAI refuses and a careless translator sends, in OpenAI's wording.</summary>
internal static class ResponsesRules
{
    private const int LeastOutputTokens = 16;

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "background", "client_metadata", "context_management", "conversation", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model",
        "moderation", "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier",
        "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
    };

    public static WireRefusal? Refusal(JsonElement body, ThinkingSignature signatures)
    {
        if (body.Text("model") is not { Length: > 0 })
        {
            return Invalid("Missing required parameter: 'model'.", "model", "missing_required_parameter");
        }

        foreach (var member in body.EnumerateObject())
        {
            if (!Known.Contains(member.Name))
            {
                return Invalid($"Unknown parameter: '{member.Name}'.", member.Name, "unknown_parameter");
            }
        }

        if (body.Integer("max_output_tokens") is < LeastOutputTokens and var most)
        {
            return Invalid(FormattableString.Invariant($"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {LeastOutputTokens}, but got {most} instead."),
                "max_output_tokens", "integer_below_min_value");
        }

        var previous = body.Text("previous_response_id");
        if (previous is not null && (!previous.StartsWith("resp_", StringComparison.Ordinal) || !signatures.IsMarked(previous[5..])))
        {
            return Invalid($"Previous response with id '{previous}' not found.", "previous_response_id", "previous_response_not_found");
        }

        var input = body.Member("input");
        if (input.ValueKind == JsonValueKind.Undefined && previous is null)
        {
            return Invalid("One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.", "input", "missing_required_parameter");
        }

        return Tools(body.Member("tools")) ?? (input.ValueKind == JsonValueKind.Array ? Items([.. input.Items()], previous is not null, signatures) : null);
    }

    private static WireRefusal? Tools(JsonElement tools)
    {
        var index = 0;
        foreach (var tool in tools.Items())
        {
            var at = FormattableString.Invariant($"tools[{index++}]");
            if (tool.Text("type") is "function" or "custom" or "namespace" && tool.Text("name") is null)
            {
                return Invalid($"Missing required parameter: '{at}.name'.", at + ".name", "missing_required_parameter");
            }

            if (tool.Text("type") is "function" && tool.Flag("strict") && NotStrict(tool.Member("parameters")) is { } why)
            {
                return Invalid($"Invalid schema for function '{tool.Text("name")}': In context=(), {why}", at + ".parameters", "invalid_function_parameters");
            }
        }

        return null;
    }

    private static string? NotStrict(JsonElement schema)
    {
        if (schema.Member("additionalProperties").ValueKind != JsonValueKind.False)
        {
            return "'additionalProperties' is required to be supplied and to be false.";
        }

        var required = schema.Member("required").Items().Select(static r => r.GetString()).ToHashSet(StringComparer.Ordinal);
        var properties = schema.Member("properties");
        var missing = properties.ValueKind == JsonValueKind.Object ? properties.EnumerateObject().Select(static p => p.Name).FirstOrDefault(name => !required.Contains(name)) : null;
        return missing is null ? null : $"'required' is required to be supplied and to be an array including every key in properties. Missing '{missing}'.";
    }

    /// <param name="items">The input.</param>
    /// <param name="continues">It goes on from a stored response, whose calls may be answered here.</param>
    /// <param name="signatures">Of this simulator.</param>
    private static WireRefusal? Items(List<JsonElement> items, bool continues, ThinkingSignature signatures)
    {
        var called = new Dictionary<string, string>(StringComparer.Ordinal);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var at = FormattableString.Invariant($"input[{i}]");
            if (item.Text("id") is { } id && !ids.Add(id))
            {
                return Invalid($"Duplicate item found with id {id}. Remove duplicate items from your input and try again.", "input");
            }

            var refusal = item.Text("type") switch
            {
                null or "message" => Message(item, at),
                "reasoning" => Reasoning(item, i + 1 < items.Count ? items[i + 1] : default, signatures),
                "item_reference" => Stored(item, signatures),
                "function_call" or "custom_tool_call" => Call(item, at, called),
                "function_call_output" or "custom_tool_call_output" => Output(item, at, called, continues),
                _ => null,
            };
            if (refusal is not null)
            {
                return refusal;
            }
        }

        foreach (var (id, kind) in called)
        {
            return Invalid($"No tool output found for {kind} {id}.", "input");
        }

        return null;
    }

    private static WireRefusal? Message(JsonElement item, string at)
    {
        var role = item.Text("role");
        if (role is not ("user" or "assistant" or "system" or "developer"))
        {
            return Invalid($"Invalid value: '{role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.", at + ".role", "invalid_value");
        }

        var index = 0;
        foreach (var part in item.Member("content").Items())
        {
            var type = part.Text("type");
            var fits = role == "assistant" ? type is "output_text" or "refusal" : type is "input_text" or "input_image" or "input_file" or "input_audio" or "output_text" or "refusal" or "summary_text" or "computer_screenshot";
            if (!fits)
            {
                return Invalid($"Invalid value: '{type}'. Supported values are: " + (role == "assistant" ? "'output_text' and 'refusal'."
                    : "'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', and 'summary_text'."), FormattableString.Invariant($"{at}.content[{index}]"), "invalid_value");
            }

            index++;
        }

        return null;
    }

    private static WireRefusal? Reasoning(JsonElement item, JsonElement next, ThinkingSignature signatures)
    {
        var id = item.Text("id");
        if (item.Text("encrypted_content") is { } sealedText)
        {
            var owner = SealedReasoning.Open(sealedText, signatures);
            if (owner is null && signatures.Verifies)
            {
                var shown = sealedText.Length > 12 ? sealedText[..4] + "..." + sealedText[^4..] : sealedText;
                return Invalid($"The encrypted content {shown} could not be verified. Reason: Encrypted content could not be decrypted or parsed.", null, "invalid_encrypted_content");
            }

            if (id is not null && owner is not null && id != owner)
            {
                return Invalid($"The encrypted content for item {id} could not be verified. Reason: Encrypted content item_id did not match the target item id.", null, "invalid_encrypted_content");
            }
        }
        else if (Stored(item, signatures) is { } unknown)
        {
            return unknown;
        }

        var followed = next.Text("type") is { } type ? type == "reasoning" || type.EndsWith("_call", StringComparison.Ordinal) || type is "item_reference" or "compaction" || next.Text("role") == "assistant"
            : next.Text("role") == "assistant";
        return followed ? null : Invalid($"Item '{id}' of type 'reasoning' was provided without its required following item.", "input");
    }

    /// <summary>An item that is named by its id alone.</summary>
    private static WireRefusal? Stored(JsonElement item, ThinkingSignature signatures)
    {
        var id = item.Text("id") ?? "";
        return signatures.IsMarked(id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..]) ? null
            : new(404, Message: $"Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.") { Param = "input", Code = "item_not_found" };
    }

    private static WireRefusal? Call(JsonElement item, string at, Dictionary<string, string> called)
    {
        var (member, kind) = item.Text("type") == "function_call" ? ("arguments", "function call") : ("input", "custom tool call");
        if (item.Text(member) is null)
        {
            return Invalid($"Invalid type for '{at}.{member}': expected a string.", $"{at}.{member}", "invalid_type");
        }

        called[item.Text("call_id") ?? ""] = kind;
        return null;
    }

    private static WireRefusal? Output(JsonElement item, string at, Dictionary<string, string> called, bool continues)
    {
        var kind = item.Text("type") == "function_call_output" ? "function call" : "custom tool call";
        if (item.Member("output").ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            return Invalid($"Invalid type for '{at}.output': expected one of a string or array.", at + ".output", "invalid_type");
        }

        var id = item.Text("call_id") ?? "";
        return called.Remove(id) || continues ? null : Invalid($"No tool call found for {kind} output with call_id {id}.", "input");
    }

    private static WireRefusal Invalid(string message, string? param, string? code = null) => new(400, Message: message) { Param = param, Code = code };
}
