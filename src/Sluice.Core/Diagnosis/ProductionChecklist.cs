namespace Sluice.Core.Diagnosis;

/// <summary>What has to be in place before a team depends on it: ten checks, each a file beside this one. Asks nobody; every figure is in the facts.</summary>
public static class ProductionChecklist
{
    /// <summary>The lines, in the order of the checks.</summary>
    public static IReadOnlyList<CheckLine> Of(ChecklistFacts facts) =>
    [
        .. KeyCheck.Of(facts),
        .. ModelCheck.Of(facts),
        .. RateLimitCheck.Of(facts),
        .. CostCheck.Of(facts),
        .. FallbackCheck.Of(facts),
        .. SharingCheck.Of(facts),
        .. MonitoringCheck.Of(facts),
        .. TimeoutCheck.Of(facts),
        .. ReachCheck.Of(facts),
        .. NodeCheck.Of(facts),
    ];
}
