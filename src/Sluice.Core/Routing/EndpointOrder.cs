using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;

namespace Sluice.Core.Routing;

/// <summary>Puts the endpoints of one model into the order in which they are tried while all are well.</summary>
internal static class EndpointOrder
{
    // Agents send several times more than they get back; the exact share hardly changes who is cheaper.
    private const decimal InputShare = 3;

    /// <summary>What a typical request costs there, to compare endpoints by; null where the price is not known.</summary>
    public static decimal? Price(ModelEndpoint endpoint) =>
        endpoint.Price is { Input: { } input, Output: { } output } ? (InputShare * input) + output : null;

    /// <summary>Sorts in place; endpoints without a known price come last wherever price decides.</summary>
    /// <param name="endpoints">In configured order.</param>
    /// <param name="sort">How; sorts by measured speed keep the configured order.</param>
    /// <param name="draw">Gives numbers in [0, 1).</param>
    public static void Apply(ModelEndpoint[] endpoints, RouteSort sort, Func<double> draw)
    {
        switch (sort)
        {
            case RouteSort.Price:
                SortBy(endpoints, static (endpoint, _) => (double)(Price(endpoint) ?? decimal.MaxValue), draw);
                break;
            case RouteSort.Balanced:
                // Exponential keys with rate 1/price² give exactly the order of repeated weighted drawing. What is free is drawn first.
                SortBy(endpoints, static (endpoint, random) => Price(endpoint) is { } price
                    ? -Math.Log(1 - random()) * (double)price * (double)price
                    : double.MaxValue, draw);
                break;
            default:
                break;
        }
    }

    private static void SortBy(ModelEndpoint[] endpoints, Func<ModelEndpoint, Func<double>, double> keyOf, Func<double> draw)
    {
        var keys = new double[endpoints.Length];
        for (var i = 0; i < endpoints.Length; i++)
        {
            keys[i] = keyOf(endpoints[i], draw);
        }

        // By insertion: few endpoints, and equal keys must keep the configured order.
        for (var i = 1; i < endpoints.Length; i++)
        {
            var (endpoint, key) = (endpoints[i], keys[i]);
            var at = i;
            for (; at > 0 && keys[at - 1] > key; at--)
            {
                (endpoints[at], keys[at]) = (endpoints[at - 1], keys[at - 1]);
            }

            (endpoints[at], keys[at]) = (endpoint, key);
        }
    }
}
