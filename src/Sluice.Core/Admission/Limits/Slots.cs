using Sluice.Core.Admission.Leases;

namespace Sluice.Core.Admission.Limits;

/// <summary>Requests under way. Counted without a limit too, so that a limit set later knows of those that run.</summary>
internal sealed class Slots() : LimitMeter(LimitKind.Concurrency)
{
    private long _used;

    public override long NeedOf(in Demand demand) => 1;

    public override long Used(TimeSpan now) => _used;

    public override TimeSpan? WaitFor(long need, TimeSpan now) => HasRoomElsewhere(need, now) ? LimitLease.Soon : null;

    public override void Take(long need, TimeSpan now) => _used += need;

    public override void Release() => _used--;
}
