using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>Reads a Converse request; what Bedrock refuses is found by <see cref="ConverseRules"/>.</summary>
internal static class ConverseRequestReader
{
    public static (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if (ConverseRules.Refusal(body, signatures) is { } refusal)
        {
            return (null, refusal);
        }

        var messages = body.Member("messages").Items().ToList();
        var choice = body.Member("toolConfig").Member("toolChoice");
        var last = messages.LastOrDefault(static m => !IsOnlyAdded(m));
        var results = last.Member("content").Items().Select(static b => b.Member("toolResult")).Where(static r => r.ValueKind == JsonValueKind.Object)
            .Select(static r => string.Join("\n", r.Member("content").Items().Select(static c => c.Text("text") ?? (c.Member("json") is { ValueKind: not JsonValueKind.Undefined } json ? json.GetRawText() : "")))).ToList();
        return (new Prompt
        {
            Model = route.Model!,
            Body = body,
            Stream = route.Stream == true,
            MaxTokens = body.Member("inferenceConfig").Integer("maxTokens"),
            LastUserText = messages.Where(static m => m.Text("role") == "user").SelectMany(static m => Texts(m.Member("content"))).Select(PromptText.Said).LastOrDefault(static t => t is not null) ?? "",
            ToolResults = results.Count > 0 ? results : null,
            Tools = [.. body.Member("toolConfig").Member("tools").Items().Select(static t => t.Member("toolSpec")).Where(static s => s.Text("name") is not null)
                .Select(static s => new PromptTool(s.Text("name")!, s.Member("inputSchema").Member("json")))],
            ForcedTool = choice.Member("any").ValueKind == JsonValueKind.Object ? "" : choice.Member("tool").Text("name"),
            ThinkingOmitted = body.Member("additionalModelRequestFields").Member("thinking").Text("display") == "omitted",
            WorkingDirectory = Texts(body.Member("system")).Concat(messages.SelectMany(static m => Texts(m.Member("content"))))
                .Select(PromptText.WorkingDirectory).FirstOrDefault(static f => f is not null),
        }, null);
    }

    private static bool IsOnlyAdded(JsonElement message) => message.Text("role") == "user"
        && message.Member("content").Items().All(static b => b.Text("text") is not null) && PromptText.IsOnlyAdded(Texts(message.Member("content")));

    private static IEnumerable<string> Texts(JsonElement blocks) => blocks.Items().Select(static b => b.Text("text")).OfType<string>();
}
