namespace Sluice.Core.Budgets;

/// <summary>Budgets at rest. What has been spent is not among it: the ledger knows that.</summary>
public interface IBudgetStore
{
    /// <summary>All, by scope and period.</summary>
    Task<IReadOnlyList<StoredBudget>> ListAsync(CancellationToken cancellation);

    /// <summary>Sets a budget, in the place of one of the same name.</summary>
    Task SetAsync(StoredBudget budget, CancellationToken cancellation);

    /// <summary>Takes a budget away.</summary>
    /// <returns>False when there was none of that name.</returns>
    Task<bool> RemoveAsync(BudgetName name, CancellationToken cancellation);
}

/// <summary>A budget as it is stored.</summary>
/// <param name="Budget">Which.</param>
/// <param name="ChangedAt">UTC.</param>
public sealed record StoredBudget(Budget Budget, DateTimeOffset ChangedAt);
