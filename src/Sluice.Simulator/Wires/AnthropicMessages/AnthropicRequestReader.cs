using System.Globalization;
using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.AnthropicMessages;

/// <summary>Reads a Messages request, and refuses with Anthropic's wording what Anthropic refuses and a careless translator produces.</summary>
internal static class AnthropicRequestReader
{
    public static (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if ((route.Model ?? body.Text("model")) is not { Length: > 0 } model)
        {
            return (null, Invalid("model: Field required"));
        }

        var messages = body.Member("messages");
        if (messages.ValueKind != JsonValueKind.Array)
        {
            return (null, Invalid("messages: Field required"));
        }

        if (messages.GetArrayLength() == 0)
        {
            return (null, Invalid("messages: at least one message is required"));
        }

        if (route.Call == WireCall.Generate && body.Integer("max_tokens") is not > 0)
        {
            return (null, Invalid("max_tokens: Field required"));
        }

        if (Refusal(messages, signatures) is { } refusal)
        {
            return (null, refusal);
        }

        var format = body.Member("output_config").Member("format");
        if (format.ValueKind != JsonValueKind.Object)
        {
            format = body.Member("output_format");
        }

        var choice = body.Member("tool_choice");
        var said = LastTurn(messages);
        return (new Prompt
        {
            Model = model,
            Stream = route.Stream ?? body.Flag("stream"),
            MaxTokens = body.Integer("max_tokens"),
            LastUserText = said.Text,
            ToolResults = said.Results,
            Tools = [.. body.Member("tools").Items()
                .Where(static t => t.Text("name") is not null && t.Member("input_schema").ValueKind == JsonValueKind.Object && !t.Flag("defer_loading"))
                .Select(static t => new PromptTool(t.Text("name")!, t.Member("input_schema")))],
            ForcedTool = choice.Text("type") switch { "any" => "", "tool" => choice.Text("name") ?? "", _ => null },
            ToolsForbidden = choice.Text("type") == "none",
            JsonSchema = format.Text("type") == "json_schema" ? format.Member("schema") : null,
            ThinkingOmitted = body.Member("thinking").Text("display") == "omitted",
            WorkingDirectory = Texts(body.Member("system")).Concat(messages.Items().SelectMany(static m => Texts(m.Member("content"))))
                .Select(PromptText.WorkingDirectory).FirstOrDefault(static f => f is not null),
        }, null);
    }

    private static WireRefusal Invalid(string message) => new(400, Message: message);

    /// <summary>The rules on order and signatures; see "ordering" at https://docs.claude.com/en/docs/agents-and-tools/tool-use/implement-tool-use</summary>
    private static WireRefusal? Refusal(JsonElement messages, ThinkingSignature signatures)
    {
        HashSet<string> open = [];
        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var role = message.Text("role");
            if (role is not ("user" or "assistant" or "system"))
            {
                return Invalid(Invariant($"messages.{index}.role: Input should be 'user' or 'assistant'"));
            }

            if (role == "system")
            {
                index++;
                continue;
            }

            HashSet<string> answered = [];
            HashSet<string> called = [];
            var part = 0;
            foreach (var block in message.Member("content").Items())
            {
                switch (block.Text("type"))
                {
                    case "thinking" when role == "assistant" && !signatures.Verify(block.Text("thinking") ?? "", block.Text("signature") ?? ""):
                        return Invalid(Invariant($"messages.{index}.content.{part}: Invalid `signature` in `thinking` block"));
                    case "text" when string.IsNullOrEmpty(block.Text("text")):
                        return Invalid("messages: text content blocks must be non-empty");
                    case "tool_use" when role == "assistant":
                        if (block.Member("input").ValueKind != JsonValueKind.Object)
                        {
                            return Invalid(Invariant($"messages.{index}.content.{part}.tool_use.input: Input should be a valid dictionary"));
                        }

                        called.Add(block.Text("id") ?? "");
                        break;
                    case "tool_result":
                        var id = block.Text("tool_use_id") ?? "";
                        if (!open.Contains(id))
                        {
                            return Invalid(Invariant($"messages.{index}.content.{part}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."));
                        }

                        answered.Add(id);
                        break;
                }

                part++;
            }

            if (open.FirstOrDefault(id => !answered.Contains(id)) is { } missing)
            {
                return Invalid(Invariant($"messages.{index - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."));
            }

            open = called;
            index++;
        }

        return null;
    }

    /// <summary>What the conversation ends with, looking past system messages and reminders.</summary>
    private static (string Text, IReadOnlyList<string>? Results) LastTurn(JsonElement messages)
    {
        var text = "";
        IReadOnlyList<string>? results = null;
        var last = messages.EnumerateArray().LastOrDefault(static m => m.Text("role") is "user" or "assistant" && !IsOnlyAdded(m));
        foreach (var message in messages.EnumerateArray().Where(static m => m.Text("role") == "user"))
        {
            var said = Texts(message.Member("content")).Select(PromptText.Said).LastOrDefault(static t => t is not null);
            text = said ?? text;
        }

        if (last.Text("role") == "user")
        {
            var found = last.Member("content").Items().Where(static b => b.Text("type") == "tool_result")
                .Select(static b => string.Join("\n", Texts(b.Member("content")))).ToList();
            results = found.Count > 0 ? found : null;
        }

        return (text, results);
    }

    private static bool IsOnlyAdded(JsonElement message) => message.Text("role") == "user"
        && message.Member("content").Items().All(static b => b.Text("type") == "text") && PromptText.IsOnlyAdded(Texts(message.Member("content")));

    /// <summary>The texts of a content that is a string or a list of blocks.</summary>
    private static IEnumerable<string> Texts(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            yield return content.GetString()!;
        }

        foreach (var block in content.Items())
        {
            if (block.Text("type") == "text" && block.Text("text") is { } text)
            {
                yield return text;
            }
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
