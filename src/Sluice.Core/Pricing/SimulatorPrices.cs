namespace Sluice.Core.Pricing;

/// <summary>What the simulator pretends to cost: round, so that the cost of any simulated answer can be checked in the head.</summary>
public static class SimulatorPrices
{
    /// <summary>The one sheet for everything that it serves.</summary>
    public static readonly PriceSheet Sheet = new()
    {
        Input = 1m,
        Output = 5m,
        CacheRead = 0.1m,
        CacheWrite5m = 1.25m,
        CacheWrite1h = 2m,
        AudioInput = 1m,
        AudioOutput = 5m,
        WebSearch = 0.01m,
        Media = new MediaRates
        {
            Image = [new UnitRate(0.01m)],
            VideoSecond = [new UnitRate(0.1m)],
            AudioSecond = 0.001m,
            Characters = 10m,
        },
        ServiceTiers = new Dictionary<string, decimal>(StringComparer.Ordinal) { ["priority"] = 2m },
        Source = "simulator",
    };
}
