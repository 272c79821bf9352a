using Sluice.Core.Catalogue;
using Sluice.Core.Pricing;

namespace Sluice.Core.Affinity;

/// <summary>What leaving a warm cache costs, where endpoints are chosen by price.</summary>
/// <remarks>
/// One request is compared, by its input alone: at home the cached part is read, elsewhere it is written anew; the rest is plain input at both.
/// Output is left out, since an agent's turn reads a hundred times what it writes. So a session leaves a warm cache only for an endpoint whose
/// plain input costs less than reading from the cache at home.
/// </remarks>
public static class WarmPrice
{
    /// <summary>False when <paramref name="other"/> would be cheaper for this request even without a cache. What has no known price is never cheaper.</summary>
    /// <param name="home">Where the session's cache is warm.</param>
    /// <param name="cachedTokens">Tokens of it.</param>
    /// <param name="other">Where it would go.</param>
    /// <param name="inputTokens">Of the request, estimated.</param>
    public static bool IsWorthStaying(ModelEndpoint home, long cachedTokens, ModelEndpoint other, long inputTokens)
    {
        var cached = Math.Clamp(cachedTokens, 0, Math.Max(0, inputTokens));
        var rest = Math.Max(0, inputTokens) - cached;
        return InputCost(other.Price, written: cached, read: 0, rest) is not { } there
            || InputCost(home.Price, written: 0, read: cached, rest) is not { } here
            || here <= there;
    }

    private static decimal? InputCost(PriceSheet? price, long written, long read, long rest) => price?.Input is { } input
        ? (written * (price.CacheWrite5m ?? input)) + (read * (price.CacheRead ?? input)) + (rest * input)
        : null;
}
