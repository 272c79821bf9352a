using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;

namespace Sluice.Core.Resilience;

/// <summary>Who could serve a model, its fallbacks included, whatever their health is now.</summary>
public static class FallbackPaths
{
    /// <summary>The fallback chain that counts for a model: its own, else that of <c>*</c>, without itself and without names that mean nothing.</summary>
    public static IReadOnlyList<ResolvedModel> ChainOf(ConfigSnapshot snapshot, Model model)
    {
        if (!snapshot.Fallbacks.TryGetValue(model.Id, out var names) && !snapshot.Fallbacks.TryGetValue("*", out names))
        {
            return [];
        }

        return [.. names.Select(snapshot.Catalogue.Resolve).OfType<ResolvedModel>().Where(next => next.Model.Id != model.Id)];
    }

    /// <summary>The providers that can serve a model or one of its fallbacks, in the order in which they are tried, each once.</summary>
    public static IReadOnlyList<string> ProvidersOf(ConfigSnapshot snapshot, ResolvedModel model) =>
    [
        .. model.Endpoints.Concat(ChainOf(snapshot, model.Model).SelectMany(next => next.Endpoints))
            .Select(endpoint => endpoint.Provider)
            .Where(name => snapshot.Provider(name) is not null)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>True when the model is still answered, by itself or by a fallback, while a provider is down.</summary>
    public static bool Survives(ConfigSnapshot snapshot, ResolvedModel model, string withoutProvider) =>
        ProvidersOf(snapshot, model).Any(name => name != withoutProvider);
}
