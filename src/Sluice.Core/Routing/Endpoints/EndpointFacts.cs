using Sluice.Core.Affinity;
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

    private readonly double _input;
    private readonly double _output;
    private readonly double _write;

    public EndpointFacts(ModelEndpoint endpoint, ProviderSettings provider, int providerIndex, int position, DateTimeOffset day)
    {
        Endpoint = endpoint;
        Tier = endpoint.ServiceTier;
        Provider = provider;
        ProviderIndex = providerIndex;
        Credentials = provider.Credentials.Count == 0 ? [null] : [.. provider.Credentials];
        Position = position;
        ContextLength = endpoint.ContextLength ?? long.MaxValue;
        MaxOutputTokens = endpoint.MaxOutputTokens ?? long.MaxValue;
        Takes = endpoint.Parameters ?? EndpointParameters.Of(endpoint, provider);
        TakesTools = endpoint.Model.Traits.Tools != false && (endpoint.Parameters is not { } listed || (listed & RequestParameters.Tools) != RequestParameters.None);
        Makes = endpoint.Model.Traits.Makes ?? (Products)~0;
        Quantization = endpoint.Quantization ?? Quantizations.Unknown;
        Rates = endpoint.Price is { } sheet ? Pricer.InForce(sheet, day) : null;
        (InputRate, OutputRate) = (RateOf(Rates?.Input), RateOf(Rates?.Output));
        IsPricedBySize = Rates is { Tiers.Count: > 0 };
        (_input, _output, _write) = (RateOf(endpoint.Price?.Input), RateOf(endpoint.Price?.Output), RateOf(endpoint.Price?.CacheWrite5m ?? endpoint.Price?.Input));
        Price = Rates is { Input: { } input, Output: { } output } ? (double)((InputShare * input) + output) : (double?)Rates?.Media?.Typical ?? double.PositiveInfinity;
        EnforcesPreferences = provider.Dialect.Name == "openrouter" && provider.Kind is ProviderKind.OpenAI or ProviderKind.OpenRouter;
    }

    public ModelEndpoint Endpoint { get; }

    /// <summary>The service tier that it is asked in; null for the ordinary one.</summary>
    public string? Tier { get; }

    public ProviderSettings Provider { get; }

    /// <summary>Those of the provider; for one that needs none, a single null.</summary>
    public Credential?[] Credentials { get; }

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

    /// <summary>USD per million tokens of a small request, to compare with; infinite where not known.</summary>
    public double InputRate { get; }

    /// <summary>The same of output.</summary>
    public double OutputRate { get; }

    /// <summary>Its price depends on how large a request is.</summary>
    public bool IsPricedBySize { get; }

    /// <summary>What a typical request costs there, to compare endpoints by; infinite where the price is not known.</summary>
    public double Price { get; }

    /// <summary>In a draw: one over the square of the <see cref="Price"/>; 0 where that is not known.</summary>
    public double Weight => 1 / (Price * Price);

    /// <summary>What <see cref="WarmPrice.Compare"/> says that a request costs here with a cold cache, near enough to find the cheapest of hundreds; not below infinity where not known.</summary>
    public double ColdPrice(long toCache, long input, long output) => (toCache * _write) + (input * _input) + (output * _output);

    private static double RateOf(decimal? rate) => (double?)rate ?? double.PositiveInfinity;

    /// <summary>A router itself, which reads <c>provider</c> of a request in its own format and chooses by it.</summary>
    public bool EnforcesPreferences { get; }
}
