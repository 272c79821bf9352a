namespace Sluice.Core.Pricing;

/// <summary>What pricing an answer depends on beside its rates and counts.</summary>
public sealed record PricingTerms
{
    /// <summary>The plain case: list rates, nothing else.</summary>
    public static readonly PricingTerms Default = new();

    /// <summary>The amount that the upstream reported is what it bills (OpenRouter's <c>usage.cost</c>), so it replaces the computed one.</summary>
    public bool PreferReportedCost { get; init; }

    /// <summary>Rates of another model by the upstream's name of it, for inner calls that name their own; null where the model is not known.</summary>
    public Func<string, PriceSheet?>? SheetOfModel { get; init; }
}
