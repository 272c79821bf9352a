using Sluice.Core.Configuration;
using Sluice.Core.Pricing;

namespace Sluice.Core.Catalogue;

/// <summary>The service tiers in which a provider offers a model.</summary>
internal static class TierOffers
{
    private static readonly string[] Tiers = [ServiceTiers.Flex, ServiceTiers.Priority];

    /// <summary>The provider's wire has a member for the tier. Anthropic's has other words, and Vertex takes it as a header.</summary>
    public static bool IsTakenBy(ProviderSettings provider) => provider.Kind is not (ProviderKind.Anthropic or ProviderKind.Vertex);

    /// <summary>The endpoint with the tiers that its vendor has a price for. Other hosts of a model charge by other lists.</summary>
    public static ModelEndpoint AtVendor(ModelEndpoint endpoint, ProviderSettings provider) =>
        endpoint.Price is { ServiceTiers.Count: > 0 } sheet && IsTakenBy(provider) && (Dialects.VendorOf(provider) is "openai" or "google")
            ? endpoint.OfferedIn(from tier in Tiers where sheet.ServiceTiers.TryGetValue(tier, out var factor) && factor != 1 select (tier, TierPrices.Of(sheet, tier)))
            : endpoint;
}
