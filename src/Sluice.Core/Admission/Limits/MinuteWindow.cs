using Sluice.Core.Admission.Leases;

namespace Sluice.Core.Admission.Limits;

/// <summary>What was taken in the last 60 seconds: never more than the limit in any of them, unlike a bucket that is full at first and fills while it is emptied.</summary>
/// <remarks>
/// Kept by quarters of a second. What was taken counts until all of its quarter is 60 seconds old, so the window errs by at most a quarter of a
/// second, against the caller: under constant load at least 60/60.25 of the limit is used.
/// </remarks>
internal sealed class MinuteWindow(LimitKind kind) : LimitMeter(kind)
{
    private const int Width = 241;
    private const long SlotTicks = TimeSpan.TicksPerSecond / 4;

    /// <summary>How long what was taken counts, at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromTicks(Width * SlotTicks);

    private long[]? _slots;
    private long _newest;
    private long _sum;

    public override long NeedOf(in Demand demand) => Kind switch
    {
        LimitKind.Input => demand.Input,

        // What an answer will be is a guess, and a guess keeps nobody out for good.
        LimitKind.Output => Math.Min(demand.Output, Limit),
        _ => 1,
    };

    public override long UsedOf(in Demand used) => Kind == LimitKind.Output ? used.Output : NeedOf(used);

    public override long Used(TimeSpan now)
    {
        Forget(now);
        return _sum;
    }

    /// <remarks>What other nodes took is free again evenly over the minute: when they took it is not known here.</remarks>
    public override TimeSpan? WaitFor(long need, TimeSpan now)
    {
        Forget(now);
        if (HasRoomElsewhere(need, now))
        {
            return LimitLease.Soon;
        }

        var missing = _sum + need - Ceiling;
        var missingOfAll = _sum + OthersUse + need - Limit;
        var isShared = Lease is not null;
        for (var slot = _newest - Width + 1; slot <= _newest; slot++)
        {
            var wait = ((slot + Width) * SlotTicks) - now.Ticks;
            missing -= Of(slot);
            missingOfAll -= Of(slot);
            if (missing <= 0 || (isShared && missingOfAll <= (double)OthersUse * wait / Longest.Ticks))
            {
                return TimeSpan.FromTicks(wait);
            }
        }

        return isShared ? Longest : null;
    }

    public override void Take(long need, TimeSpan now)
    {
        Forget(now);
        _slots ??= new long[Width];
        _slots[_newest % Width] += need;
        _sum += need;
    }

    /// <summary>What was not used is given back to the moment in which it was taken; what was used beyond it counts from now.</summary>
    public override void Settle(long taken, TimeSpan at, long used, TimeSpan now)
    {
        Forget(now);
        var slot = at.Ticks / SlotTicks;
        if (used > taken)
        {
            Take(used - taken, now);
        }
        else if (slot > _newest - Width && _slots is not null)
        {
            var back = Math.Min(taken - used, Of(slot));
            _slots[slot % Width] -= back;
            _sum -= back;
        }
    }

    private long Of(long slot) => _slots is null || slot < 0 ? 0 : _slots[slot % Width];

    private void Forget(TimeSpan now)
    {
        var newest = now.Ticks / SlotTicks;
        if (_slots is not null && newest - _newest >= Width)
        {
            Array.Clear(_slots);
            _sum = 0;
        }
        else if (_slots is not null)
        {
            for (var slot = _newest + 1; slot <= newest; slot++)
            {
                _sum -= _slots[slot % Width];
                _slots[slot % Width] = 0;
            }
        }

        _newest = Math.Max(_newest, newest);
    }
}
