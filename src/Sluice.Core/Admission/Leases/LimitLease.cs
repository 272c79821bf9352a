using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission.Leases;

/// <summary>What this node may use of one limit that several nodes share, and what it would like.</summary>
/// <remarks>Lock rule: under the lock of the gate.</remarks>
internal sealed class LimitLease
{
    /// <summary>When there is room if a lease is all that is missing: one more exchange.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    // While nodes want more than there is, or somebody waits; else as long as somebody uses it.
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    // What a day's limit holds of requests that are over does not change until midnight.
    private static readonly TimeSpan Still = TimeSpan.FromMinutes(1);

    // What is held beyond use is asked for as often as it is looked at, and half as much again; of scarce limits three times, since the look may be late.
    private const double CalmSeconds = 1.5;
    private const double ContendedSeconds = 0.3;

    // What is held and not used is out of the others' reach until it is looked at: at most this part of what is left, and of a scarce limit this part of it.
    private const long CalmPart = 4;
    private const long ContendedPart = 100;

    // The largest of about so many requests is what the next may be.
    private const long SizeMemory = 8;

    // About the last five seconds.
    private const double Memory = 5;

    private long _target;
    private long _free = -1;
    private bool _isContended;
    private bool _wasAsked;
    private bool _isOutstanding;
    private TimeSpan _askedAt;
    private TimeSpan _usedAt;
    private double _perSecond;
    private long _taken;
    private long _size;
    private long _missed;
    private long _missedNeed;
    private TimeSpan _missedSince;
    private bool _isShort;
    private bool _isStill;

    /// <summary>What may be used.</summary>
    public long Held { get; private set; }

    /// <summary>What other nodes use, as last known.</summary>
    public long OthersUse { get; private set; }

    /// <summary>What those take who wait for it; counted anew before each ask.</summary>
    public long Waiting { get; set; }

    /// <summary>Nothing is held, and the store knows.</summary>
    public bool IsOver => Held == 0 && !_isOutstanding && !_isShort;

    /// <summary>A request took of it.</summary>
    public void Take(long need, TimeSpan now)
    {
        _taken += need;
        _size = Math.Max(need, _size - (_size / SizeMemory));
        _usedAt = now;
        _isStill = false;
    }

    /// <summary>A request does not fit into what is held.</summary>
    /// <param name="need">What it takes.</param>
    /// <param name="isLost">It does not wait: nothing else remembers that it was here.</param>
    /// <param name="now">Now.</param>
    public void Miss(long need, bool isLost, TimeSpan now)
    {
        _isShort = true;
        _usedAt = now;
        _size = Math.Max(_size, need);
        if (isLost)
        {
            _missedSince = _missed == 0 ? now : _missedSince;
            _missed += need;
            _missedNeed = Math.Max(_missedNeed, need);
        }
    }

    /// <summary>When the store is to be asked next; null: not at all.</summary>
    public TimeSpan? DueAt(bool somebodyWaits) =>
        !_wasAsked ? (_isShort ? TimeSpan.Zero : null)
        : _isShort && !_isContended && _free != 0 ? TimeSpan.Zero
        : _isShort || somebodyWaits || _isContended || Held != _target ? _askedAt + Quick
        : IsOver ? null
        : _askedAt + (_isStill ? Still : Calm);

