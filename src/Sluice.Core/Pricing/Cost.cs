namespace Sluice.Core.Pricing;

/// <summary>An exact amount of money: integer nano-dollars (10^-9 USD).</summary>
/// <param name="NanoUsd">Never negative.</param>
/// <param name="IsUnpriced">Some tokens had no known price; the amount is what the rest cost, and an alarm.</param>
public readonly record struct Cost(long NanoUsd, bool IsUnpriced)
{
    /// <summary>Nothing.</summary>
    public static readonly Cost Zero = new(0, false);

    /// <summary>Nothing known.</summary>
    public static readonly Cost Unpriced = new(0, true);
}
