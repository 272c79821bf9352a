using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>What every store of budgets must do. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class BudgetStoreContract
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<OpenedStore<IBudgetStore>> OpenEmptyAsync();

    [Fact]
    public async Task Budgets_AreKeptWhole_OneForEachPeriod_ReplacedAndRemoved()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        var month = new StoredBudget(new Budget(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Month, 50_000_000_001, IsHard: true), At);
        var day = new StoredBudget(new Budget(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Day, 1, IsHard: false), At);
        await store.SetAsync(month, None);
        await store.SetAsync(day, None);
        Assert.Equal([day, month], await store.ListAsync(None));

        var changed = month with { Budget = month.Budget with { NanoUsd = 2, IsHard = false }, ChangedAt = At.AddDays(1) };
        await store.SetAsync(changed, None);
        Assert.True(await store.RemoveAsync(day.Budget.Name, None));
        Assert.False(await store.RemoveAsync(day.Budget.Name, None));
        Assert.Equal([changed], await store.ListAsync(None));
    }
}
