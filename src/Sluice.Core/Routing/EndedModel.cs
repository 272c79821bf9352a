using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing;

/// <summary>A request for a model that has ended wherever it was served: its fallbacks answer and say why, or the refusal names the day and what to use now.</summary>
internal static class EndedModel
{
    private const int MostSuccessors = 3;

    /// <summary>Its last day is over wherever it was served.</summary>
    public static bool Is(ResolvedModel resolved, DateOnly today) => resolved.Endpoints.Count > 0 && resolved.Endpoints.All(endpoint => endpoint.Ends < today);

    /// <summary>The plan with the reason in it. The model itself has no candidates left.</summary>
    public static Plan Mark(Plan plan, RoutingRequest request, ResolvedModel ended, ConfigSnapshot snapshot)
    {
        var day = ended.Endpoints.Max(endpoint => endpoint.Ends)!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (plan.Candidates.Count == 0)
        {
            return plan.Refusal is { Status: 404 } ? plan with { Refusal = Refusal(ended.Model, day, Successors(ended.Model, request, snapshot)) } : plan;
        }

        return plan with { Candidates = [.. plan.Candidates.Select(candidate => candidate with { Reason = $"{ended.Model.Id} ended on {day}: {candidate.Reason}" })] };
    }

    private static GatewayError Refusal(Model model, string day, IReadOnlyList<string> successors) =>
        new(ErrorKind.ModelNotFound, ErrorSource.Client, 404, $"The model '{model.Id}' ended on {day}.{(successors.Count == 0 ? "" : $" Use {string.Join(" or ", successors)}.")}")
        {
            Param = "model",
            Reason = "model_deprecated",
            ShouldRetry = false,
            FallbackModels = successors,
            Remedy = "Name another model; an administrator gives the old name a fallback in `fallbacks`, or a later day in `models[].ends`.",
        };

    // The newest of the same family that the key may use.
    private static IReadOnlyList<string> Successors(Model model, RoutingRequest request, ConfigSnapshot snapshot)
    {
        var (author, family) = FamilyOf(model);
        return
        [
            .. snapshot.Catalogue.Servable
                .Where(other => other.Model.Id != model.Id && FamilyOf(other.Model) == (author, family) && other.Endpoints.Any(endpoint => endpoint.Ends is null)
                    && ModelPermission.Allows(request.AllowedModels, other.Model.Id, other, snapshot.Catalogue))
                .OrderByDescending(other => other.Model.Released ?? DateOnly.MinValue)
                .Take(MostSuccessors)
                .Select(other => other.Model.Id),
        ];
    }

    private static (string Author, string Family) FamilyOf(Model model)
    {
        var slash = model.Id.IndexOf('/', StringComparison.Ordinal);
        return (model.Id[..Math.Max(slash, 0)], ModelFamilies.Of(model.Id[(slash + 1)..]));
    }
}
