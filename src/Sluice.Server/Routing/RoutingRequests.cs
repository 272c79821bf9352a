using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Core.Routing.Auto;
using Sluice.Core.Routing.Preferences;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Identity;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Routing;

/// <summary>Gathers what the planner needs from the caller, the headers and the scan of the body. The same for every surface.</summary>
internal static class RoutingRequests
{
    /// <summary>The scan with its model: where a body names none, the first of <c>models</c> is the model asked for.</summary>
    public static Envelope WithModel(Envelope envelope) => envelope.Model is null && envelope.FallbackModels.Count > 0
        ? envelope with { Model = envelope.FallbackModels[0], FallbackModels = [.. envelope.FallbackModels.Skip(1)] }
        : envelope;

    /// <summary>The request with its body, where its task may have to be told; as it is for everybody else.</summary>
    public static RoutingRequest WithPrompt(RoutingRequest request, ConfigSnapshot snapshot, Envelope envelope, ReadOnlyMemory<byte> body) =>
        snapshot.Auto.Concerns(request) ? request with { Prompt = new RequestPrompt(envelope, body, request.Origin.Role) } : request;

    /// <summary>The request as the planner sees it, or a 400 that names the member that cannot be understood.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="facts">What the headers say.</param>
    /// <param name="envelope">What the body says; its model is set.</param>
    /// <param name="body">The client's whole body.</param>
    /// <param name="surface">What is asked; on OpenRouter's paths requests that name no order are balanced, or go by tool calls where they have tools.</param>
    public static (RoutingRequest? Request, GatewayError? Error) Of(Caller caller, ClientFacts facts, Envelope envelope, ReadOnlySpan<byte> body, Surface surface)
    {
        var (preferences, error) = RequestPreferences.Read(envelope, body);
        if (error is not null)
        {
            return (null, error);
        }

        var (shortens, unclear) = CompressionWish.Read(envelope, body);
        if (unclear is not null)
        {
            return (null, unclear);
        }

        var request = new RoutingRequest(envelope.Model!)
        {
            MayBeShortened = shortens,
            FallbackModels = envelope.FallbackModels,
            // Of one user, so that two who use the same name never meet.
            Session = facts.Session is null ? null : $"{caller.User}\n{facts.Session}",
            AllowedModels = caller.AllowedModels,
            Preferences = preferences,
            // There, requests with tools go to who is good at them.
            DefaultSort = !surface.IsOpenRouters ? null : envelope.ToolCount > 0 ? RouteSort.Exacto : RouteSort.Balanced,
            // Chat bodies reach OpenRouter with all their members; other formats are translated, and then nobody behind it reads these.
            PreferencesTravel = envelope.Protocol == WireProtocol.OpenAIChat,
            ServiceTier = ServiceTiers.Asked(envelope.ServiceTier, envelope.Speed),
            Needs = new RequestNeeds(shortens ? envelope.EstimatedInputTokens / 2 : envelope.EstimatedInputTokens, envelope.MaxOutputTokens, envelope.HasImages, envelope.HasDocuments, envelope.ToolCount > 0, envelope.Parameters) { Stream = envelope.Stream, Makes = surface.Operation.Makes() },
            Origin = new RequestOrigin(caller.KeyId, caller.User)
            {
                Team = caller.Team,
                Project = facts.Project,
                Client = facts.Client,
                Role = facts.Role,
                Background = facts.Background,
                Tags = facts.Tags,
                Session = facts.Session,
            },
        };
        return (request, null);
    }
}
