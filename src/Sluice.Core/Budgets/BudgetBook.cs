using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Ledger;

namespace Sluice.Core.Budgets;

/// <summary>
/// What all budgets have spent and hold. Before an attempt the most that it can cost is reserved of every budget of its caller, all or nothing; at its
/// end what it cost is charged and the rest let go. So however many ask at once, hard budgets are overshot by no more than single attempts cost more
/// than was thought. Where several nodes share budgets (<see cref="Slices"/>), it holds this node's slices of them.
/// </summary>
/// <remarks>Lock rule: <see cref="Gate"/> guards all accounts and reservations, and who waits for money of a slice; nothing else is called under it.</remarks>
public sealed class BudgetBook(TimeProvider time)
{
    private static readonly BudgetPeriod[] Periods = Enum.GetValues<BudgetPeriod>();

    // Percent at which people want to hear of a budget.
    private static readonly int[] Marks = [50, 80, 100];

    private readonly Dictionary<BudgetName, BudgetAccount> _accounts = [];

    // Bounded by the attempts under way.
    private readonly HashSet<Reservation> _open = [];
    private volatile bool _isOn;

    /// <summary>Told when an attempt brought a budget past 50, 80 or 100 percent; outside of the lock, by whoever settled the attempt, of a shared one by one of the nodes.</summary>
    public Action<BudgetStanding>? Passed { get; init; }

    /// <summary>Who keeps this node's slices of shared budgets; null where there is no other node.</summary>
    public SliceKeeper? Slices { get; private set; }

    /// <summary>Some budget is in force. Without any, nothing of this costs anything.</summary>
    public bool IsOn => _isOn;

    internal Lock Gate { get; } = new();

    /// <summary>All, under the lock alone.</summary>
    internal IReadOnlyCollection<BudgetAccount> Accounts => _accounts.Values;

