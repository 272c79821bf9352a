using Sluice.Core.Admission.Leases;

namespace Sluice.Core.Admission.Limits;

/// <summary>
/// One limit and what is used of it. A further kind of limit (of money, say) is a further meter: it says whether a request fits, takes what the
/// request is expected to use, and learns at its end what it did use. Times are of a clock that only goes forward.
/// </summary>
/// <remarks>Lock rule: every member is called under the lock of the gate that owns it.</remarks>
internal abstract class LimitMeter(LimitKind kind)
{
    /// <summary>Which limit.</summary>
    public LimitKind Kind => kind;

    /// <summary>Its size; 0 is none. May change while requests run; what is used stays used.</summary>
    public long Limit { get; set; }

    /// <summary>How much of the limit this node may use, where several nodes share it; null: all of it.</summary>
    public LimitLease? Lease { get; init; }

    /// <summary>How much of this limit a request takes at its start.</summary>
    public abstract long NeedOf(in Demand demand);

    /// <summary>How much of this limit it was in the end.</summary>
    public virtual long UsedOf(in Demand used) => NeedOf(used);

    /// <summary>How much of it counts as used now, by this node.</summary>
    public abstract long Used(TimeSpan now);

    /// <summary>How much could be taken now; never more than <see cref="Limit"/>, below zero where more was used than expected.</summary>
    public long Left(TimeSpan now) => Ceiling - Used(now);

    /// <summary>How much is left over all nodes, as last known.</summary>
    public long LeftOfAll(TimeSpan now) => Limit - Used(now) - OthersUse;

    /// <summary>Only this node's lease is too small: the limit itself has room, as last known.</summary>
    public bool HasRoomElsewhere(long need, TimeSpan now) => Lease is not null && need > Left(now) && need <= LeftOfAll(now);

    /// <summary>When <paramref name="need"/> fits if nobody else takes anything, from now; null where no clock tells. Asked only where it does not fit now.</summary>
    public abstract TimeSpan? WaitFor(long need, TimeSpan now);

    /// <summary>Takes what a request is expected to use; it fits.</summary>
    public abstract void Take(long need, TimeSpan now);

    /// <summary>Corrects what was taken by what was used.</summary>
    /// <param name="taken">As <see cref="NeedOf"/> said at the start.</param>
    /// <param name="at">When it was taken.</param>
    /// <param name="used">As it turned out.</param>
    /// <param name="now">Now.</param>
    public virtual void Settle(long taken, TimeSpan at, long used, TimeSpan now)
    {
    }

    /// <summary>The request is over.</summary>
    public virtual void Release()
    {
    }

    /// <summary>What this node may use.</summary>
    protected long Ceiling => Lease is { } lease ? Math.Min(Limit, lease.Held) : Limit;

    /// <summary>What other nodes use, as last known.</summary>
    protected long OthersUse => Lease?.OthersUse ?? 0;
}
