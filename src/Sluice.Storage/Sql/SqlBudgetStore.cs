using Dapper;
using Sluice.Core.Budgets;

namespace Sluice.Storage.Sql;

/// <summary>Budgets that people set.</summary>
internal sealed class SqlBudgetStore(ISqlDatabase database) : IBudgetStore
{
    public async Task<IReadOnlyList<StoredBudget>> ListAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenReadAsync(cancellation);
        var budgets = new List<StoredBudget>();
        foreach (var row in await connection.QueryAsync<BudgetRow>("SELECT scope AS Scope, per AS Per, nano_usd AS NanoUsd, hard AS Hard, changed_at AS ChangedAt FROM budgets ORDER BY scope, per"))
        {
            if (Budget.TryParseScope(row.Scope, out var scope) && BudgetPeriods.Parse(row.Per) is { } per)
            {
                budgets.Add(new StoredBudget(new Budget(scope, per, row.NanoUsd, row.Hard != 0), SqlValues.Time(row.ChangedAt)));
            }
        }

        return budgets;
    }

    public Task SetAsync(StoredBudget budget, CancellationToken cancellation) => database.WriteAsync(
        transaction => transaction.Connection!.ExecuteAsync(
            """
            INSERT INTO budgets (scope, per, nano_usd, hard, changed_at) VALUES (@scope, @per, @NanoUsd, @hard, @changed)
            ON CONFLICT (scope, per) DO UPDATE SET nano_usd = excluded.nano_usd, hard = excluded.hard, changed_at = excluded.changed_at
            """,
            new
            {
                scope = budget.Budget.Scope.ToString(),
                per = budget.Budget.Per.Word(),
                budget.Budget.NanoUsd,
                hard = budget.Budget.IsHard ? 1 : 0,
                changed = SqlValues.Ms(budget.ChangedAt),
            },
            transaction),
        cancellation);

    public Task<bool> RemoveAsync(BudgetName name, CancellationToken cancellation) => database.WriteAsync(
        async transaction => await transaction.Connection!.ExecuteAsync("DELETE FROM budgets WHERE scope = @scope AND per = @per", new { scope = name.Scope.ToString(), per = name.Per.Word() }, transaction) > 0,
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
