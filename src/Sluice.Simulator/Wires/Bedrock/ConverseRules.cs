using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>What Bedrock refuses and a careless translator sends, in Bedrock's wording.</summary>
internal static partial class ConverseRules
{
    public static WireRefusal? Refusal(JsonElement body, ThinkingSignature signatures)
    {
        var messages = body.Member("messages").Items().ToList();
        if (messages.Count == 0 || messages[0].Text("role") == "assistant")
        {
            return Invalid("A conversation must start with a user message. Try again with a conversation that starts with a user message.");
        }

        var index = 0;
        foreach (var block in body.Member("system").Items())
        {
            if (IsBlank(block))
            {
                return Invalid(FormattableString.Invariant($"The text field in the SystemContentBlock object at system.{index} is blank. Add text to the text field, and try again."));
            }

            index++;
        }

        return Tools(body.Member("toolConfig")) ?? Messages(messages, body.Member("toolConfig").ValueKind == JsonValueKind.Object, signatures);
    }

    private static WireRefusal? Tools(JsonElement config)
    {
        var index = 0;
        foreach (var spec in config.Member("tools").Items().Select(static t => t.Member("toolSpec")).Where(static s => s.ValueKind == JsonValueKind.Object))
        {
            var name = spec.Text("name") ?? "";
            if (!ToolName().IsMatch(name))
            {
                return Invalid(FormattableString.Invariant($"1 validation error detected: Value '{name}' at 'toolConfig.tools.{index + 1}.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"));
            }

            if (spec.Member("inputSchema").Member("json").Text("type") != "object")
            {
                return Invalid(FormattableString.Invariant($"The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be one of the following: object."));
            }

            index++;
        }

        var choice = config.Member("toolChoice");
        return choice.ValueKind == JsonValueKind.Undefined || new[] { "auto", "any", "tool" }.Count(name => choice.Member(name).ValueKind == JsonValueKind.Object) == 1 ? null
            : Invalid("toolChoice must have exactly one of auto, any, tool.");
    }

    private static WireRefusal? Messages(List<JsonElement> messages, bool tools, ThinkingSignature signatures)
    {
        List<string> open = [];
        for (var m = 0; m < messages.Count; m++)
        {
            var role = messages[m].Text("role");
            if (role is not ("user" or "assistant"))
            {
                return Invalid(FormattableString.Invariant($"1 validation error detected: Value '{role}' at 'messages.{m + 1}.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]"));
            }

            if (m > 0 && role == messages[m - 1].Text("role"))
            {
                return Invalid("A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.");
            }

            var blocks = messages[m].Member("content").Items().ToList();
            if (blocks.Count == 0)
            {
                return Invalid(FormattableString.Invariant($"The content field in the Message object at messages.{m} is empty. Add a ContentBlock object to the content field and try again."));
            }

            List<string> called = [], answered = [];
            for (var b = 0; b < blocks.Count; b++)
            {
                if (Block(blocks[b], FormattableString.Invariant($"messages.{m}.content.{b}"), tools, signatures) is { } refusal)
                {
                    return refusal;
                }

                if (blocks[b].Member("toolUse").Text("toolUseId") is { } use)
                {
                    called.Add(use);
                }

                if (blocks[b].Member("toolResult").Text("toolUseId") is { } result)
                {
                    answered.Add(result);
                }
            }

            var missing = open.Except(answered, StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                return Invalid(FormattableString.Invariant($"Expected toolResult blocks at messages.{m}.content for the following Ids: {string.Join(", ", missing)}"));
            }

            if (answered.Count > open.Count)
            {
                return Invalid(FormattableString.Invariant($"The number of toolResult blocks at messages.{m}.content exceeds the number of toolUse blocks of previous turn."));
            }

            open = called;
        }

        return null;
    }

    private static WireRefusal? Block(JsonElement block, string at, bool tools, ThinkingSignature signatures)
    {
        var use = block.Member("toolUse");
        if ((use.ValueKind == JsonValueKind.Object || block.Member("toolResult").ValueKind == JsonValueKind.Object) && !tools)
        {
            return Invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
        }

        if (use.ValueKind == JsonValueKind.Object && use.Member("input").ValueKind != JsonValueKind.Object)
        {
            return Invalid($"The format of the value at {at}.toolUse.input is invalid. Provide a json object for the field and try again.");
        }

        if (IsBlank(block))
        {
            return Invalid($"The text field in the ContentBlock object at {at} is blank. Add text to the text field, and try again.");
        }

        var reasoning = block.Member("reasoningContent").Member("reasoningText");
        return reasoning.ValueKind == JsonValueKind.Object && !signatures.Verify(reasoning.Text("text") ?? "", reasoning.Text("signature") ?? "")
            ? Invalid($"The model returned the following errors: {at}: Invalid `signature` in `thinking` block")
            : null;
    }

    private static bool IsBlank(JsonElement block) => block.Text("text") is { } text && string.IsNullOrWhiteSpace(text);

    private static WireRefusal Invalid(string message) => new(400, Message: message);

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$", RegexOptions.NonBacktracking)]
    private static partial Regex ToolName();
}
