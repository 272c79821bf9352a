using Sluice.Core.Admission.Leases;

namespace Sluice.Core.Admission.Limits;

/// <summary>Requests since midnight UTC.</summary>
/// <param name="time">Says which day it is.</param>
internal sealed class DayCount(TimeProvider time) : LimitMeter(LimitKind.Day)
{
    private DateTime _day;
    private long _count;

    public override long NeedOf(in Demand demand) => 1;

    public override long Used(TimeSpan now)
    {
        var today = time.GetUtcNow().UtcDateTime.Date;
        if (today != _day)
        {
            (_day, _count) = (today, 0);
        }

        return _count;
    }

    public override TimeSpan? WaitFor(long need, TimeSpan now)
    {
        if (HasRoomElsewhere(need, now))
        {
            return LimitLease.Soon;
        }

        var utc = time.GetUtcNow().UtcDateTime;
        return utc.Date.AddDays(1) - utc;
    }

    public override void Take(long need, TimeSpan now) => _count += need;
}
