using System.Text.Json;
using Sluice.Core.Health;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Schemas;

namespace Sluice.Server.ToolCalls;

/// <summary>The tools that a request declares, ready to judge calls by. Immutable.</summary>
internal sealed class DeclaredTools
{
    // Null schemas: free text, or a schema that is no JSON.
    private readonly Dictionary<string, JsonElement?> _tools = new(StringComparer.Ordinal);
    private readonly bool _takesOthers;

    public DeclaredTools(IReadOnlyList<Tool> tools)
    {
        foreach (var tool in tools)
        {
            switch (tool)
            {
                case FunctionTool function:
                    _tools[NameOf(tool.Namespace, tool.Name)] = Parse(function.Schema.Utf8);
                    break;
                case CustomTool:
                    _tools[NameOf(tool.Namespace, tool.Name)] = null;
                    break;
                default:
                    // A vendor's own tool: calls of it may have names that stand nowhere in the request.
                    _takesOthers = true;
                    break;
            }
        }
    }

    /// <summary>A tool's name with its namespace, which names of formats without namespaces cannot be taken for.</summary>
    public static string NameOf(string? group, string name) => group is null ? name : $"{group}\n{name}";

    /// <summary>What the calls of one answer are worth: the first fault of the first call at fault.</summary>
    public ToolCallOutcome Judge(IReadOnlyList<CalledTool> calls)
    {
        foreach (var call in calls)
        {
            if (Judge(call) is var outcome and not ToolCallOutcome.Good)
            {
                return outcome;
            }
        }

        return ToolCallOutcome.Good;
    }

    private ToolCallOutcome Judge(CalledTool call)
    {
        if (!_tools.TryGetValue(call.Name, out var schema))
        {
            return _takesOthers ? ToolCallOutcome.Good : ToolCallOutcome.UnknownName;
        }

        if (call.IsText)
        {
            return ToolCallOutcome.Good;
        }

        // A call without arguments is written as nothing by some.
        if (Parse(System.Text.Encoding.UTF8.GetBytes(call.Arguments.Length == 0 ? "{}" : call.Arguments)) is not { } arguments)
        {
            return ToolCallOutcome.InvalidJson;
        }

        return schema is not { } known || ArgumentCheck.Allows(known, arguments) ? ToolCallOutcome.Good : ToolCallOutcome.SchemaMismatch;
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
