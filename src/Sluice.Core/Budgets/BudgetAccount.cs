using Sluice.Core.Budgets.Slices;

namespace Sluice.Core.Budgets;

/// <summary>What one budget has spent and holds in its present window. Changed under the lock of the book alone.</summary>
/// <param name="budget">Which.</param>
/// <param name="now">The present.</param>
/// <param name="slice">What this node has of it; null where no other node spends from it.</param>
internal sealed class BudgetAccount(Budget budget, DateTimeOffset now, BudgetSlice? slice)
{
    public Budget Budget { get; private set; } = budget;

    /// <summary>Null where no other node spends from the budget.</summary>
    public BudgetSlice? Slice { get; } = slice;

    public BudgetWindow Window { get; private set; } = BudgetWindow.Of(budget.Per, now);

    /// <summary>Nano-dollars of this node's attempts that began in the window and have ended.</summary>
    public long Spent { get; private set; }

    /// <summary>Nano-dollars held for this node's attempts that are under way.</summary>
    public long Reserved { get; private set; }

    /// <summary>What was spent before it was set is not known yet: it counts and refuses nobody. Of a shared one nothing is granted until it is.</summary>
    public bool IsLoading { get; set; } = true;

    /// <summary>What this node has spent and holds.</summary>
    public long Held => Add(Spent, Reserved);

    /// <summary>What this node may still hold; may be less than nothing.</summary>
    public long Free => Slice is null ? Budget.NanoUsd - Held : Math.Min(Slice.Granted - Held, Unspent);

    /// <summary>What nobody has spent.</summary>
    public long Unspent => Budget.NanoUsd - Add(Spent, Slice?.OthersSpent ?? 0);

    /// <summary>What this node might be given if the others held nothing.</summary>
    public long Attainable => Budget.NanoUsd - Add(Held, Slice?.OthersSpent ?? 0);

    /// <summary>Over all nodes, as last known of the others.</summary>
    public BudgetStanding Stand() => new(Budget, Add(Spent, Slice?.OthersSpent ?? 0), Add(Reserved, Slice?.OthersReserved ?? 0), Window);

    /// <summary>Counts for another amount from now on.</summary>
    public void Set(Budget budget)
    {
        // Of a smaller amount, or of one that begins to refuse, what is slack here may be too much: it is asked for anew.
        if (budget != Budget)
        {
            Slice?.KeepOnly(Held);
            Slice?.Change();
        }

        Budget = budget;
    }

    /// <summary>Begins anew where the window is over. Attempts of the old one that still run take nothing from the new one.</summary>
    public void Follow(DateTimeOffset now)
    {
        if (now >= Window.End)
        {
            (Window, Spent, Reserved) = (BudgetWindow.Of(Budget.Per, now), 0, 0);
            Slice?.BeginAnew();
        }

        if (Slice is { HasLapsed: true })
        {
            Slice.KeepOnly(Held);
        }
    }

    public void Reserve(long nano, TimeSpan lifetime)
    {
        Reserved = Add(Reserved, nano);
        Slice?.Use(nano, lifetime);
    }

    /// <param name="nano">As it was reserved.</param>
    /// <param name="windowStart">Of the window in which it was.</param>
    public void Release(long nano, DateTimeOffset windowStart)
    {
        Reserved -= windowStart == Window.Start ? nano : 0;
        Slice?.Change();
    }

    /// <param name="nano">What an attempt cost.</param>
    /// <param name="startedAt">It counts where it began, as in reports.</param>
    public void Charge(long nano, DateTimeOffset startedAt)
    {
        Spent = Window.Holds(startedAt) ? Add(Spent, nano) : Spent;
        Slice?.Change();
    }

    /// <summary>Takes over what the ledger says; false, and back to nothing, where an attempt ended meanwhile that the ledger may have counted too.</summary>
    /// <param name="isLast">Counted twice is better than never.</param>
    public bool TryLoad(BudgetWindow window, long spentBefore, bool isLast, DateTimeOffset now)
    {
        Follow(now);
        if (window != Window)
        {
            // It ended while the ledger was asked; nobody spent in the new one before it was counted.
            IsLoading = false;
            return true;
        }

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
