using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;

namespace Sluice.Core.Routing.Ordering;

/// <summary>Which sort a request gets for a model: its own, its name's variant, its path's, the configured one; and what variants that change nothing are told.</summary>
internal static class SortChoice
{
    private static readonly string[] Throughput = ["Endpoints are not measured yet: sort 'throughput' kept the configured order."];
    private static readonly string[] Latency = ["Endpoints are not measured yet: sort 'latency' kept the configured order."];
    private static readonly string[] Exacto =
        ["Too few answers with tool calls lately to tell endpoints apart: sort 'exacto' kept the order that counts without it."];
    private static readonly string[] Distillable = ["Which authors permit distillation is not known here: `enforce_distillable_text` left nobody out."];

    /// <param name="request">Which may name a sort, and a service tier.</param>
    /// <param name="variant">Of the model's name.</param>
    /// <param name="hasTier">The model is offered in the tier asked for: flex is asked for its price, priority for its speed.</param>
    /// <param name="configured">Where nothing else says it.</param>
    public static RouteSort Of(RoutingRequest request, string? variant, bool hasTier, RouteSort configured)
    {
        var preferences = request.Preferences;
        var sort = preferences.Sort ?? variant switch
        {
            "nitro" => RouteSort.Throughput,
            "floor" => RouteSort.Price,
            "exacto" => RouteSort.Exacto,
            _ when hasTier => request.ServiceTier == ServiceTiers.Flex ? RouteSort.Price : RouteSort.Throughput,
            _ => request.DefaultSort ?? configured,
        };

        // A request that names an order wants no draw behind it either.
        var isDefault = preferences.Sort is null && (sort == RouteSort.Balanced || (sort == RouteSort.Exacto && variant != "exacto"));
        return isDefault && preferences.Order.Count > 0 ? RouteSort.Order : sort;
    }

    /// <summary>The order of endpoints whose tool calls nothing is known of, where these decide.</summary>
    public static RouteSort Ordinary(RoutingRequest request, RouteSort configured)
    {
        var sort = request.DefaultSort == RouteSort.Exacto ? RouteSort.Balanced : request.DefaultSort ?? configured;
        return sort == RouteSort.Balanced && request.Preferences.Order.Count > 0 ? RouteSort.Order : sort;
    }

    /// <summary>What was asked for and done otherwise.</summary>
    /// <param name="speeds">Of the endpoints; null where the sort does not go by them.</param>
    /// <param name="standings">As to tool calls; null where nothing is known, or the sort does not go by them.</param>
    public static IReadOnlyList<string> Notes(
        RouteSort sort, string? variant, int endpoints, SpeedReading? speeds, (ToolStanding Standing, double Key)[]? standings, ProviderPreferences preferences) => variant switch
    {
        _ when preferences.EnforceDistillableText => Distillable,
        _ when endpoints < 2 => [],
        _ => sort switch
        {
            RouteSort.Throughput when !speeds!.IsAnyMeasured(sort) => Throughput,
            RouteSort.Latency when !speeds!.IsAnyMeasured(sort) => Latency,
            RouteSort.Exacto when (variant == "exacto" || preferences.Sort == sort) && standings is null => Exacto,
            _ => [],
        },
    };

    /// <summary>The sort goes by what health measures.</summary>
    public static bool IsMeasured(RouteSort sort) => sort is RouteSort.Throughput or RouteSort.Latency;

    /// <summary>Why the first of a group is first, without commas.</summary>
    public static string Reason(RouteSort sort, double key) => sort switch
    {
        _ when key == EndpointOrder.Exploring => "tried to be measured",
        RouteSort.Exacto => "best tool calls",
        RouteSort.Price when double.IsFinite(key) => "lowest price",
        RouteSort.Balanced when double.IsFinite(key) => "drawn by price",
        RouteSort.Throughput when key < 0 => "highest throughput",
        RouteSort.Latency when key is > 0 and < SpeedReading.Unmeasured => "lowest latency",
        _ => "first in order",
    };
}
