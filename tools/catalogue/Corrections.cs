using Sluice.Core.Catalogue;

namespace Sluice.Catalogue;

/// <summary>Figures that no list carries in a form that can be read: announced changes, and what an author's rules say for all its models.</summary>
internal static class Corrections
{
    /// <summary>
    /// Nothing, where a list says that a model costs nothing though its name does not: the price then depends on the account or is not by
    /// token (songs, previews), and zero would hide that.
    /// </summary>
    public static CataloguePrice? UnlessFree(string id, CataloguePrice price) =>
        price is not { Input: 0, Output: 0 } || id.EndsWith(":free", StringComparison.Ordinal) || id is "openrouter/free" or "z-ai/glm-4.5-flash" or "z-ai/glm-4.7-flash"
            ? price
            : null;

    /// <summary>Applies them to a list price.</summary>
    public static CataloguePrice Apply(string id, string author, CataloguePrice price)
    {
        if (author == "anthropic")
        {
            // Searches cost 10 USD a thousand; the priority tier is paid by contract, not by token.
            price = AnthropicCache(price) with
            {
                WebSearch = price.WebSearch ?? 0.01m,
                Priority = 1m,
                Tiers = price.Tiers is null ? null : [.. price.Tiers.Select(tier => tier with { Rates = AnthropicCache(tier.Rates) })],
            };
        }

        // The introductory price was announced to end with August 2026.
        return id == "anthropic/claude-sonnet-5" && price.Input == 2m
            ? price with
            {
                Changes =
                [
                    new CatalogueChange(new DateOnly(2026, 9, 1), price with { Input = 3m, Output = 15m, CacheRead = 0.3m, CacheWrite5m = 3.75m, CacheWrite1h = 6m }),
                ],
            }
            : price;
    }

    // Anthropic: reads cost 0.1 times the input, writes 1.25 and 2 times. Lists are wrong by factors for models that went out of fashion,
    // so a figure that is not near the rule gives way to it.
    private static CataloguePrice AnthropicCache(CataloguePrice price) => price.Input is not { } input ? price : price with
    {
        CacheRead = Near(price.CacheRead, input * 0.1m),
        CacheWrite5m = Near(price.CacheWrite5m, input * 1.25m),
        CacheWrite1h = Near(price.CacheWrite1h, input * 2m),
    };

    private static decimal Near(decimal? listed, decimal rule) => listed is { } figure && Math.Abs(figure - rule) <= rule * 0.25m ? figure : rule / 1.000000000000000000000000000000m;
}
