namespace Sluice.Core.Budgets;

/// <summary>What one budget has spent and holds in its present window. Changed under the lock of the book alone.</summary>
internal sealed class BudgetAccount(Budget budget, DateTimeOffset now)
{
    public Budget Budget { get; set; } = budget;

    public BudgetWindow Window { get; private set; } = BudgetWindow.Of(budget.Per, now);

    /// <summary>Nano-dollars of attempts that began in the window and have ended.</summary>
    public long Spent { get; private set; }

    /// <summary>Nano-dollars held for attempts that are under way.</summary>
    public long Reserved { get; private set; }

    /// <summary>What was spent before it was set is not known yet: it counts and refuses nobody.</summary>
    public bool IsLoading { get; set; } = true;

    /// <summary>What is neither spent nor held; may be less than nothing.</summary>
    public long Free => Budget.NanoUsd - Add(Spent, Reserved);

    /// <summary>What is not spent.</summary>
    public long Unspent => Budget.NanoUsd - Spent;

    /// <summary>Begins anew where the window is over. Attempts of the old one that still run take nothing from the new one.</summary>
    public void Follow(DateTimeOffset now)
    {
        if (now >= Window.End)
        {
            (Window, Spent, Reserved) = (BudgetWindow.Of(Budget.Per, now), 0, 0);
        }
    }

    public void Reserve(long nano) => Reserved = Add(Reserved, nano);

    /// <param name="nano">As it was reserved.</param>
    /// <param name="windowStart">Of the window in which it was.</param>
    public void Release(long nano, DateTimeOffset windowStart) => Reserved -= windowStart == Window.Start ? nano : 0;

    /// <param name="nano">What an attempt cost.</param>
    /// <param name="startedAt">It counts where it began, as in reports.</param>
    public void Charge(long nano, DateTimeOffset startedAt) => Spent = Window.Holds(startedAt) ? Add(Spent, nano) : Spent;

    /// <summary>Takes over what the ledger says; false, and back to nothing, where an attempt ended meanwhile that the ledger may have counted too.</summary>
    /// <param name="isLast">Counted twice is better than never.</param>
    public bool TryLoad(long spentBefore, bool isLast)
    {
        if (Spent > 0 && !isLast)
        {
            Spent = 0;
            return false;
        }

        (Spent, IsLoading) = (Add(Spent, spentBefore), false);
        return true;
    }

    // A sum must not wrap round into credit.
    private static long Add(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}
