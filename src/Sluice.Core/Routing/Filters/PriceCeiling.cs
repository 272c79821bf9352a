using Sluice.Core.Pricing;
using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Filters;

/// <summary>What a request is ready to pay at most.</summary>
/// <param name="limit">As it wrote it.</param>
/// <param name="inputTokens">Of the request: some prices depend on it.</param>
internal sealed class PriceCeiling(PriceLimit limit, long inputTokens)
{
    // What nearly all limits are, against nearly all prices: two numbers each. Equal decimals are equal as doubles.
    private readonly bool _isOfTokens = limit is { Request: null, Image: null, Audio: null };
    private readonly double _prompt = (double?)limit.Prompt ?? double.PositiveInfinity;
    private readonly double _completion = (double?)limit.Completion ?? double.PositiveInfinity;

    /// <summary>The endpoint costs no more; one without a known price only where nothing is limited.</summary>
    public bool Admits(EndpointFacts endpoint) => _isOfTokens && !endpoint.IsPricedBySize
        ? endpoint.InputRate <= _prompt && endpoint.OutputRate <= _completion
        : AdmitsInAll(endpoint);

    // No provider here charges by the request: that limit holds wherever the rest of the price is known.
    private bool AdmitsInAll(EndpointFacts endpoint)
    {
        if (endpoint.Rates is not { } sheet)
        {
            return limit is { Prompt: null, Completion: null, Request: null, Image: null, Audio: null };
        }

        var rates = Pricer.RatesFor(sheet, inputTokens);
        return IsUnder(rates.Input, limit.Prompt) && IsUnder(rates.Output, limit.Completion)
            && (rates.Media is not { Image: [_, ..] images } || images.All(image => IsUnder(image.Usd, limit.Image)))
            && (endpoint.Endpoint.Model.Traits.Audio == false || IsUnder(rates.AudioInput, limit.Audio));
    }

    private static bool IsUnder(decimal? price, decimal? limit) => limit is null || price <= limit;
}
