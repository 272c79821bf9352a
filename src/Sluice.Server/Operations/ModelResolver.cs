using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Server.Admin;

namespace Sluice.Server.Operations;

/// <summary>Says what a model name means in the configuration in force.</summary>
internal sealed class ModelResolver(Func<ConfigSnapshot> snapshot) : IModelResolver
{
    /// <inheritdoc/>
    public ModelResolution Resolve(string name)
    {
        var current = snapshot();
        var catalogue = current.Catalogue;
        return catalogue.Resolve(name) is { } found
            ? Describe(name, current.Auto.Find(found) ?? found)
            : new ModelResolution(name, Id: null, How: null, [], catalogue.Suggest(name));
    }

    /// <inheritdoc/>
    public IReadOnlyList<ModelResolution> List() => [.. snapshot().Catalogue.Servable.Select(m => Describe(m.Model.Id, m))];

    private static ModelResolution Describe(string name, ResolvedModel found) =>
        new(name, found.Model.Id, found.How, [.. found.Endpoints.Select(Describe)], []) { Ends = found.Model.Ends };

    private static ModelEndpointAnswer Describe(ModelEndpoint endpoint) => new(endpoint.Provider, endpoint.UpstreamModel, endpoint.Price?.Input, endpoint.Price?.Output)
    {
        CacheReadUsdPerMillion = endpoint.Price?.CacheRead,
        CacheWriteUsdPerMillion = endpoint.Price?.CacheWrite5m,
        PriceSource = endpoint.Price?.Source,
        ContextTokens = endpoint.ContextLength,
        OutputTokens = endpoint.MaxOutputTokens,
    };
}
