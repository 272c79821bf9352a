using Dapper;
using Sluice.Core.Budgets;

namespace Sluice.Storage.Sqlite;

/// <summary>Budgets in SQLite.</summary>
internal sealed class SqliteBudgetStore(SqliteDatabase database) : IBudgetStore
{
    public Task<IReadOnlyList<StoredBudget>> ListAsync(CancellationToken cancellation)
    {
        using var connection = database.OpenRead();
        var budgets = new List<StoredBudget>();
        foreach (var row in connection.Query<BudgetRow>("SELECT scope AS Scope, per AS Per, nano_usd AS NanoUsd, hard AS Hard, changed_at AS ChangedAt FROM budgets ORDER BY scope, per"))
        {
            if (Budget.TryParseScope(row.Scope, out var scope) && BudgetPeriods.Parse(row.Per) is { } per)
            {
                budgets.Add(new StoredBudget(new Budget(scope, per, row.NanoUsd, row.Hard != 0), LedgerRows.Time(row.ChangedAt)));
            }
        }

        return Task.FromResult<IReadOnlyList<StoredBudget>>(budgets);
    }

    public Task SetAsync(StoredBudget budget, CancellationToken cancellation) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "INSERT OR REPLACE INTO budgets (scope, per, nano_usd, hard, changed_at) VALUES (@scope, @per, @NanoUsd, @hard, @changed)",
            new
            {
                scope = budget.Budget.Scope.ToString(),
                per = budget.Budget.Per.Word(),
                budget.Budget.NanoUsd,
                hard = budget.Budget.IsHard ? 1 : 0,
                changed = LedgerRows.Ms(budget.ChangedAt),
            },
            transaction),
        cancellation);

    public Task<bool> RemoveAsync(BudgetName name, CancellationToken cancellation) => database.WriteAsync(
        (connection, transaction) => connection.Execute("DELETE FROM budgets WHERE scope = @scope AND per = @per", new { scope = name.Scope.ToString(), per = name.Per.Word() }, transaction) > 0,
        cancellation);

    private sealed class BudgetRow
    {
        public string Scope { get; init; } = "";

        public string Per { get; init; } = "";

        public long NanoUsd { get; init; }

        public long Hard { get; init; }

        public long ChangedAt { get; init; }
    }
}
