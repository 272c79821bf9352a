using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Server.Explain;

namespace Sluice.Server.Budgets;

/// <summary>How a caller's budgets stand.</summary>
internal static class CallerBudgets
{
    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>What may be spent and what is left, for whoever asks before sending.</summary>
    public static IEnumerable<PlanLimit> Of(BudgetBook book, CallerScopes caller) =>
        book.Read(caller).Select(standing => new PlanLimit(
            standing.Budget.Scope.ToString(), $"{(standing.Budget.IsHard ? "" : "soft_")}budget_usd_per_{standing.Budget.Per.Word()}", standing.Budget.NanoUsd / NanoPerUsd)
        {
            Left = standing.Left / NanoPerUsd,
        });
}
