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

    /// <summary>The last day on which it is announced to be served anywhere here; null where none is.</summary>
    public DateOnly? Ends { get; init; }
}

/// <summary>One model at one provider.</summary>
/// <param name="Model">Which.</param>
/// <param name="Provider">The provider's slug.</param>
/// <param name="UpstreamModel">The provider's own name of it.</param>
/// <param name="Price">What it costs there; null is an alarm, never zero.</param>
public sealed record ModelEndpoint(Model Model, string Provider, string UpstreamModel, PriceSheet? Price)
{
    private readonly PriceSheet? _ordinaryPrice;

    /// <summary>Stable id of the endpoint, for health and explanations; in a tier <c>provider/model#flex</c>.</summary>
    public string Id { get; private init; } = $"{Provider}/{UpstreamModel}";

    /// <summary>The service tier that it is asked in (<c>flex</c>, <c>priority</c>); null for the ordinary one.</summary>
    public string? ServiceTier { get; private init; }

    /// <summary>The same in other service tiers: endpoints of their own, with their own health, that only requests which ask for a tier go to.</summary>
    public IReadOnlyList<ModelEndpoint> Tiers { get; private init; } = [];

    /// <summary>Tokens of the window there; null where neither the endpoint nor the model says.</summary>
    public long? ContextLength { get => field ?? Model.Traits.ContextLength; init; }

    /// <summary>Most output tokens of one answer there; null where not known.</summary>
    public long? MaxOutputTokens { get => field ?? Model.Traits.MaxOutputTokens; init; }

    /// <summary>Its last day there, UTC; null where none is announced.</summary>
    public DateOnly? Ends { get => field ?? Model.Ends; init; }

    /// <summary>How the weights are kept there (<c>fp8</c>, <c>int4</c>, …); null where not known.</summary>
    public string? Quantization { get; init; }

    /// <summary>What tells it from the provider's other endpoints: requests name it <c>provider/tag</c>.</summary>
    public string? Tag { get; init; }

    /// <summary>All parameters that it takes; null where nobody listed them.</summary>
    public RequestParameters? Parameters { get; init; }

    // Set by the board of health; takes no part in equality.
    internal HealthSlot Health;

    /// <summary>What an answer is charged by: its tier is the one it says that it was served in, which may be another than was asked for.</summary>
    /// <param name="served">As the answer says; null or <c>auto</c> where it does not.</param>
    public PriceSheet? PriceOf(string? served)
    {
        if (ServiceTier is null)
        {
            return Tiers.FirstOrDefault(tier => tier.ServiceTier == served)?.Price ?? Price;
        }

        return served is null or "auto" || served == ServiceTier ? Price ?? _ordinaryPrice : _ordinaryPrice;
    }

    /// <summary>The endpoint, offered in tiers as well.</summary>
    /// <param name="tiers">Names and rates; null rates where they are not known.</param>
    internal ModelEndpoint OfferedIn(IEnumerable<(string Tier, PriceSheet? Price)> tiers) =>
        this with { Tiers = [.. tiers.Select(tier => InTier(tier.Tier, tier.Price))] };

    private ModelEndpoint InTier(string tier, PriceSheet? price) =>
        new(Model, Provider, UpstreamModel, price, Price) { Id = $"{Id}#{tier}", ServiceTier = tier, ContextLength = ContextLength, MaxOutputTokens = MaxOutputTokens, Quantization = Quantization, Tag = Tag, Parameters = Parameters };

    private ModelEndpoint(Model model, string provider, string upstreamModel, PriceSheet? price, PriceSheet? ordinaryPrice)
        : this(model, provider, upstreamModel, price) => _ordinaryPrice = ordinaryPrice;
}

/// <summary>The words for service tiers.</summary>
public static class ServiceTiers
{
    /// <summary>Cheaper, and slower when others pay more.</summary>
    public const string Flex = "flex";

    /// <summary>Faster, and dearer.</summary>
    public const string Priority = "priority";

    /// <summary>The ordinary one, whatever the name of a model admits.</summary>
    public const string Default = "default";

    /// <summary>What a request asks for by <c>service_tier</c> and <c>speed</c>; null where it leaves the tier to others (<c>auto</c>, nothing, a vendor's own word).</summary>
    public static string? Asked(string? tier, string? speed) => tier switch
    {
        "flex" => Flex,
        "priority" or "fast" => Priority,
        "default" or "standard" => Default,
        _ => speed == "fast" ? Priority : null,
    };

    /// <summary>The tier that a variant of a model's name admits beside the ordinary one; null for most.</summary>
    public static string? AdmittedBy(string? variant) => variant switch { "floor" => Flex, "nitro" => Priority, _ => null };

    /// <summary>The word means a tier with endpoints of its own.</summary>
    public static bool IsTier(string? word) => word is Flex or Priority;
}

