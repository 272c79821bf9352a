namespace Sluice.Core.Admission.Limits;

/// <summary>Requests under way. Counted without a limit too, so that a limit set later knows of those that run.</summary>
internal sealed class Slots() : LimitMeter(LimitKind.Concurrency)
{
    /// <summary>How many.</summary>
    public long Used { get; private set; }

    public override long NeedOf(in Demand demand) => 1;

    public override long Left(TimeSpan now) => Limit - Used;

    public override TimeSpan? WaitFor(long need, TimeSpan now) => null;

    public override void Take(long need, TimeSpan now) => Used += need;

    public override void Release() => Used--;
}
