using Sluice.Core.Admission;

namespace Sluice.Core.Budgets.Slices;

/// <summary>An attempt for which this node's slices are too small, until the database has given more or has said that there is no more.</summary>
/// <param name="caller">Whose budgets.</param>
/// <param name="owner">The request.</param>
/// <param name="nanoUsd">The most that the attempt can cost.</param>
/// <param name="lifetime">No attempt runs longer.</param>
/// <param name="until">On the clock's timestamps: from then on it waits for no other node.</param>
internal sealed class SliceWaiter(CallerScopes caller, string owner, long nanoUsd, TimeSpan lifetime, long until)
{
    private readonly TaskCompletionSource<SliceHold> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CallerScopes Caller => caller;

    public string Owner => owner;

    public long NanoUsd => nanoUsd;

    public TimeSpan Lifetime => lifetime;

    public long Until => until;

    /// <summary>A call that is answered asked for it.</summary>
    public bool IsAsked { get; set; }

    /// <summary>What it was told; null while it waits.</summary>
    public SliceHold? Hold { get; private set; }

    public Task<SliceHold> Told => _told.Task;

    public void Tell(SliceHold hold)
    {
        Hold = hold;
        _told.TrySetResult(hold);
    }
}

/// <summary>What became of it.</summary>
/// <param name="Held">Null where there is no money.</param>
/// <param name="Shortage">Why; null where there is money.</param>
public readonly record struct SliceHold(Reservation? Held, BudgetShortage? Shortage);

/// <summary>What may be done where a slice is too small.</summary>
[Flags]
public enum SliceAsking
{
    /// <summary>The database is asked once, where the budget may pay.</summary>
    Once = 0,

    /// <summary>What other nodes hold is waited for, for <see cref="SliceKeeper.Patience"/> at most.</summary>
    Waiting = 1,

    /// <summary>Less than was asked for helps too: all that is left is asked for.</summary>
    ForLess = 2,

    /// <summary>Nobody is asked: what is short is as if the database were away.</summary>
    Never = 4,
}
