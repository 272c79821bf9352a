namespace Sluice.Core.Budgets.Slices;

/// <summary>Looks up what every node has spent of budgets that are new here, and brings them into force. One at a time.</summary>
internal sealed class SliceLoader(BudgetBook book, IBudgetLeases leases, INodeSpending spending, string node, TimeProvider time) : IDisposable
{
    // Attempts that end while the ledger is read make it be read again; under constant load not for ever.
    private const int MostReadings = 5;

    private readonly SemaphoreSlim _reading = new(1);

    /// <summary>All that are new. False: the database is away, and some are not in force yet.</summary>
    public async Task<bool> LoadAsync(CancellationToken cancellation)
    {
        await _reading.WaitAsync(cancellation);
        try
        {
            for (var reading = 1; reading <= MostReadings && News() is { Count: > 0 } news; reading++)
            {
                foreach (var window in news.GroupBy(one => one.Window))
                {
                    if (!await LoadAsync([.. window.Select(one => one.Name)], window.Key, isLast: reading == MostReadings, cancellation))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    private List<(BudgetName Name, BudgetWindow Window)> News()
    {
        lock (book.Gate)
        {
            var now = time.GetUtcNow();
            return [.. book.Accounts.Where(account => account.IsLoading).Select(account => (account.Budget.Name, BudgetWindow.Of(account.Budget.Per, now)))];
        }
    }

    // The ledger is read once for all of a window.
    private async Task<bool> LoadAsync(List<BudgetName> names, BudgetWindow window, bool isLast, CancellationToken cancellation)
    {
        if (await spending.ReadAsync(window, names.Count == 1 ? names[0].Scope : null, cancellation) is not { } rows)
        {
            return false;
        }

        foreach (var name in names)
        {
            var byNode = rows.Where(row => row.IsOf(name.Scope)).GroupBy(row => row.Node).ToDictionary(one => one.Key, one => one.Sum(row => row.NanoUsd));
            byNode.Remove(node, out var own);
            if (byNode.Count > 0 && !await leases.ImportAsync(node, name, window, byNode, cancellation))
            {
                return false;
            }

            book.TryLoad(name, window, own, isLast);
        }

        return true;
    }
}
