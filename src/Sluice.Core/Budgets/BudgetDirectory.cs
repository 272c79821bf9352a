namespace Sluice.Core.Budgets;

/// <summary>Changes stored budgets, and brings every change into force before it returns.</summary>
/// <param name="store">Where they live.</param>
/// <param name="spending">What was spent before.</param>
/// <param name="book">What attempts are paid from.</param>
/// <param name="time">Stamps changes.</param>
public sealed class BudgetDirectory(IBudgetStore store, PastSpending spending, BudgetBook book, TimeProvider time) : IDisposable
{
    // Attempts that end while the ledger is asked make the question be put again; under constant load it is not put for ever.
    private const int MostReadings = 5;

    // Two changes at once could come into force in the wrong order.
    private readonly SemaphoreSlim _changing = new(1);

    /// <summary>Brings what is stored into force, with what the ledger says was spent; to be called before requests are taken, and when others may have changed it.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            var stored = await store.ListAsync(cancellation);
            var names = stored.Select(entry => entry.Budget.Name).ToHashSet();
            foreach (var gone in book.Read().Select(standing => standing.Budget.Name).Where(name => !names.Contains(name)))
            {
                book.Remove(gone);
            }

            if (book.Slices is { } slices)
            {
                // The ledger is read once for all that are new.
                foreach (var entry in stored)
                {
                    book.Set(entry.Budget);
                }

                await slices.LoadAsync(cancellation);
                return;
            }

            foreach (var entry in stored)
            {
                await BringIntoForceAsync(entry.Budget, cancellation);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>All, by scope and period, with how they stand over all nodes.</summary>
    public async Task<IReadOnlyList<(StoredBudget Stored, BudgetStanding Standing)>> ListAsync(CancellationToken cancellation)
    {
        var listed = await store.ListAsync(cancellation);
        if (book.Slices is { } slices)
        {
            await slices.RefreshAsync(cancellation);
        }

        return [.. listed.Select(stored => (stored, StandingOf(stored.Budget)))];
    }

    /// <summary>Sets a budget, in the place of one of the same scope and period.</summary>
    public async Task<(StoredBudget Stored, BudgetStanding Standing)> SetAsync(Budget budget, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            var stored = new StoredBudget(budget, time.GetUtcNow());
            await store.SetAsync(stored, cancellation);

            // The store has it: it must come into force even if whoever asked has gone.
            await BringIntoForceAsync(budget, CancellationToken.None);
            return (stored, StandingOf(budget));
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes a budget away.</summary>
    /// <returns>False when there was none of that name.</returns>
    public async Task<bool> RemoveAsync(BudgetName name, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            var removed = await store.RemoveAsync(name, cancellation);
            book.Remove(name);
            return removed;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _changing.Dispose();

    private BudgetStanding StandingOf(Budget budget) => book.Find(budget.Name) ?? new BudgetStanding(budget, 0, 0, BudgetWindow.Of(budget.Per, time.GetUtcNow()));

    private async Task BringIntoForceAsync(Budget budget, CancellationToken cancellation)
    {
        if (book.Set(budget))
        {
            return;
        }

        if (book.Slices is { } slices)
        {
            // Where the database is away now, the budget grants nothing until it is there.
            await slices.LoadAsync(cancellation);
            return;
        }

        for (var reading = 1; ; reading++)
        {
            var window = BudgetWindow.Of(budget.Per, time.GetUtcNow());
            var spent = await spending.OfAsync(budget.Scope, window, cancellation);
            if (book.TryLoad(budget.Name, window, spent, isLast: reading == MostReadings))
            {
                return;
            }
        }
    }
}
