using System.Text.Json;

namespace Sluice.Simulator.Answers;

/// <summary>What the simulator looks at in a request, whatever the wire format. Elements live as long as the parsed body.</summary>
internal sealed record Prompt
{
    public required string Model { get; init; }

    public bool Stream { get; init; }

    /// <summary>The stream is to carry usage (OpenAI's <c>stream_options.include_usage</c>; always so at Anthropic).</summary>
    public bool StreamUsage { get; init; } = true;

    /// <summary>What the person said last, without the reminders that agents add.</summary>
    public string LastUserText { get; init; } = "";

    /// <summary>Texts of the tool results that the conversation ends with; null when it does not end with any.</summary>
    public IReadOnlyList<string>? ToolResults { get; init; }

    public IReadOnlyList<PromptTool> Tools { get; init; } = [];

    /// <summary>The request says that a tool has to be called: its name, or empty for any; null when it need not.</summary>
    public string? ForcedTool { get; init; }

    /// <summary>No tool may be called.</summary>
    public bool ToolsForbidden { get; init; }

    /// <summary>The answer has to be JSON of this schema; an undefined element for any JSON object; null for text.</summary>
    public JsonElement? JsonSchema { get; init; }

    /// <summary>Working directory as the agent's prompt names it.</summary>
    public string? WorkingDirectory { get; init; }

    public int? MaxTokens { get; init; }

    /// <summary>The request itself, for formats whose answers repeat parts of it.</summary>
    public JsonElement Body { get; init; }

    /// <summary>Texts to make vectors of.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Thinking is to be signed and left out (Anthropic's <c>display: omitted</c>).</summary>
    public bool ThinkingOmitted { get; init; }
}

/// <param name="Name">The tool.</param>
/// <param name="Schema">Of its arguments.</param>
internal sealed record PromptTool(string Name, JsonElement Schema)
{
    /// <summary>The group that the tool was declared in, which has to come back beside its name (OpenAI Responses); null for none.</summary>
    public string? Namespace { get; init; }

    /// <summary>Takes free text: of the arguments only the member <c>input</c> is sent.</summary>
    public bool FreeText { get; init; }
}
