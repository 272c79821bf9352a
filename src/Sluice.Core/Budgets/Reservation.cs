namespace Sluice.Core.Budgets;

/// <summary>Money held for one attempt. Dispose it when the attempt has come to nothing; one that was asked is settled (<see cref="BudgetBook.Settle"/>). Either counts once.</summary>
public sealed class Reservation : IDisposable
{
    private readonly BudgetBook _book;

    internal Reservation(BudgetBook book, string owner, long nanoUsd, (BudgetAccount Account, DateTimeOffset WindowStart)[] parts, DateTimeOffset expiresAt, IReadOnlyList<BudgetStanding> standings)
    {
        _book = book;
        Owner = owner;
        NanoUsd = nanoUsd;
        Parts = parts;
        ExpiresAt = expiresAt;
        Standings = standings;
    }

    /// <summary>The request that it is held for.</summary>
    public string Owner { get; }

    /// <summary>The most that the attempt was thought to cost.</summary>
    public long NanoUsd { get; }

    /// <summary>No attempt runs longer: what is still held then was forgotten, and is let go when somebody needs it.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>How the budgets stood with it.</summary>
    public IReadOnlyList<BudgetStanding> Standings { get; }

    internal (BudgetAccount Account, DateTimeOffset WindowStart)[] Parts { get; }

    internal bool IsReleased { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _book.Release(this);
}

/// <summary>How a budget stands.</summary>
/// <param name="Budget">Which.</param>
/// <param name="Spent">Nano-dollars of attempts of the window that have ended.</param>
/// <param name="Reserved">Nano-dollars held for attempts under way.</param>
/// <param name="Window">The present one.</param>
public sealed record BudgetStanding(Budget Budget, long Spent, long Reserved, BudgetWindow Window)
{
    /// <summary>Nano-dollars that are neither spent nor held; never less than 0.</summary>
    public long Left => Math.Max(0, Budget.NanoUsd - Spent - Reserved);

    /// <summary>Whole percent that are spent, rounded down; 100 of a budget of nothing.</summary>
    public int PercentSpent => Budget.NanoUsd == 0 ? 100 : (int)Math.Min(int.MaxValue, (decimal)Spent * 100 / Budget.NanoUsd);
}

/// <summary>A hard budget that cannot pay.</summary>
/// <param name="Standing">How it stands.</param>
/// <param name="Need">Nano-dollars that were asked for.</param>
/// <param name="Available">Nano-dollars that all budgets together have for the caller; never less than 0.</param>
/// <param name="IsInFlight">It would pay if attempts under way held nothing: waiting helps.</param>
public sealed record BudgetShortage(BudgetStanding Standing, long Need, long Available, bool IsInFlight)
{
    /// <summary>The budget may well pay: the database that the nodes share could not be asked whether it does.</summary>
    public bool IsAway { get; init; }
}
