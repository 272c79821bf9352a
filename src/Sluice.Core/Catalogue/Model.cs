using Sluice.Core.Health;
using Sluice.Core.Pricing;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Catalogue;

/// <summary>A model as the catalogue or the file knows it.</summary>
/// <param name="Id">Canonical, usually <c>author/slug</c>.</param>
public sealed record Model(string Id)
{
    /// <summary>For people.</summary>
    public string Name { get; init; } = Id;

    /// <summary>Window, output limit, capabilities.</summary>
    public ModelTraits Traits { get; init; } = ModelTraits.Unknown;

    /// <summary>The author's list price; null where none is known.</summary>
    public PriceSheet? ListPrice { get; init; }

    /// <summary>Release day.</summary>
    public DateOnly? Released { get; init; }

    /// <summary>The day on which it is announced to end; null where none is.</summary>
    public DateOnly? Ends { get; init; }
}

/// <summary>One model at one provider.</summary>
/// <param name="Model">Which.</param>
/// <param name="Provider">The provider's slug.</param>
/// <param name="UpstreamModel">The provider's own name of it.</param>
/// <param name="Price">What it costs there; null is an alarm, never zero.</param>
public sealed record ModelEndpoint(Model Model, string Provider, string UpstreamModel, PriceSheet? Price)
{
    /// <summary>Stable id of the endpoint, for health and explanations.</summary>
    public string Id { get; } = $"{Provider}/{UpstreamModel}";

    /// <summary>Tokens of the window there; null where neither the endpoint nor the model says.</summary>
    public long? ContextLength { get => field ?? Model.Traits.ContextLength; init; }

    /// <summary>Most output tokens of one answer there; null where not known.</summary>
    public long? MaxOutputTokens { get => field ?? Model.Traits.MaxOutputTokens; init; }

    /// <summary>How the weights are kept there (<c>fp8</c>, <c>int4</c>, …); null where not known.</summary>
    public string? Quantization { get; init; }

    /// <summary>What tells it from the provider's other endpoints: requests name it <c>provider/tag</c>.</summary>
    public string? Tag { get; init; }

    /// <summary>All parameters that it takes; null where nobody listed them.</summary>
    public RequestParameters? Parameters { get; init; }

    // Set by the board of health; takes no part in equality.
    internal HealthSlot Health;
}
