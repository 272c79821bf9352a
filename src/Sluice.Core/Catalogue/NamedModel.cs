namespace Sluice.Core.Catalogue;

/// <summary>A model of the configuration file.</summary>
/// <param name="Model">What it is.</param>
/// <param name="Endpoints">All of them.</param>
internal sealed record NamedModel(Model Model, IReadOnlyList<ModelEndpoint> Endpoints);
