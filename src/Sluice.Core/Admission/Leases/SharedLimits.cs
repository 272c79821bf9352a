using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission.Leases;

/// <summary>Which shared limits this node uses, what it has to say of them to the store, and what the store said.</summary>
/// <remarks>Lock rule: under the lock of the gate.</remarks>
internal sealed class SharedLimits
{
    // Nobody waits for a better occasion; but what is due a moment later goes along.
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(20);

    private readonly List<Allowance> _used = [];
    private readonly List<(Allowance Allowance, LimitMeter Meter, LeaseAsk Ask)> _asked = [];
    private int _outageNodes;

    /// <summary>Something of it is used or held from now on.</summary>
    public void Touch(Allowance allowance)
    {
        if (!allowance.IsLeased)
        {
            allowance.IsLeased = true;
            _used.Add(allowance);
        }
    }

    /// <summary>A request finds too little held.</summary>
    /// <returns>When the store is to be asked; null where its leases are not what it is short of.</returns>
    public TimeSpan? Miss(Way way, in Demand demand, bool isLost, TimeSpan now)
    {
        TimeSpan? due = null;
        foreach (var allowance in way.All)
        {
            foreach (var meter in allowance.Shared)
            {
                if (meter.Limit == 0 || meter.NeedOf(demand) is var need && (need <= meter.Left(now) || need > meter.Limit))
                {
                    continue;
                }

                Touch(allowance);
                meter.Lease!.Miss(need, isLost, now);
                due = Earlier(due, meter.Lease.DueAt(somebodyWaits: true));
            }
        }

        return due;
    }

    /// <summary>What is due to be said, at most as much as one call takes.</summary>
    /// <param name="waiters">Everybody who waits.</param>
    /// <param name="keepsAll">The store did not answer last time.</param>
    /// <param name="now">Now.</param>
    public IReadOnlyList<LeaseAsk> Collect(IEnumerable<Waiter> waiters, bool keepsAll, TimeSpan now)
    {
        CountWaiting(waiters, now);
        _asked.Clear();
        foreach (var allowance in _used)
        {
            var next = Next(allowance, now);
            foreach (var meter in allowance.Shared)
            {
                if (_asked.Count < LeaseCall.MostAsks && meter.Lease!.DueAt(next is not null) <= now + Together)
                {
                    var need = next is var (demand, waited) ? (meter.NeedOf(demand), waited) : default;
                    _asked.Add((allowance, meter, meter.Lease.Ask(allowance.Scope, meter, need, keepsAll, now)));
                }
            }
        }

        return _asked.ConvertAll(asked => asked.Ask);
    }

    /// <summary>What is to be said at the end: nothing is used after it. Call by call, until there is nothing.</summary>
    public IReadOnlyList<LeaseAsk> Leave(TimeSpan now)
    {
        _asked.Clear();
        foreach (var allowance in _used)
        {
            foreach (var meter in allowance.Shared)
            {
                if (_asked.Count < LeaseCall.MostAsks && !meter.Lease!.IsOver)
                {
                    _asked.Add((allowance, meter, meter.Lease.Leave(allowance.Scope, meter, now)));
                }
            }
        }

        return _asked.ConvertAll(asked => asked.Ask);
    }

    /// <summary>Takes what the store said to what was last collected.</summary>
    /// <param name="answer">No fault.</param>
    /// <param name="look">Told of each allowance that may have room now.</param>
    public void Grant(LeaseAnswer answer, Action<Allowance> look)
    {
        _outageNodes = 0;
        for (var i = 0; i < _asked.Count && i < answer.Replies.Count; i++)
        {
            var (allowance, meter, ask) = _asked[i];
            if (meter.Lease!.Grant(ask, answer.Replies[i]))
            {
                look(allowance);
            }
        }

        _used.RemoveAll(static allowance => !(allowance.IsLeased = allowance.Shared.Any(meter => !meter.Lease!.IsOver)));
    }

    /// <summary>While the store is away: what is not known of these scopes is not going to be told.</summary>
    public void Cover(Way way)
    {
        if (_outageNodes == 0)
        {
            return;
        }

        foreach (var allowance in way.All)
        {
            foreach (var meter in allowance.Shared)
            {
                if (meter.Limit > 0 && meter.Lease!.TakePart(meter.Limit, _outageNodes))
                {
                    Touch(allowance);
                }
            }
        }
    }

    /// <summary>A limit was set: what is under way already counts.</summary>
    public void Begin(Allowance allowance, TimeSpan now)
    {
        foreach (var meter in allowance.Shared)
        {
            if (meter.Limit > 0 && meter.Left(now) < 0)
            {
                Touch(allowance);
                meter.Lease!.Miss(0, isLost: false, now);
            }
        }
    }

    /// <summary>The store has been away for long: until it answers, this node's parts of what nobody held are used.</summary>
    /// <param name="nodes">As last known.</param>
    /// <param name="hasLapsed">If it is away for this node alone, the others are being given what this one holds.</param>
    /// <param name="look">Told whose line may go on.</param>
    public void Outage(int nodes, bool hasLapsed, Action<Allowance> look)
    {
        _outageNodes = nodes;
        foreach (var allowance in _used)
        {
            foreach (var meter in allowance.Shared)
            {
                if (meter.Limit > 0 && meter.Lease!.TakePart(meter.Limit, nodes))
                {
                    look(allowance);
                }

                if (hasLapsed)
                {
                    meter.Lease!.Lapse(meter.Limit, nodes);
                }
            }
        }
    }

    /// <summary>When something is to be said next; null: nothing is used.</summary>
    public TimeSpan? DueAt()
    {
        TimeSpan? due = null;
        foreach (var allowance in _used)
        {
            foreach (var meter in allowance.Shared)
            {
                due = Earlier(due, meter.Lease!.DueAt(allowance.Line.Count > 0));
            }
        }

        return due;
    }

    private void CountWaiting(IEnumerable<Waiter> waiters, TimeSpan now)
    {
        foreach (var meter in _used.SelectMany(allowance => allowance.Shared))
        {
            meter.Lease!.Waiting = 0;
        }

        foreach (var turn in waiters.SelectMany(waiter => waiter.Turns))
        {
            foreach (var allowance in turn.Way.All)
            {
                foreach (var meter in allowance.Shared)
                {
                    // It stands in one line, and needs room in all of its scopes.
                    if (meter.Limit > 0 && meter.NeedOf(turn.Waiter.Demand) is var need && (allowance == turn.At || need > meter.Left(now)))
                    {
                        Touch(allowance);
                        meter.Lease!.Waiting += need;
                    }
                }
            }
        }
    }

    private static (Demand Demand, TimeSpan Waited)? Next(Allowance allowance, TimeSpan now) =>
        allowance.Line.First is { Waiter: var first } ? (first.Demand, now - first.Since) : null;

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;
}
