using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <content>How the gate has to do with limits that several nodes share: it tells what it is short of, and looks at its lines again when it is given more.</content>
public sealed partial class AdmissionGate
{
    /// <summary>
    /// Where a limit is shared by several nodes and this one's part is too small, though the limit has room as last known: waits until the others were
    /// asked once, bounded. Completes at once where that could not help. To be called before <see cref="TryEnter(Way, Demand, Flow, out Shortage?)"/>, which waits for nothing.
    /// </summary>
    public ValueTask LeaseAsync(Way way, Demand demand)
    {
        if (_shared is null)
        {
            return ValueTask.CompletedTask;
        }

        lock (_lock)
        {
            _shared.Cover(way);
            if (Lack(way, demand, Now).Lack is not { IsOfLease: true })
            {
                return ValueTask.CompletedTask;
            }

            _shared.Miss(way, demand, isLost: true, Now);
        }

        return new ValueTask(_leases!.RoundAsync());
    }

    /// <summary>What is due to be said of shared limits.</summary>
    /// <param name="keepsAll">The store did not answer last time: nothing is given back.</param>
    internal IReadOnlyList<LeaseAsk> CollectAsks(bool keepsAll)
    {
        lock (_lock)
        {
            return _shared!.Collect(_waiters, keepsAll, Now);
        }
    }

    /// <summary>What is to be said of them when this node stops, a call's worth at a time. Nobody is let in by them any more.</summary>
    internal IReadOnlyList<LeaseAsk> CollectLast()
    {
        lock (_lock)
        {
            return _shared!.Leave(Now);
        }
    }

    /// <summary>What was said to them; lets in whom that gives room.</summary>
    /// <returns>When there is more to say, on the gate's clock; null: nothing is used.</returns>
    internal TimeSpan? Grant(LeaseAnswer answer)
    {
        lock (_lock)
        {
            _shared!.Grant(answer, _toLook.Enqueue);
            LookAround();
            return _shared.DueAt();
        }
    }

    /// <summary>When something is to be said of shared limits next; null: nothing is used.</summary>
    internal TimeSpan? LeasesDueAt()
    {
        lock (_lock)
        {
            return _shared!.DueAt();
        }
    }

    /// <summary>Nothing is going to be said to them for a while.</summary>
    internal void BeginOutage(int nodes, bool hasLapsed)
    {
        lock (_lock)
        {
            _shared!.Outage(nodes, hasLapsed, _toLook.Enqueue);
            LookAround();
        }
    }

    // Under the lock.
    private TimeSpan? Miss(IReadOnlyList<Way> ways, in Demand demand, bool isLost)
    {
        TimeSpan? due = null;
        for (var i = 0; _shared is not null && i < ways.Count; i++)
        {
            due = _shared.Miss(ways[i], demand, isLost, Now) is { } one && !(due < one) ? one : due;
        }

        return due;
    }

    // Outside of the lock: where the store answers at once, what it gives is taken before this returns.
    private void Ask(TimeSpan? due)
    {
        if (due is { } at)
        {
            _leases!.AskBy(at);
        }
    }

    private async Task<Entry> LeaseAndEnterAsync(IReadOnlyList<Way> ways, Demand demand, Flow flow, TimeSpan patience, CancellationToken cancellation)
    {
        await _leases!.RoundAsync().WaitAsync(cancellation);
        return await EnterAsync(ways, demand, flow, patience, mayLease: false, cancellation);
    }
}