    /// <summary>What to say to the store. What it does not say it holds is not used from now on, whatever becomes of the call.</summary>
    /// <param name="scope">Whose limit.</param>
    /// <param name="meter">The limit.</param>
    /// <param name="next">What the first of those who wait needs, and since when; need 0 where nobody waits.</param>
    /// <param name="keepsAll">The store did not answer last time: giving back what it may not hear of would stop this node for nothing.</param>
    /// <param name="now">Now.</param>
    public LeaseAsk Ask(LimitScope scope, LimitMeter meter, (long Need, TimeSpan Waited) next, bool keepsAll, TimeSpan now)
    {
        Learn(now);
        var used = meter.Used(now);
        var wanted = meter.Limit == 0 ? 0 : Math.Min(meter.Limit, used + Waiting + _missed + Slack(meter.Limit, used, now));
        var kept = meter.Limit == 0 ? 0 : Math.Max(used, _isContended ? Math.Min(_target, wanted) : wanted);
        Held = keepsAll && meter.Limit > 0 ? Held : Math.Min(Held, kept);
        var (need, waited) = next.Need > 0 || _missed == 0 ? next : (_missedNeed, now - _missedSince);
        Forget();
        (_isShort, _wasAsked, _askedAt) = (false, true, now);
        _isOutstanding |= Held > 0 || wanted > 0;
        _isStill = meter.Kind == LimitKind.Day && Held == used && wanted == used;
        return new LeaseAsk(scope, meter.Kind, meter.Limit, Held, meter.Limit == 0 ? 0 : used, wanted, need, waited);
    }

    /// <summary>What to say when this node stops: nothing is used any more, and only what was used counts.</summary>
    public LeaseAsk Leave(LimitScope scope, LimitMeter meter, TimeSpan now)
    {
        var counts = meter.Limit == 0 || meter.Kind == LimitKind.Concurrency ? 0 : meter.Used(now);
        Held = 0;
        (_isOutstanding, _isShort) = (false, false);
        return new LeaseAsk(scope, meter.Kind, meter.Limit, counts, counts, 0, 0, TimeSpan.Zero);
    }

    /// <summary>What the store said.</summary>
    /// <returns>There is more than before.</returns>
    public bool Grant(LeaseAsk ask, LeaseReply reply)
    {
        var grew = reply.Held > Held;
        (Held, _target, OthersUse, _free, _isContended) = (reply.Held, reply.Target, reply.OthersUse, reply.Free, reply.IsContended);
        _isOutstanding = Held > 0 || ask.Wanted > 0;
        return grew;
    }

    /// <summary>
    /// The store is away: this node's equal part of what nobody held, as last known, is used without asking, once. The nodes that all do so stay within
    /// the limit; only of a limit of which this node knows nothing it may be more.
    /// </summary>
    /// <returns>There is more than before.</returns>
    public bool TakePart(long limit, int nodes)
    {
        var free = _free < 0 ? limit : _free;
        var part = (free + nodes - 1) / nodes;
        (_free, _wasAsked) = (0, true);
        Held += part;
        _isOutstanding |= part > 0;
        return part > 0;
    }

    /// <summary>The store has been away for longer than it takes to be taken for gone: no more than an equal part is used. So the limit holds where it is away for all, and is exceeded by that part at most where it is for this node alone.</summary>
    public void Lapse(long limit, int nodes) => Held = Math.Min(Held, (limit + nodes - 1) / nodes);

    private void Learn(TimeSpan now)
    {
        var elapsed = _wasAsked ? (now - _askedAt).TotalSeconds : CalmSeconds;
        if (elapsed > 0)
        {
            _perSecond += (1 - Math.Exp(-elapsed / Memory)) * ((_taken / elapsed) - _perSecond);
            _taken = 0;
        }
    }

    // Refusals of the last exchanges count on a little: who was refused comes again.
    private void Forget()
    {
        _missed /= 2;
        _missedNeed = _missed == 0 ? 0 : _missedNeed;
    }

    // What is held beyond what is used, so that the next requests need not ask.
    private long Slack(long limit, long used, TimeSpan now)
    {
        if (now - _usedAt > MinuteWindow.Longest)
        {
            (_size, _perSecond) = (0, 0);
        }

        // A part of a request lets nobody in.
        var (seconds, most) = _isContended ? (ContendedSeconds, limit / ContendedPart) : (CalmSeconds, (limit - used - OthersUse) / CalmPart);
        var whole = _size == 0 ? 0 : Math.Max((long)Math.Ceiling(_perSecond * seconds / _size), _isContended ? 0 : 1) * _size;
        return whole <= most ? whole : Math.Max(0, most / Math.Max(1, _size) * _size);
    }
}
