using Sluice.Core.Configuration;
using Sluice.Server.Admin;

namespace Sluice.Server.Operations;

/// <summary>Says what a model name means in the configuration in force.</summary>
internal sealed class ModelResolver(Func<ConfigSnapshot> snapshot) : IModelResolver
{
    /// <inheritdoc/>
    public ModelResolution Resolve(string name)
    {
        var catalogue = snapshot().Catalogue;
        return catalogue.Resolve(name) is { } found
            ? new ModelResolution(name, found.Model.Id, found.How,
                [.. found.Endpoints.Select(e => new ModelEndpointAnswer(e.Provider, e.UpstreamModel, e.Price?.Input, e.Price?.Output))], [])
            : new ModelResolution(name, Id: null, How: null, [], catalogue.Suggest(name));
    }
}
