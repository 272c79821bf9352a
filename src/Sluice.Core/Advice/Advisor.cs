namespace Sluice.Core.Advice;

/// <summary>What the ledger's weeks say, and what to do about it.</summary>
/// <param name="Since">The first day, UTC.</param>
/// <param name="Until">The first day that was not looked at.</param>
/// <param name="Weeks">Of seven days.</param>
/// <param name="Verdicts">What it comes to.</param>
/// <param name="RecurringLimits">Limits that are run into week after week, by model and provider.</param>
/// <param name="Trends">Errors by provider and kind.</param>
/// <param name="Outages">What failover bridged.</param>
/// <param name="Errors">What clients were spared.</param>
/// <param name="Spend">What of the cost is hard to explain.</param>
public sealed record AdviceAnswer(
    DateOnly Since, DateOnly Until, int Weeks, IReadOnlyList<AdviceVerdict> Verdicts, IReadOnlyList<RecurringLimit> RecurringLimits, IReadOnlyList<ErrorTrend> Trends, BridgedTime Outages, AbsorbedErrors Errors, UnexplainedSpend Spend);

/// <summary>Advice from facts alone: the same facts, the same advice.</summary>
public static class Advisor
{
    /// <summary>Looks at everything.</summary>
    public static AdviceAnswer Advise(AdviceFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var limits = RecurringLimits.Of(facts);
        var time = BridgedTime.Of(facts);
        var errors = AbsorbedErrors.Of(facts);
        return new AdviceAnswer(
            facts.Span.Since, facts.Span.Until, facts.Span.Weeks, AdviceVerdicts.Of(facts, limits, time, errors), limits, ErrorTrends.Of(facts), time, errors, UnexplainedSpend.Of(facts));
    }
}
