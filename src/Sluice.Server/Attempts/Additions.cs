using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.WebSearch;
using Sluice.Server.Surfaces;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Attempts;

/// <summary>
/// What a request asks for outside of its vendor's members: a search of the web (<c>:online</c>, the plugin <c>web</c>) and thinking
/// (<c>:thinking</c>). A gateway behind this one does it itself; for everybody else the request is written anew with it.
/// </summary>
/// <param name="Search">The tool to add; null for none.</param>
/// <param name="Thinks">Thinking is to be switched on.</param>
internal readonly record struct Additions(Tool? Search, bool Thinks)
{
    private const string Online = ":online";
    private const string Thinking = ":thinking";

    // What OpenRouter makes of reasoning that is switched on and no more.
    private const string Effort = "medium";

    /// <summary>There are some.</summary>
    public bool Any => Search is not null || Thinks;

    /// <summary>What to add for one candidate.</summary>
    public static Additions Of(InferenceRequest request, Candidate candidate)
    {
        if (request.Surface.Operation != SurfaceOperation.Generate || ProviderKinds.IsGateway(candidate.Provider))
        {
            return default;
        }

        var thinks = IsNamed(request, Thinking) && !request.Envelope.WantsThinking && (request.Envelope.Parameters & RequestParameters.Reasoning) == RequestParameters.None
            && candidate.Endpoint.Model.Traits.Reasoning != false;
        return new Additions(SearchOf(request), thinks);
    }

    /// <summary>The upstream's name of the model, with the suffix by which a gateway searches where nothing else would tell it.</summary>
    public static string ModelOf(InferenceRequest request, Candidate candidate)
    {
        var name = candidate.Endpoint.UpstreamModel;
        return ProviderKinds.IsGateway(candidate.Provider) && IsNamed(request, Online) && !name.EndsWith(Online, StringComparison.OrdinalIgnoreCase) ? name + Online
            : ProviderKinds.IsGateway(candidate.Provider) && IsNamed(request, Thinking) && !name.EndsWith(Thinking, StringComparison.OrdinalIgnoreCase) ? name + Thinking
            : name;
    }

    /// <summary>The conversation with them.</summary>
    public ConversationRequest To(ConversationRequest conversation, WireProtocol wire, DegradationLog degradations)
    {
        if (Search is { } search && !conversation.Tools.Any(tool => tool.Name == search.Name))
        {
            if (WireFormats.Upstream(wire).SearchesByTool)
            {
                conversation = conversation with { Tools = [.. conversation.Tools, search] };
            }
            else
            {
                degradations.Add("web_search", DegradationOutcome.Dropped, "The upstream's format has no tool that searches the web.");
            }
        }

        return Thinks && conversation.Reasoning is null ? conversation with { Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) { Effort = Effort } } : conversation;
    }

    private static Tool? SearchOf(InferenceRequest request)
    {
        foreach (var member in request.Envelope.GatewayMembers)
        {
            if (member.Name == "plugins" && WebPlugin.Of(request.Body.Bytes.Slice(member.Value.Start, member.Value.Length)) is { } tool)
            {
                return tool;
            }
        }

        return IsNamed(request, Online) ? WebPlugin.Plain : null;
    }

    private static bool IsNamed(InferenceRequest request, string variant) => request.Envelope.Model!.EndsWith(variant, StringComparison.OrdinalIgnoreCase);
}
