using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing;

/// <summary>What whoever asks for a service tier should know that nobody offers the model in.</summary>
internal static class TierNotes
{
    public static IReadOnlyList<string> Of(string? asked, ModelToTry model, ModelRoutes routes) =>
        asked is null || model.IsFallback || routes.Has(asked)
            ? []
            : [$"No endpoint of {model.Resolved.Model.Id} is known to be offered in the service tier '{asked}': the ordinary ones were asked, with the tier as the request names it."];
}
