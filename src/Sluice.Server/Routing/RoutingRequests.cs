using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;
using Sluice.Server.Identity;

namespace Sluice.Server.Routing;

/// <summary>Gathers what the planner needs from the caller, the headers and the scan of the body. The same for every surface.</summary>
internal static class RoutingRequests
{
    /// <summary>The request as the planner sees it.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="facts">What the headers say.</param>
    /// <param name="envelope">What the body says; its model is set.</param>
    public static RoutingRequest Of(Caller caller, ClientFacts facts, Envelope envelope) => new(envelope.Model!)
    {
        FallbackModels = envelope.FallbackModels,
        // Of one user, so that two who use the same name never meet.
        Session = facts.Session is null ? null : $"{caller.User}\n{facts.Session}",
        AllowedModels = caller.AllowedModels,
        Needs = new RequestNeeds(envelope.EstimatedInputTokens, envelope.MaxOutputTokens, envelope.HasImages, envelope.HasDocuments, envelope.ToolCount > 0, envelope.Parameters),
        Origin = new RequestOrigin(caller.KeyId, caller.User)
        {
            Team = caller.Team,
            Project = facts.Project,
            Client = facts.Client,
            Tags = facts.Tags,
            Session = facts.Session,
        },
    };
}
