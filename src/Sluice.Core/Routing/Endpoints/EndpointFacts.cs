using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Configuration.Schema;
using Sluice.Core.Pricing;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>What filters and orders ask of one endpoint, worked out once for a configuration and a day. Unknown limits are the largest number: they forbid nothing.</summary>
internal sealed class EndpointFacts
{
    // Agents send several times more than they get back; the exact share hardly changes who is cheaper.
    private const decimal InputShare = 3;

    public EndpointFacts(ModelEndpoint endpoint, ProviderSettings provider, int providerIndex, int position, DateTimeOffset day)
    {
        Endpoint = endpoint;
        Tier = endpoint.ServiceTier;
        Provider = provider;
        ProviderIndex = providerIndex;
        Position = position;
        ContextLength = endpoint.ContextLength ?? long.MaxValue;
        MaxOutputTokens = endpoint.MaxOutputTokens ?? long.MaxValue;
        Takes = endpoint.Parameters ?? EndpointParameters.Of(endpoint, provider);
        TakesTools = endpoint.Model.Traits.Tools != false && (endpoint.Parameters is not { } listed || (listed & RequestParameters.Tools) != RequestParameters.None);
        Makes = endpoint.Model.Traits.Makes ?? (Products)~0;
        Quantization = endpoint.Quantization ?? Quantizations.Unknown;
        Rates = endpoint.Price is { } sheet ? Pricer.InForce(sheet, day) : null;
        Price = Rates is { Input: { } input, Output: { } output } ? (double)((InputShare * input) + output) : (double?)Rates?.Media?.Typical ?? double.PositiveInfinity;
        PriceSquared = Price * Price;
        Weight = 1 / PriceSquared;
        EnforcesPreferences = provider.Dialect.Name == "openrouter" && provider.Kind is ProviderKind.OpenAI or ProviderKind.OpenRouter;
    }

    public ModelEndpoint Endpoint { get; }

    /// <summary>The service tier that it is asked in; null for the ordinary one.</summary>
    public string? Tier { get; }

    public ProviderSettings Provider { get; }

    /// <summary>Of the provider among the configuration's.</summary>
    public int ProviderIndex { get; }

    /// <summary>Of the endpoint among its model's.</summary>
    public int Position { get; }

    public long ContextLength { get; }

    public long MaxOutputTokens { get; }

    /// <summary>Parameters that it takes.</summary>
    public RequestParameters Takes { get; }

    public bool TakesTools { get; }

    /// <summary>What the model makes; everything where that is not known.</summary>
    public Products Makes { get; }

    public bool TakesImages => Endpoint.Model.Traits.Images != false;

    public bool TakesDocuments => Endpoint.Model.Traits.Documents != false;

    public string Quantization { get; }

    /// <summary>Those of that day; null where no price is known.</summary>
    public PriceSheet? Rates { get; }

    /// <summary>What a typical request costs there, to compare endpoints by; infinite where the price is not known.</summary>
    public double Price { get; }

    /// <summary>Of <see cref="Price"/>.</summary>
    public double PriceSquared { get; }

    /// <summary>In a draw: one over <see cref="PriceSquared"/>; 0 where the price is not known.</summary>
    public double Weight { get; }

    /// <summary>A router itself, which reads <c>provider</c> of a request in its own format and chooses by it.</summary>
    public bool EnforcesPreferences { get; }
}
