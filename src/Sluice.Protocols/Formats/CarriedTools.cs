using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Which of a request's tools an upstream can be given. Tools that the client runs are carried; tools that another vendor runs cannot be: they are left out
/// and reported, or refused where the request hangs on them.
/// </summary>
internal static class CarriedTools
{
    /// <summary>Asks <paramref name="carry"/> for each tool as the upstream takes it, null where it cannot be given. The refusal says why the request cannot be served without one.</summary>
    public static (List<Tool> Tools, GatewayError? Refusal) Of(ConversationRequest request, UpstreamTarget target, Func<Tool, Tool?> carry)
    {
        var carried = new List<Tool>(request.Tools.Count);
        VendorTool? left = null;
        VendorTool? forced = null;
        foreach (var tool in request.Tools)
        {
            if (carry(tool) is { } given)
            {
                carried.Add(given);
            }
            else if (tool is VendorTool vendor && !vendor.Type.StartsWith("tool_search_tool", StringComparison.Ordinal))
            {
                left ??= vendor;
                forced ??= request.ToolChoice is { Mode: ToolChoiceMode.Named } named && named.Name == vendor.Name ? vendor : null;
            }
        }

        var missed = forced ?? (carried.Count == 0 ? left : null);
        return (carried, missed is null ? null : Refuse(missed, target));
    }

    /// <summary>The function with an equal schema that stands for a typed tool which the client runs; null for one that runs at its vendor. Tells either.</summary>
    public static FunctionTool? FunctionFor(VendorTool tool, DegradationLog degradations)
    {
        var equal = WireFormats.Client(tool.From).FunctionFor(tool);
        degradations.Add("tools." + FeatureWords.Of(tool.Type),
            equal is null ? DegradationOutcome.Dropped : DegradationOutcome.Emulated,
            equal is null ? "The tool runs at its vendor only." : "The typed tool became a function with an equal schema.");
        return equal;
    }

    private static GatewayError Refuse(VendorTool tool, UpstreamTarget target) =>
        new(ErrorKind.InvalidRequest, ErrorSource.Client, 400, $"The tool '{tool.Name}' ({tool.Type}) runs at its vendor and cannot be used with {target.Model}.")
        {
            Param = "tools",
            Remedy = "Leave the tool out, or choose a model of the vendor that runs it.",
        };
}
