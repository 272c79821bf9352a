using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Storage.Sqlite;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteBudgetStoreTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Budgets_AreKeptWhole_OneForEachPeriod_ReplacedAndRemoved()
    {
        using var database = SqliteDatabase.Open(Path.Combine(_folder.Path, "sluice.db"));
        var store = new SqliteBudgetStore(database);
        var month = new StoredBudget(new Budget(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Month, 50_000_000_001, IsHard: true), At);
        var day = new StoredBudget(new Budget(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Day, 1, IsHard: false), At);
        await store.SetAsync(month, CancellationToken.None);
        await store.SetAsync(day, CancellationToken.None);
        Assert.Equal([day, month], await store.ListAsync(CancellationToken.None));

        var changed = month with { Budget = month.Budget with { NanoUsd = 2 }, ChangedAt = At.AddDays(1) };
        await store.SetAsync(changed, CancellationToken.None);
        Assert.True(await store.RemoveAsync(day.Budget.Name, CancellationToken.None));
        Assert.False(await store.RemoveAsync(day.Budget.Name, CancellationToken.None));
        Assert.Equal([changed], await store.ListAsync(CancellationToken.None));
    }
}
