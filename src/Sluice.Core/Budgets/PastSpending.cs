using Sluice.Core.Admission.Limits;
using Sluice.Core.Ledger;

namespace Sluice.Core.Budgets;

/// <summary>What the ledger says that somebody spent: the same sums that reports show.</summary>
public sealed class PastSpending(ILedgerQueries ledger)
{
    // Of keys, users, teams or projects; people make those.
    private const int MostNames = 10_000_000;

    /// <summary>Nano-dollars of all attempts that began in a window and have ended; those of a killed process are completed by then.</summary>
    public async Task<long> OfAsync(LimitScope scope, BudgetWindow window, CancellationToken cancellation)
    {
        var by = scope.Kind switch
        {
            ScopeKind.Key => ReportDimension.Key,
            ScopeKind.User or ScopeKind.Organization => ReportDimension.User,
            ScopeKind.Team => ReportDimension.Team,
            ScopeKind.Project => ReportDimension.Project,
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, message: null),
        };
        var report = await ledger.ReportAsync(new ReportQuery([by], window.Start, window.End) { MaxRows = MostNames }, cancellation);
        return report.Rows.Where(row => scope.Kind == ScopeKind.Organization || row.Keys[0] == scope.Name).Sum(row => row.CostNanoUsd);
    }
}
