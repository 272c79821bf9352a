using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>
/// Writes <c>toolConfig</c>. Converse has no choice "none", and refuses a history of tool calls without tools: so the tools stay where the
/// history has calls, and go where nothing may be called and nothing was.
/// </summary>
internal sealed class ConverseToolsWriter(ConversationRequest request, ConverseModel model, CachePoints cache, DegradationLog degradations)
{
    /// <summary>Refuses a request that demands a tool which Bedrock does not have.</summary>
    public GatewayError? Refuse()
    {
        var forced = request.ToolChoice?.Mode switch
        {
            ToolChoiceMode.Named => request.Tools.FirstOrDefault(t => t.Name == request.ToolChoice.Name),
            ToolChoiceMode.Any when request.Tools.Count == 1 => request.Tools[0],
            _ => null,
        };
        return forced is null or FunctionTool ? null
            : new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400,
                $"tools: '{FeatureWords.Clean(forced.Name, 64)}' must be called, but Bedrock's Converse has no such tool. Use a function tool, or a model whose provider runs it.")
            {
                Param = "tools",
            };
    }

    /// <summary>Writes the member, or nothing.</summary>
    public void Write(Utf8JsonWriter json, IReadOnlyList<(Role Role, List<ContentPart> Parts)> turns, bool thinks)
    {
        var history = Called(turns);
        var tools = new List<FunctionTool>();
        foreach (var tool in request.Tools)
        {
            if (tool is FunctionTool function)
            {
                FurtherMembers.Note(function, "The member of a tool has no equivalent in Bedrock's Converse.", degradations);
                tools.Add(function);
            }
            else
            {
                var name = FeatureWords.Clean(tool is VendorTool vendor ? vendor.Type : tool.Name, 40);
                degradations.Add("tools." + name, DegradationOutcome.Dropped, $"Bedrock's Converse has no tool '{name}'.");
            }
        }

        var forbidden = request.ToolChoice?.Mode == ToolChoiceMode.None;
        if (forbidden && tools.Count > 0)
        {
            if (history.Count == 0)
            {
                degradations.Add("tool_choice", DegradationOutcome.Emulated, "Bedrock has no choice 'none': the tools were left out.");
                return;
            }

            degradations.Add("tool_choice", DegradationOutcome.Weakened, "Bedrock has no choice 'none', and a history of tool calls needs the tools: the model may call one.");
        }

        if (tools.Count == 0 && history.Count > 0)
        {
            degradations.Add("tools", DegradationOutcome.Emulated, "A history of tool calls needs tools on Bedrock: the tools that it names were declared without arguments.");
            tools.AddRange(history.Select(name => new FunctionTool(name, Description: null, RawJson.EmptyObject)));
        }

        if (tools.Count == 0)
        {
            return;
        }

        json.WriteStartObject("toolConfig"u8);
        json.WriteStartArray("tools"u8);
        foreach (var tool in tools)
        {
            WriteTool(json, tool);
        }

        json.WriteEndArray();
        WriteChoice(json, thinks);
        json.WriteEndObject();
    }

    private void WriteTool(Utf8JsonWriter json, FunctionTool tool)
    {
        json.WriteStartObject();
        json.WriteStartObject("toolSpec"u8);
        json.WriteString("name"u8, tool.Name);
        if (!string.IsNullOrWhiteSpace(tool.Description))
        {
            json.WriteString("description"u8, tool.Description);
        }

        if (tool.Strict == true && TakesStrict)
        {
            json.WriteBoolean("strict"u8, value: true);
        }
        else if (tool.Strict == true)
        {
            degradations.Add("tools.strict", DegradationOutcome.Dropped, "This model cannot be held to a tool's schema: arguments follow it as the model sees fit.");
        }

        json.WriteStartObject("inputSchema"u8);
        json.WritePropertyName("json"u8);
        AnthropicBlocks.WriteSchema(json, tool.Schema);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        cache.WriteBehindTool(json, tool.Cache);
    }

    // What other models make of the member is not documented; they were never seen to take it.
    private bool TakesStrict => model.IsClaude || model.IsNova;

    private void WriteChoice(Utf8JsonWriter json, bool thinks)
    {
        if (request.ParallelToolCalls == false)
        {
            degradations.Add("parallel_tool_calls", DegradationOutcome.Dropped, "Bedrock's Converse cannot be held to one tool call an answer.");
        }

        var mode = request.ToolChoice?.Mode;
        if (thinks && model.IsClaude && mode is ToolChoiceMode.Any or ToolChoiceMode.Named)
        {
            degradations.Add("tool_choice", DegradationOutcome.Weakened, "Claude cannot be forced to a tool while it thinks: the choice became 'auto'.");
            mode = ToolChoiceMode.Auto;
        }

        if (mode is null or ToolChoiceMode.None)
        {
            return;
        }

        json.WriteStartObject("toolChoice"u8);
        json.WriteStartObject(mode switch { ToolChoiceMode.Any => "any"u8, ToolChoiceMode.Named => "tool"u8, _ => "auto"u8 });
        if (mode == ToolChoiceMode.Named)
        {
            json.WriteString("name"u8, request.ToolChoice!.Name);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static List<string> Called(IReadOnlyList<(Role Role, List<ContentPart> Parts)> turns) =>
        [.. turns.SelectMany(t => t.Parts).OfType<ToolCallPart>().Select(c => c.Name).Distinct(StringComparer.Ordinal)];
}
