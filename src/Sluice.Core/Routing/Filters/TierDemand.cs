using Sluice.Core.Catalogue;
using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Filters;

/// <summary>
/// Which service tiers are open to a request: the one that it asks for by <c>service_tier</c>, those that <c>provider.only</c> and
/// <c>provider.order</c> name (<c>openai/flex</c>), and the one that its model's name admits (<c>:floor</c> flex, <c>:nitro</c> priority), unless
/// it asks for the ordinary tier or names an order.
/// </summary>
internal sealed class TierDemand(RoutingRequest request, ProviderList only, ProviderList order)
{
    private readonly bool _names = only.NamesTiers || order.NamesTiers;
    private string? _admitted;

    /// <summary>The tier asked for; null where none is.</summary>
    public string? Asked { get; } = ServiceTiers.IsTier(request.ServiceTier) ? request.ServiceTier : null;

    /// <summary>Turns to a model, as it was named. True when a tier beside the ordinary one is open.</summary>
    public bool Enter(string? variant)
    {
        _admitted = request.ServiceTier is null && order.Count == 0 ? ServiceTiers.AdmittedBy(variant) : null;
        return _names || Asked is not null || _admitted is not null;
    }

    /// <summary>The endpoint is in the ordinary tier, or in one that is open.</summary>
    public bool Opens(EndpointFacts endpoint) =>
        endpoint.Tier is not { } tier || tier == Asked || tier == _admitted || (_names && (only.Covers(endpoint) || order.Covers(endpoint)));

    /// <summary>A provider's plain name means its endpoint in this tier too, since the request asks for the tier by itself.</summary>
    public bool IsAsked(EndpointFacts endpoint) => endpoint.Tier is { } tier && tier == Asked;
}
