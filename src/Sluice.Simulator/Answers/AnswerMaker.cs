using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Simulator.Answers;

/// <summary>Makes answers from prompts: no state, no chance, so equal requests get equal answers.</summary>
internal sealed partial class AnswerMaker(ThinkingSignature signatures)
{
    /// <summary>Calls in one answer at most, whatever the prompt asks for.</summary>
    private const int MaxParallel = 64;

    /// <summary>Deltas of <c>sim/burst/N</c> at most.</summary>
    private const int MaxBurst = 100_000;

    /// <param name="prompt">The request.</param>
    /// <param name="id">Hexadecimal, 32 digits or more; ids in the answer are made of it.</param>
    /// <param name="callTool">A fault needs a tool call to strike in: call one if there is any tool.</param>
    public Answer Make(Prompt prompt, string id, bool callTool)
    {
        var model = prompt.Model.StartsWith("sim/", StringComparison.Ordinal) ? prompt.Model[4..] : prompt.Model;
        var blocks = new List<AnswerBlock>();
        if (model == "think")
        {
            var thinking = "Thinking about: " + prompt.LastUserText;
            var shown = prompt.ThinkingOmitted ? "" : thinking;
            blocks.Add(new AnswerBlock.Thinking(shown, signatures.Sign(shown, thinking)));
        }

        var calls = Calls(prompt, model, id, callTool);
        if (calls.Count > 0)
        {
            blocks.AddRange(calls);
            return WithOutput(new Answer(id, blocks, AnswerStop.ToolCalls) { Mark = signatures.Mark(id), PartSignature = signatures.Sign(ThinkingSignature.PartText, id) });
        }

        var text = Text(prompt, model);
        var stop = AnswerStop.End;
        if (prompt.MaxTokens is { } most && TokenCount.Of(text) > most)
        {
            text = Cut(text, most);
            stop = AnswerStop.Length;
        }

        if (text.Length > 0)
        {
            blocks.Add(new AnswerBlock.Text(text));
        }

        return WithOutput(new Answer(id, blocks, stop) { Mark = signatures.Mark(id), PartSignature = signatures.Sign(ThinkingSignature.PartText, id) });
    }

    private static Answer WithOutput(Answer answer)
    {
        int output = 0, reasoning = 0;
        foreach (var block in answer.Blocks)
        {
            switch (block)
            {
                case AnswerBlock.Thinking thinking:
                    reasoning += TokenCount.Of(thinking.Value);
                    break;
                case AnswerBlock.Text text:
                    output += TokenCount.Of(text.Value);
                    break;
                case AnswerBlock.ToolCall call:
                    output += TokenCount.Of(call.Name) + TokenCount.Of(call.Arguments);
                    break;
            }
        }

        return answer with { Usage = AnswerUsage.None with { Output = Math.Max(1, output + reasoning), Reasoning = reasoning } };
    }

    private static string Text(Prompt prompt, string model)
    {
        if (prompt.JsonSchema is { } schema)
        {
            return schema.ValueKind == JsonValueKind.Object
                ? SchemaSample.Json(schema, name => StringFor(name, prompt))
                : Encoding.UTF8.GetString(Wires.Json.Bytes(w =>
                {
                    w.WriteStartObject();
                    w.WriteString("answer"u8, prompt.LastUserText);
                    w.WriteEndObject();
                }));
        }

        if (model.StartsWith("burst/", StringComparison.Ordinal) && int.TryParse(model.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return string.Concat(Enumerable.Repeat(" token", Math.Min(count, MaxBurst)));
        }

        if (prompt.ToolResults is { Count: > 0 } results)
        {
            return "The tool said: " + string.Join("\n", results);
        }

        // Nothing but the echo: a client's nonce comes back exactly, and nothing has to be taken off to compare.
        return model == "echo" ? prompt.LastUserText : "Simulated answer to: " + prompt.LastUserText;
    }

    private static List<AnswerBlock> Calls(Prompt prompt, string model, string id, bool callTool)
    {
        if (prompt.Tools.Count == 0 || prompt.ToolsForbidden || model == "echo")
        {
            return [];
        }

        if (prompt.ForcedTool is { Length: > 0 } forced && prompt.Tools.FirstOrDefault(t => t.Name == forced) is { } named)
        {
            return [Call(named, prompt, id, 0)];
        }

        if (prompt.ToolResults is null && model is not "tools" && FileMention().Match(prompt.LastUserText) is { Success: true } file
            && FileReading.Of(prompt.Tools, Absolute(file.Value, prompt.WorkingDirectory)) is { } reading)
        {
            return [new AnswerBlock.ToolCall(Hash(id, 0), reading.Tool.Name, reading.Arguments, reading.Tool)];
        }

        var count = ParallelWish().Match(prompt.LastUserText) is { Success: true } wish
            ? Math.Clamp(int.Parse(wish.Groups["n"].ValueSpan, CultureInfo.InvariantCulture), 1, MaxParallel)
            : 1;
        if ((model != "tools" || prompt.ToolResults is not null) && prompt.ForcedTool is null && !callTool && (count == 1 || prompt.ToolResults is not null))
        {
            return [];
        }

        return [.. Enumerable.Range(0, count).Select(i => Call(prompt.Tools[i % prompt.Tools.Count], prompt, id, i))];
    }

    private static AnswerBlock.ToolCall Call(PromptTool tool, Prompt prompt, string id, int index) =>
        new(Hash(id, index), tool.Name, SchemaSample.Json(tool.Schema, name => StringFor(name, prompt)), tool);

    private static string Hash(string id, int index) => id[..20] + index.ToString("x4", CultureInfo.InvariantCulture);

    private static string Absolute(string file, string? folder) =>
        folder is null || file.StartsWith('/') ? file : folder.TrimEnd('/') + "/" + file;

    private static string StringFor(string name, Prompt prompt)
    {
        if (name.Contains("path", StringComparison.OrdinalIgnoreCase) || name.Contains("file", StringComparison.OrdinalIgnoreCase))
        {
            var file = FileMention().Match(prompt.LastUserText);
            return Absolute(file.Success ? file.Value : "sample.txt", prompt.WorkingDirectory);
        }

        if (name is "command" or "cmd")
        {
            return "echo simulated";
        }

        if (name.Contains("city", StringComparison.OrdinalIgnoreCase) || name.Contains("location", StringComparison.OrdinalIgnoreCase))
        {
            return "Vienna";
        }

        var text = prompt.LastUserText.ReplaceLineEndings(" ").Trim();
        return text.Length == 0 ? "sample" : text.Length <= 60 ? text : text[..(char.IsHighSurrogate(text[59]) ? 59 : 60)];
    }

    private static string Cut(string text, int tokens)
    {
        var bytes = 0;
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > (long)tokens * TokenCount.BytesPerToken)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }

    [GeneratedRegex(@"/?[\w-]+(?:[./][\w-]+)*\.[A-Za-z][A-Za-z0-9]{0,7}\b", RegexOptions.NonBacktracking)]
    private static partial Regex FileMention();

    [GeneratedRegex(@"\bparallel (?<n>\d{1,3})\b", RegexOptions.NonBacktracking)]
    private static partial Regex ParallelWish();
}
