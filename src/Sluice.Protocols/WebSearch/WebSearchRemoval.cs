using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.WebSearch;

/// <summary>Takes a translated search of the web out again, for a provider that does not search: many speak Anthropic's format without its tools, and accounts can have it switched off.</summary>
public static class WebSearchRemoval
{
    /// <summary>The request can be served without: another tool is there and no search is forced.</summary>
    public static bool IsPossible(ConversationRequest request, WireProtocol upstream) =>
        request.Tools.Any(t => IsForeign(t, upstream)) && request.Tools.Any(t => !IsForeign(t, upstream))
        && !(request.ToolChoice is { Mode: ToolChoiceMode.Named } forced && request.Tools.Any(t => IsForeign(t, upstream) && t.Name == forced.Name));

    /// <summary>The request without it; the same where it has none.</summary>
    public static ConversationRequest From(ConversationRequest request, WireProtocol upstream, DegradationLog degradations)
    {
        if (!IsPossible(request, upstream))
        {
            return request;
        }

        degradations.Add("tools.web_search", DegradationOutcome.Dropped, "The provider refused to search the web.");
        return request with { Tools = [.. request.Tools.Where(t => !IsForeign(t, upstream))] };
    }

    private static bool IsForeign(Tool tool, WireProtocol upstream) => tool is VendorTool vendor && vendor.From != upstream && WebSearchTool.Of(vendor) is not null;
}
