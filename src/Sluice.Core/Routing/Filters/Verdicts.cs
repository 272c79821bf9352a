using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Filters;

/// <summary>
/// Who of a model's endpoints passes a filter. The two ways of telling are structs, so that each gets a loop of its own: hundreds of endpoints are
/// asked for a plan.
/// </summary>
internal interface IVerdict
{
    /// <param name="position">Of the endpoint.</param>
    bool Passes(int position);
}

/// <summary>By asking of each endpoint.</summary>
internal readonly struct AskedVerdict(EndpointFilter filter, EndpointFacts[] endpoints, Demands demands) : IVerdict
{
    private readonly Func<EndpointFacts, Demands, bool> _allows = filter.Allows;

    public bool Passes(int position) => _allows(endpoints[position], demands);
}

/// <summary>By whether a list names the endpoint's provider.</summary>
/// <param name="places">Of the list, by provider: 0 for whom it does not name.</param>
/// <param name="providers">Of the model's endpoints, by position.</param>
/// <param name="passes">What becomes of those that it names; the others get the opposite.</param>
internal readonly struct ListVerdict(byte[] places, int[] providers, bool passes) : IVerdict
{
    public bool Passes(int position) => (places[providers[position]] > 0) == passes;

    /// <inheritdoc cref="ListVerdict"/>
    /// <returns>Null where more counts than the providers' names: then each endpoint must be asked.</returns>
    public static ListVerdict? Of(ProviderList list, ModelRoutes routes, bool passes) =>
        list.WholePlaces is { } places && routes.Providers is { } providers ? new ListVerdict(places, providers, passes) : null;
}
