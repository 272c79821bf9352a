using Sluice.Core.Catalogue;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Core.Routing;

/// <summary>What a client is told that asks a model for something it does not make: what it makes, and who makes what is asked for.</summary>
internal static class WrongProduct
{
    private const int MostNamed = 5;

    /// <summary>404; null where the model asked for makes it, or nobody knows what it makes.</summary>
    public static GatewayError? Refusal(RoutingRequest request, ResolvedModel? resolved, CatalogueTable catalogue)
    {
        var wanted = request.Needs.Makes;
        if (resolved?.Model.Traits.Makes is not { } makes || (makes & wanted) != Products.None)
        {
            return null;
        }

        var others = new List<string>();
        foreach (var other in catalogue.Servable)
        {
            // Not even the names of models that the key may not use are given away.
            if (others.Count < MostNamed && other.Model.Traits.Makes is { } theirs && (theirs & wanted) != Products.None
                && ModelPermission.Allows(request.AllowedModels, other.Model.Id, other, catalogue))
            {
                others.Add(other.Model.Id);
            }
        }

        var asked = string.Join(" and ", ProductWords.Of(wanted));
        var remedy = wanted == Products.Text ? $"Ask '{resolved.Model.Id}' at the path of what it makes, or name a model that writes text."
            : others.Count > 0 ? $"Models that make {asked} here: {string.Join(", ", others)}."
            : $"No configured provider has a model that is known to make {asked}; an administrator adds one, or says with `makes` in the configuration which does.";
        return new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Client, 404, $"The model '{resolved.Model.Id}' makes {string.Join(" and ", ProductWords.Of(makes))}, no {asked}. {remedy}")
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = remedy,
        };
    }
}
