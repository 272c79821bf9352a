using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Answers;

/// <summary>How an agent is made to read a file: by a tool of its own for that, else through a shell, else by a script.</summary>
internal static class FileReading
{
    /// <summary>The call; null where the agent has no such tool.</summary>
    /// <param name="tools">The agent's.</param>
    /// <param name="file">Path, as absolute as it is known.</param>
    public static (PromptTool Tool, string Arguments)? Of(IReadOnlyList<PromptTool> tools, string file) =>
        First(tools, tool => Reader(tool, file)) ?? First(tools, tool => Shell(tool, file)) ?? First(tools, tool => Script(tool, file));

    private static (PromptTool Tool, string Arguments)? First(IReadOnlyList<PromptTool> tools, Func<PromptTool, string?> arguments)
    {
        foreach (var tool in tools)
        {
            if (arguments(tool) is { } found)
            {
                return (tool, found);
            }
        }

        return null;
    }

    private static string? Reader(PromptTool tool, string file)
    {
        if (tool.Name is not ("Read" or "read" or "read_file" or "ReadFile" or "readFile"))
        {
            return null;
        }

        foreach (var argument in (ReadOnlySpan<string>)["file_path", "filePath", "absolute_path", "path"])
        {
            if (Takes(tool, argument))
            {
                return Arguments(w => w.WriteString(argument, file));
            }
        }

        return null;
    }

    // Codex's, under its two names: one command line, or the words of a command.
    private static string? Shell(PromptTool tool, string file) => tool.Name switch
    {
        "exec_command" when Takes(tool, "cmd") => Arguments(w => w.WriteString("cmd"u8, CommandLine(file))),
        "shell" when Takes(tool, "command") => Arguments(w =>
        {
            w.WriteStartArray("command"u8);
            w.WriteStringValue("cat"u8);
            w.WriteStringValue(file);
            w.WriteEndArray();
        }),
        _ => null,
    };

    // Codex's for the models that it knows best: JavaScript as free text, with the shell as one of the script's functions. A translation names it by
    // its namespace too, and its text is then the argument of a function.
    private static string? Script(PromptTool tool, string file) =>
        (tool.Name == "exec" || tool.Name.EndsWith("__exec", StringComparison.Ordinal)) && Takes(tool, "input")
            ? Arguments(w => w.WriteString("input"u8, $"const r = await tools.exec_command({Arguments(a => a.WriteString("cmd"u8, CommandLine(file)))}); text(r.output);"))
            : null;

    private static string CommandLine(string file) => "cat '" + file.Replace("'", """'\''""", StringComparison.Ordinal) + "'";

    private static bool Takes(PromptTool tool, string argument) =>
        tool.Schema.ValueKind == JsonValueKind.Object && tool.Schema.TryGetProperty("properties", out var properties)
        && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(argument, out _);

    private static string Arguments(Action<Utf8JsonWriter> members) => Encoding.UTF8.GetString(Wires.Json.Bytes(w =>
    {
        w.WriteStartObject();
        members(w);
        w.WriteEndObject();
    }));
}
