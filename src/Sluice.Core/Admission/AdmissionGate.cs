using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>
/// Lets requests in as limits allow, and has the others wait in fair lines, bounded in number and in time. A request that needs several scopes
/// (its key's, its user's) takes all of them or none; it stands in the line of the one that keeps it out longest, and moves to another's when
/// that one turns out short. One that could be served by several providers stands in all their lines at once.
/// </summary>
/// <remarks>
/// Lock rule: <see cref="_lock"/> guards every allowance, line and waiter. No wake-up is lost, since whoever is first in a line was found short of
/// that very scope under the lock, and all that can give it room (an end, a settlement, a new limit, its timer) looks at the line again under it.
/// Waiters go on outside of it.
/// </remarks>
public sealed partial class AdmissionGate
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly long _start;
    private readonly HashSet<Waiter> _waiters = [];
    private readonly Queue<Allowance> _toLook = [];
    private readonly SharedLimits? _shared;
    private readonly LeaseKeeper? _leases;

    /// <param name="time">The clock.</param>
    /// <param name="leases">Where several nodes share the limits; null: they are this node's alone.</param>
    public AdmissionGate(TimeProvider time, LeaseKeeper? leases = null)
    {
        (_time, _start, _leases) = (time, time.GetTimestamp(), leases);
        _shared = leases is null ? null : new SharedLimits();
        leases?.Follow(this);
    }

    /// <summary>How many may wait; 0: nobody.</summary>
    public int MostWaiting { get; set; } = 1000;

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Count;
            }
        }
    }

    /// <summary>The gate's clock.</summary>
    internal TimeSpan Now => _time.GetElapsedTime(_start);

    internal Allowance Open(LimitScope scope) => new(scope, _time, Look, _shared);

    /// <summary>Changes limits, and lets in whom that gives room.</summary>
    internal void Change(Allowance allowance, LimitSet limits, double interactiveWeight)
    {
        lock (_lock)
        {
            allowance.Set(limits, interactiveWeight);
            _shared?.Begin(allowance, Now);
            _toLook.Enqueue(allowance);
            LookAround();
        }
    }

    /// <summary>Lets a request in if there is room and nobody waits for it.</summary>
    /// <param name="way">The scopes.</param>
    /// <param name="demand">What it is expected to use.</param>
    /// <param name="flow">In whose name.</param>
    /// <param name="lack">Set where it is not let in.</param>
    public Permit? TryEnter(Way way, Demand demand, Flow flow, out Shortage? lack)
    {
        TimeSpan? due = null;
        Permit? permit;
        lock (_lock)
        {
            permit = TryEnter(way, demand, flow, out lack, out _);
            if (permit is null)
            {
                due = _shared?.Miss(way, demand, isLost: true, Now);
            }
        }

        Ask(due);
        return permit;
    }

    /// <summary>Lets a request in by one of several ways, preferably an early one, and has it wait where all are short. Completes at once where no wait could help.</summary>
    /// <param name="ways">At least one.</param>
    /// <param name="demand">What it is expected to use.</param>
    /// <param name="flow">In whose name it waits.</param>
    /// <param name="patience">The longest wait.</param>
    /// <param name="cancellation">Takes it out of the lines.</param>
    /// <exception cref="OperationCanceledException">Cancelled while it waited; nothing is held.</exception>
    public ValueTask<Entry> EnterAsync(IReadOnlyList<Way> ways, Demand demand, Flow flow, TimeSpan patience, CancellationToken cancellation) =>
        EnterAsync(ways, demand, flow, patience, mayLease: _shared is not null, cancellation);

    private ValueTask<Entry> EnterAsync(IReadOnlyList<Way> ways, Demand demand, Flow flow, TimeSpan patience, bool mayLease, CancellationToken cancellation)
    {
        Waiter waiter;
        TimeSpan? due;
        bool mustLease;
        lock (_lock)
        {
            waiter = new Waiter(demand, flow, Now);
            Shortage? soonest = null;
            for (var i = 0; i < ways.Count; i++)
            {
                if (TryEnter(ways[i], demand, flow, out var lack, out var line) is { } permit)
                {
                    return new ValueTask<Entry>(new Entry(permit, i, null, TimeSpan.Zero));
                }

                soonest = soonest is null || soonest.IsWorseThan(lack) ? lack : soonest;
                if (!lack!.IsForGood && !(lack.Wait > patience))
                {
                    waiter.Turns.Add(new Turn(waiter, ways[i], i) { At = line! });
                }
            }

            var waits = waiter.Turns.Count > 0 && patience > TimeSpan.Zero;
            due = Miss(ways, demand, isLost: !waits);
            mustLease = !waits && soonest!.IsOfLease && mayLease;
            if (!waits && !mustLease)
            {
                return new ValueTask<Entry>(new Entry(null, 0, soonest, TimeSpan.Zero));
            }

            if (waits && _waiters.Count >= MostWaiting && !MakeRoomFor(flow))
            {
                return new ValueTask<Entry>(new Entry(null, 0, FullLine(soonest!.Scope), TimeSpan.Zero));
            }

            if (waits)
            {
                waiter.Lack = soonest;
                _waiters.Add(waiter);
                foreach (var turn in waiter.Turns)
                {
                    Stand(turn, turn.At);
                }

                LookAround();
            }
        }

        if (mustLease)
        {
            return new ValueTask<Entry>(LeaseAndEnterAsync(ways, demand, flow, patience, cancellation));
        }

        Ask(due);
        return new ValueTask<Entry>(WaitAsync(waiter, patience, cancellation));
    }

    /// <summary>What is held and who waits, for people.</summary>
    internal IReadOnlyList<WaitingRequest> ReadWaiting()
    {
        lock (_lock)
        {
            var now = Now;
            return [.. _waiters.OrderBy(waiter => waiter.Since).Select(waiter => new WaitingRequest(waiter.Flow, waiter.Lack!, now - waiter.Since))];
        }
    }

    /// <summary>How one scope stands.</summary>
    internal ScopeUse Read(Allowance allowance)
    {
        lock (_lock)
        {
            return new ScopeUse(allowance.Scope, allowance.Limits, allowance.Held, allowance.Line.Count);
        }
    }

    /// <summary>How each limit on a way stands.</summary>
    internal IReadOnlyList<LimitUse> Read(Way way)
    {
        lock (_lock)
        {
            var now = Now;
            return [.. way.All.SelectMany(allowance => allowance.Read(now))];
        }
    }

    /// <summary>Nothing is held of it and nobody waits for it.</summary>
    internal bool IsIdle(Allowance allowance)
    {
        lock (_lock)
        {
            return allowance.IsIdle;
        }
    }

    internal void Settle(Permit permit, Demand used)
    {
        lock (_lock)
        {
            var now = Now;
            foreach (var allowance in permit.Scopes)
            {
                allowance.Settle(permit.Taken, permit.At, used, now);
                allowance.Line.Correct(permit.Flow, allowance.CostOf(used) - allowance.CostOf(permit.Taken));
                _toLook.Enqueue(allowance);
            }

            permit.Taken = used;
            LookAround();
        }
    }

    internal void Release(Permit permit)
    {
        lock (_lock)
        {
            foreach (var allowance in permit.Scopes)
            {
                allowance.Release();
                _toLook.Enqueue(allowance);
            }

            LookAround();
        }
    }

    private Permit? TryEnter(Way way, in Demand demand, Flow flow, out Shortage? lack, out Allowance? line)
    {
        var now = Now;
        _shared?.Cover(way);
        (lack, line) = Lack(way, demand, now);

        // Whoever comes now stands behind those who came before, though there may be room for him.
        foreach (var allowance in way.All)
        {
            if (lack is null && allowance.Line.First is { } first)
            {
                (lack, line) = (first.Waiter.Lack!, allowance);
            }
        }

        return lack is null ? Give(way, demand, flow, now) : null;
    }

    private Permit Give(Way way, in Demand demand, Flow flow, TimeSpan now)
    {
        LimitStanding? tightest = null;
        foreach (var allowance in way.All)
        {
            allowance.Take(demand, now);
            allowance.Line.Serve(flow, allowance.CostOf(demand));
            if (allowance.Tightest(now) is { } standing && (tightest is null || standing.Share < tightest.Share))
            {
                tightest = standing;
            }
        }

        return new Permit(this, way.All, demand, flow, now, tightest);
    }

    private static (Shortage? Lack, Allowance? At) Lack(Way way, in Demand demand, TimeSpan now)
    {
        Shortage? worst = null;
        Allowance? at = null;
        foreach (var allowance in way.All)
        {
            if (allowance.Lack(demand, now) is { } lack && lack.IsWorseThan(worst))
            {
                (worst, at) = (lack, allowance);
            }
        }

        return (worst, at);
    }

    private void Stand(Turn turn, Allowance line)
    {
        turn.At = line;
        turn.Place = line.Line.Add(turn.Waiter.Flow, turn);
        _toLook.Enqueue(line);
    }

    private void Look(Allowance allowance)
    {
        lock (_lock)
        {
            _toLook.Enqueue(allowance);
            LookAround();
        }
    }

    // Ends: each step lets somebody in, sends somebody away for good, or moves somebody to where he is short longest, which stays so until somebody is let in.
    private void LookAround()
    {
        var now = Now;
        while (_toLook.TryDequeue(out var allowance))
        {
            while (allowance.Line.First is { } first)
            {
                var waiter = first.Waiter;
                var (lack, at) = Lack(first.Way, waiter.Demand, now);
                if (lack is null)
                {
                    var permit = Give(first.Way, waiter.Demand, waiter.Flow, now);
                    Leave(waiter);
                    waiter.End(new Entry(permit, first.Index, waiter.Lack, now - waiter.Since));
                    continue;
                }

                if (lack.IsForGood)
                {
                    // A limit was lowered below what it needs.
                    allowance.Line.Remove(first.Place);
                    waiter.Turns.Remove(first);
                    if (waiter.Turns.Count == 0)
                    {
                        _waiters.Remove(waiter);
                        waiter.End(new Entry(null, first.Index, lack, now - waiter.Since));
                    }

                    continue;
                }

                waiter.Lack = lack;
                if (at == allowance)
                {
                    allowance.LookAgain(lack.Wait);
                    break;
                }

                allowance.Line.Remove(first.Place);
                Stand(first, at!);
            }
        }
    }

    /// <summary>Takes a waiter out of every line; whoever stood behind him may be first now.</summary>
    private void Leave(Waiter waiter)
    {
        _waiters.Remove(waiter);
        foreach (var turn in waiter.Turns)
        {
            turn.At.Line.Remove(turn.Place);
            _toLook.Enqueue(turn.At);
        }
    }

    /// <summary>The line is full. Who holds most of it gives up his last place to somebody who holds clearly less: else one who floods it would keep all others out.</summary>
    private bool MakeRoomFor(Flow flow)
    {
        // As long as the line, and only while it is full.
        var largest = _waiters.GroupBy(waiter => waiter.Flow.Owner, StringComparer.Ordinal).MaxBy(owner => owner.Count());
        if (largest is null || largest.Count() <= _waiters.Count(waiter => waiter.Flow.Owner == flow.Owner) + 1)
        {
            return false;
        }

        var last = largest.MaxBy(waiter => waiter.Since)!;
        Leave(last);
        last.End(new Entry(null, 0, FullLine(last.Lack!.Scope), Now - last.Since));
        return true;
    }

    private Shortage FullLine(LimitScope scope) => new(scope, LimitKind.Queue, MostWaiting, 1, null);

    private async Task<Entry> WaitAsync(Waiter waiter, TimeSpan patience, CancellationToken cancellation)
    {
        // One timer and one registration for each waiter, no thread.
        await using var deadline = _time.CreateTimer(
            static state =>
            {
                var (gate, late) = ((AdmissionGate, Waiter))state!;
                gate.Refuse(late);
            },
            (this, waiter), patience, Timeout.InfiniteTimeSpan);
        await using var leaving = cancellation.Register(
            static (state, token) =>
            {
                var (gate, gone) = ((AdmissionGate, Waiter))state!;
                gate.Cancel(gone, token);
            },
            (this, waiter));
        return await waiter.Outcome;
    }

    private void Refuse(Waiter waiter)
    {
        lock (_lock)
        {
            if (!waiter.IsOver)
            {
                Leave(waiter);
                waiter.End(new Entry(null, 0, waiter.Lack, Now - waiter.Since));
                LookAround();
            }
        }
    }

    private void Cancel(Waiter waiter, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (!waiter.IsOver)
            {
                Leave(waiter);
                waiter.Cancel(cancellation);
                LookAround();
            }
        }
    }
}
