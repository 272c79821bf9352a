namespace Sluice.Core.Catalogue;

/// <summary>What a model name means: the model, how the name was understood, and who can serve it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Endpoints">In configured order; empty when nobody serves it.</param>
/// <param name="How">How the name led to it, for explanations: <c>exact</c>, <c>alias</c>, <c>date</c>, <c>spelling</c>, …</param>
public sealed record ResolvedModel(Model Model, IReadOnlyList<ModelEndpoint> Endpoints, string How)
{
    /// <summary>The request's own variant behind a colon (<c>free</c>, <c>nitro</c>, …), null without one.</summary>
    public string? Variant { get; init; }
}

/// <summary>All models that can be named, and who serves them. Immutable.</summary>
public abstract class CatalogueTable
{
    /// <summary>Finds what a client's model name means; null when it means nothing.</summary>
    public abstract ResolvedModel? Resolve(string name);

    /// <summary>Up to three names close to <paramref name="name"/> that can be served now, best first.</summary>
    public abstract IReadOnlyList<string> Suggest(string name);

    /// <summary>Models that can be served now, in listing order.</summary>
    public abstract IReadOnlyList<ResolvedModel> Servable { get; }
}
