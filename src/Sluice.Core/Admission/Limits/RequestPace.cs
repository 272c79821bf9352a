namespace Sluice.Core.Admission.Limits;

/// <summary>How many of a minute's requests may start at once: a bucket of <see cref="LimitMeter.Limit"/> that fills at the rate of the minute's limit. With one they start evenly spaced.</summary>
internal sealed class RequestPace() : LimitMeter(LimitKind.Burst)
{
    // When the bucket is full again; one request before that for each Step.
    private TimeSpan _full;

    /// <summary>Requests a minute; more than 0 where <see cref="LimitMeter.Limit"/> is.</summary>
    public long PerMinute { get; set; }

    private TimeSpan Step => TimeSpan.FromMinutes(1) / Math.Max(1, PerMinute);

    public override long NeedOf(in Demand demand) => 1;

    public override long Used(TimeSpan now) => _full <= now ? 0 : (long)Math.Ceiling((_full - now) / Step);

    public override TimeSpan? WaitFor(long need, TimeSpan now) => _full - now - (Step * (Limit - need));

    public override void Take(long need, TimeSpan now) => _full = (_full > now ? _full : now) + (Step * need);
}
