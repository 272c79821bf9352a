using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>Reads a generateContent request; what Google refuses is found by <see cref="GeminiRules"/>.</summary>
internal static class GeminiRequestReader
{
    public static (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        var model = route.Model!;
        if (GeminiRules.Refusal(body, model, signatures) is { } refusal)
        {
            return (null, refusal);
        }

        var contents = body.Member("contents").Items().ToList();
        var generation = body.Field("generationConfig");
        var calling = body.Field("toolConfig").Field("functionCallingConfig");
        var mode = calling.Text("mode");
        var allowed = calling.Field("allowedFunctionNames").Items().Select(static n => n.GetString()).ToList();
        var last = contents.LastOrDefault(static c => !IsOnlyAdded(c));
        var results = last.Member("parts").Items().Select(static p => p.Field("functionResponse")).Where(static r => r.ValueKind == JsonValueKind.Object).Select(Result).ToList();
        var tools = body.Member("tools").Items().SelectMany(static t => t.Field("functionDeclarations").Items()).Where(static f => f.Text("name") is not null)
            .Select(static f => new PromptTool(f.Text("name")!, f.Field("parametersJsonSchema") is { ValueKind: JsonValueKind.Object } json ? json : f.Member("parameters"))).ToList();
        return (new Prompt
        {
            Model = model,
            Body = body,
            Stream = route.Stream == true,
            MaxTokens = generation.Field("maxOutputTokens") is { ValueKind: JsonValueKind.Number } most && most.TryGetInt32(out var tokens) ? tokens : null,
            LastUserText = contents.Where(static c => c.Text("role") is null or "user").SelectMany(Texts).Select(PromptText.Said).LastOrDefault(static t => t is not null) ?? "",
            ToolResults = results.Count > 0 ? results : null,
            Tools = allowed.Count > 0 ? [.. tools.Where(t => allowed.Contains(t.Name))] : tools,
            ForcedTool = mode == "ANY" ? "" : null,
            ToolsForbidden = mode == "NONE",
            JsonSchema = generation.Field("responseMimeType") is { ValueKind: JsonValueKind.String } type && type.ValueEquals("application/json"u8)
                ? generation.Field("responseJsonSchema") is { ValueKind: JsonValueKind.Object } schema ? schema : generation.Field("responseSchema")
                : null,
            ThinkingOmitted = generation.Field("thinkingConfig").Field("includeThoughts").ValueKind != JsonValueKind.True,
            WorkingDirectory = contents.Prepend(body.Field("systemInstruction")).SelectMany(Texts).Select(PromptText.WorkingDirectory).FirstOrDefault(static f => f is not null),
        }, null);
    }

    private static bool IsOnlyAdded(JsonElement content) => content.Text("role") is null or "user"
        && content.Member("parts").Items().All(static p => p.Text("text") is not null) && PromptText.IsOnlyAdded(Texts(content));

    /// <summary>By custom the text is under <c>output</c>, <c>result</c> or <c>error</c>; else the whole object is it.</summary>
    private static string Result(JsonElement response)
    {
        var value = response.Member("response");
        return value.Text("output") ?? value.Text("result") ?? value.Text("error") ?? (value.ValueKind == JsonValueKind.Undefined ? "" : value.GetRawText());
    }

    private static IEnumerable<string> Texts(JsonElement content) =>
        content.Member("parts").Items().Where(static p => !p.Flag("thought")).Select(static p => p.Text("text")).OfType<string>();
}
