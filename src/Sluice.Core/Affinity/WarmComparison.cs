using System.Globalization;

namespace Sluice.Core.Affinity;

/// <summary>What one request of a session costs where its cache is warm, and what it would cost elsewhere.</summary>
/// <param name="Home">Endpoint id.</param>
/// <param name="Other">Endpoint id.</param>
/// <param name="AtHome">USD, with the cached tokens read.</param>
/// <param name="Elsewhere">USD, with the same tokens written anew.</param>
/// <param name="Cached">Tokens of the cache that the request uses.</param>
/// <param name="Output">Tokens of output that were reckoned with.</param>
public sealed record WarmComparison(string Home, string Other, decimal AtHome, decimal Elsewhere, long Cached, long Output)
{
    /// <summary>Going elsewhere costs no less.</summary>
    public bool IsWorthStaying => AtHome <= Elsewhere;

    /// <summary>One sentence for people who ask why.</summary>
    public override string ToString()
    {
        var difference = Usd(Math.Abs(Elsewhere - AtHome));
        var how = AtHome == Elsewhere ? "as much" : AtHome < Elsewhere ? $"{difference} USD more" : $"{difference} USD less";
        return string.Create(CultureInfo.InvariantCulture,
            $"moving from {Home} to {Other} would cost {how}: {Usd(Elsewhere)} USD without a cache, {Usd(AtHome)} USD with {Cached:N0} tokens cached, both with {Output:N0} tokens of output");
    }

    private static string Usd(decimal amount) => amount.ToString("0.000000", CultureInfo.InvariantCulture);
}
