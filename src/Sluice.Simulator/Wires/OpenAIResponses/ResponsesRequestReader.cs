using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.OpenAIResponses;

/// <summary>Reads a Responses request; what OpenAI refuses is found by <see cref="ResponsesRules"/>.</summary>
internal static class ResponsesRequestReader
{
    /// <summary>What a custom tool takes is no JSON; this makes one text for it.</summary>
    private static readonly JsonElement FreeText = JsonDocument.Parse("""{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}""").RootElement;

    public static (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, ThinkingSignature signatures)
    {
        if (ResponsesRules.Refusal(body, signatures) is { } refusal)
        {
            return (null, refusal);
        }

        var input = body.Member("input");
        var items = input.Items().ToList();
        var choice = body.Member("tool_choice");
        var format = body.Member("text").Member("format");
        var results = Enumerable.Reverse(items).SkipWhile(static i => i.Text("role") == "user" && PromptText.IsOnlyAdded(Texts(i.Member("content"))))
            .TakeWhile(static i => i.Text("type") is { } type && type.EndsWith("_output", StringComparison.Ordinal))
            .Select(static i => string.Join("\n", Texts(i.Member("output")))).Reverse().ToList();
        var texts = input.ValueKind == JsonValueKind.String ? [input.GetString()!]
            : items.Where(static i => i.Text("role") == "user").SelectMany(static i => Texts(i.Member("content"))).ToList();
        return (new Prompt
        {
            Model = body.Text("model")!,
            Body = body,
            Stream = body.Flag("stream"),
            MaxTokens = body.Integer("max_output_tokens"),
            LastUserText = texts.Select(PromptText.Said).LastOrDefault(static t => t is not null) ?? "",
            ToolResults = results.Count > 0 ? results : null,
            Tools = [.. body.Member("tools").Items().Concat(items.Where(static i => i.Text("type") == "additional_tools").SelectMany(static i => i.Member("tools").Items()))
                .SelectMany(static t => Tools(t, null))],
            ForcedTool = choice.ValueKind switch
            {
                JsonValueKind.String when choice.GetString() == "required" => "",
                JsonValueKind.Object when choice.Text("type") is "function" or "custom" => choice.Text("name") ?? "",
                JsonValueKind.Object when choice.Text("type") == "allowed_tools" && choice.Text("mode") == "required" => "",
                _ => null,
            },
            ToolsForbidden = choice.ValueKind == JsonValueKind.String && choice.GetString() == "none",
            JsonSchema = format.Text("type") switch
            {
                "json_schema" => format.Member("schema"),
                "json_object" => default(JsonElement),
                _ => null,
            },
            ThinkingOmitted = body.Member("reasoning").Text("summary") is null,
            WorkingDirectory = Texts(body.Member("instructions")).Concat(items.SelectMany(static i => Texts(i.Member("content"))))
                .Select(PromptText.WorkingDirectory).FirstOrDefault(static f => f is not null),
        }, null);
    }

    /// <summary>Functions, custom tools, and both inside a namespace; what OpenAI runs itself is left alone.</summary>
    private static IEnumerable<PromptTool> Tools(JsonElement tool, string? group) => (tool.Text("type"), tool.Text("name")) switch
    {
        ("function", { } name) => [new(name, tool.Member("parameters")) { Namespace = group }],
        ("custom", { } name) => [new(name, FreeText) { Namespace = group, FreeText = true }],
        ("namespace", { } name) => tool.Member("tools").Items().SelectMany(t => Tools(t, name)),
        _ => [],
    };

    private static IEnumerable<string> Texts(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            yield return content.GetString()!;
        }

        foreach (var part in content.Items())
        {
            if (part.Text("type") is "input_text" or "output_text" && part.Text("text") is { } text)
            {
                yield return text;
            }
        }
    }
}