    /// <summary>Reservations that are neither settled nor let go.</summary>
    public int Open
    {
        get
        {
            lock (Gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Holds money of every budget of a caller, or of none. Null: a hard one cannot pay (<paramref name="shortage"/>).</summary>
    /// <param name="caller">Whose budgets.</param>
    /// <param name="owner">The request that it is for.</param>
    /// <param name="nanoUsd">The most that the attempt can cost.</param>
    /// <param name="lifetime">No attempt runs longer.</param>
    /// <param name="shortage">Set where null is returned.</param>
    public Reservation? Reserve(CallerScopes caller, string owner, long nanoUsd, TimeSpan lifetime, out BudgetShortage? shortage)
    {
        var now = time.GetUtcNow();
        lock (Gate)
        {
            var accounts = Of(caller, now);
            shortage = Lacking(accounts, nanoUsd);
            if (shortage is { IsInFlight: true } && LetGoExpired(now))
            {
                shortage = Lacking(accounts, nanoUsd);
            }

            if (shortage is not null)
            {
                return null;
            }

            foreach (var account in accounts)
            {
                account.Reserve(nanoUsd, lifetime);
            }

            var made = new Reservation(this, owner, nanoUsd, [.. accounts.Select(account => (account, account.Window.Start))], now + lifetime, [.. accounts.Select(Stand)]);
            _open.Add(made);
            return made;
        }
    }

    /// <summary>An attempt has ended: charges what it cost to the budgets of its caller, and lets go what was held for it.</summary>
    /// <param name="attempt">Whose it was and when it began.</param>
    /// <param name="held">Null where nothing was held.</param>
    /// <param name="nanoUsd">What it cost.</param>
    public void Settle(AttemptStarted attempt, Reservation? held, long nanoUsd)
    {
        if (!_isOn && held is null)
        {
            return;
        }

        var now = time.GetUtcNow();
        List<BudgetStanding>? passed = null;
        lock (Gate)
        {
            foreach (var account in Of(new CallerScopes(attempt.KeyId, attempt.User, attempt.Team, attempt.Project, Model: null, IsFree: false), now))
            {
                var before = Stand(account).PercentSpent;
                account.Charge(nanoUsd, attempt.StartedAt);
                var after = Stand(account);
                if (account.Slice is null && Array.Exists(Marks, mark => before < mark && after.PercentSpent >= mark))
                {
                    (passed ??= []).Add(after);
                }
            }

            LetGo(held);
        }

        passed?.ForEach(standing => Passed?.Invoke(standing));
    }

    /// <summary>How one budget stands; null where there is none of that name.</summary>
    public BudgetStanding? Find(BudgetName name)
    {
        var now = time.GetUtcNow();
        lock (Gate)
        {
            if (!_accounts.TryGetValue(name, out var account))
            {
                return null;
            }

            account.Follow(now);
            return Stand(account);
        }
    }

    /// <summary>How all budgets stand, in no order.</summary>
    public IReadOnlyList<BudgetStanding> Read()
    {
        var now = time.GetUtcNow();
        lock (Gate)
        {
            foreach (var account in _accounts.Values)
            {
                account.Follow(now);
            }

            return [.. _accounts.Values.Select(Stand)];
        }
    }

    /// <summary>How all budgets of a caller stand, from the narrowest; empty where there are none.</summary>
    public IReadOnlyList<BudgetStanding> Read(CallerScopes caller)
    {
        var now = time.GetUtcNow();
        lock (Gate)
        {
            return [.. Of(caller, now).Select(Stand)];
        }
    }

    /// <summary>Counts for a budget from now on. False: it is new, and its past has to be looked up (<see cref="TryLoad"/>) before it refuses anybody.</summary>
    internal bool Set(Budget budget)
    {
        lock (Gate)
        {
            if (_accounts.TryGetValue(budget.Name, out var known))
            {
                known.Set(budget);
                return !known.IsLoading;
            }

            _accounts.Add(budget.Name, new BudgetAccount(budget, time.GetUtcNow(), Slices is null ? null : new BudgetSlice(time)));
            _isOn = true;
            return false;
        }
    }

    /// <summary>Brings a new budget into force with what was spent before. False: attempts ended meanwhile; the ledger has to be asked again.</summary>
    internal bool TryLoad(BudgetName name, BudgetWindow window, long spentBefore, bool isLast)
    {
        lock (Gate)
        {
            return !_accounts.TryGetValue(name, out var account) || account.TryLoad(window, spentBefore, isLast, time.GetUtcNow());
        }
    }

    /// <summary>Takes a budget out of force; what was held of it is forgotten with it.</summary>
    internal void Remove(BudgetName name)
    {
        lock (Gate)
        {
            _accounts.Remove(name);
            _isOn = _accounts.Count > 0;
        }
    }

    internal void Release(Reservation held)
    {
        lock (Gate)
        {
            LetGo(held);
        }
    }

    /// <summary>Other nodes spend from the same budgets. Before any is set.</summary>
    internal void ShareBy(SliceKeeper slices) => Slices = _accounts.Count == 0 ? slices : throw new InvalidOperationException("Budgets are in force already.");

    /// <summary>All budgets of a caller, in their present windows; under the lock alone.</summary>
    internal List<BudgetAccount> Of(CallerScopes caller, DateTimeOffset now)
    {
        var found = new List<BudgetAccount>();
        foreach (var scope in caller.All())
        {
            foreach (var period in Periods)
            {
                if (scope.Kind is not (ScopeKind.Model or ScopeKind.Free) && _accounts.TryGetValue(new BudgetName(scope, period), out var account))
                {
                    account.Follow(now);
                    found.Add(account);
                }
            }
        }

        return found;
    }

    // Of several that cannot pay, the one is told that no waiting helps with; else the one with the least room.
    private static BudgetShortage? Lacking(List<BudgetAccount> accounts, long need)
    {
        BudgetAccount? told = null;
        var available = long.MaxValue;
        foreach (var account in accounts)
        {
            if (!account.Budget.IsHard || (account.IsLoading && account.Slice is null))
            {
                continue;
            }

            available = Math.Min(available, account.Free);

            if (account.Free < need && (told is null || account.Unspent < told.Unspent))
            {
                told = account;
            }
        }

        return told is null ? null : new BudgetShortage(Stand(told), need, Math.Max(0, available), told.Unspent >= need);
    }

    private bool LetGoExpired(DateTimeOffset now)
    {
        var expired = _open.Where(held => held.ExpiresAt <= now).ToList();
        expired.ForEach(LetGo);
        return expired.Count > 0;
    }

    private void LetGo(Reservation? held)
    {
        if (held is null || held.IsReleased)
        {
            return;
        }

        held.IsReleased = true;
        _open.Remove(held);
        foreach (var (account, windowStart) in held.Parts)
        {
            account.Release(held.NanoUsd, windowStart);
        }
    }

    private static BudgetStanding Stand(BudgetAccount account) => account.Stand();
}
