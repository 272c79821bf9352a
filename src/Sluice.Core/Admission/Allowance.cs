using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>The limits of one scope, what is used of them, and who waits for them.</summary>
/// <remarks>Lock rule: every member is used under the lock of the gate that owns it, but for <see cref="Scope"/>.</remarks>
internal sealed class Allowance : IDisposable
{
    private readonly RequestPace _pace = new();
    private readonly Slots _slots;
    private readonly LimitMeter[] _meters;
    private readonly ITimer _timer;
    private readonly SharedLimits? _shared;

    /// <param name="scope">Whose.</param>
    /// <param name="time">The clock.</param>
    /// <param name="look">Called, on no particular thread and without a lock, when whoever is first in line may fit.</param>
    /// <param name="shared">Where several nodes share the limits; null: they are this node's alone.</param>
    public Allowance(LimitScope scope, TimeProvider time, Action<Allowance> look, SharedLimits? shared = null)
    {
        Scope = scope;
        _shared = shared;
        _slots = new Slots { Lease = Lease() };
        _meters =
        [
            new MinuteWindow(LimitKind.Requests) { Lease = Lease() }, _pace, new MinuteWindow(LimitKind.Input) { Lease = Lease() }, new MinuteWindow(LimitKind.Output) { Lease = Lease() },
            new DayCount(time) { Lease = Lease() }, _slots,
        ];
        Shared = shared is null ? [] : Array.FindAll(_meters, static meter => meter.Lease is not null);
        _timer = time.CreateTimer(static state => Fire(state!), (this, look), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whose.</summary>
    public LimitScope Scope { get; }

    /// <summary>As they stand in the file or in the store.</summary>
    public LimitSet Limits { get; private set; } = LimitSet.None;

    /// <summary>Who waits for this scope, for whichever of its limits.</summary>
    public FairQueue<Turn> Line { get; } = new();

    /// <summary>The limits that several nodes share; a burst is each node's own.</summary>
    public LimitMeter[] Shared { get; }

    /// <summary>Some of it is leased, or is to be; kept by <see cref="SharedLimits"/>.</summary>
    public bool IsLeased { get; set; }

    /// <summary>Requests under way.</summary>
    public long Held => _slots.Used(TimeSpan.Zero);

    /// <summary>Nothing is held and nobody waits.</summary>
    public bool IsIdle => Held == 0 && Line.Count == 0 && !IsLeased;

    /// <summary>Puts other limits in force; what is used stays used.</summary>
    public void Set(LimitSet limits, double interactiveWeight)
    {
        Limits = limits;
        Line.InteractiveWeight = interactiveWeight;
        _pace.PerMinute = limits.RequestsPerMinute;
        foreach (var meter in _meters)
        {
            meter.Limit = meter.Kind switch
            {
                LimitKind.Requests => limits.RequestsPerMinute,
                LimitKind.Burst => limits.Burst,
                LimitKind.Input => limits.InputPerMinute,
                LimitKind.Output => limits.OutputPerMinute,
                LimitKind.Day => limits.RequestsPerDay,
                _ => limits.Concurrency,
            };
        }
    }

    /// <summary>What a request is served, for fair shares: tokens where tokens are scarce, else that it is one request.</summary>
    public double CostOf(in Demand demand) => Limits.CountsTokens ? Math.Max(1, demand.Input + demand.Output) : 1;

    /// <summary>The limit that keeps a request out longest; null where it fits.</summary>
    public Shortage? Lack(in Demand demand, TimeSpan now)
    {
        Shortage? worst = null;
        foreach (var meter in _meters)
        {
            if (meter.Limit == 0 || meter.NeedOf(demand) is var need && need <= meter.Left(now))
            {
                continue;
            }

            var lack = new Shortage(Scope, meter.Kind, meter.Limit, need, need > meter.Limit ? null : meter.WaitFor(need, now)) { IsOfLease = meter.HasRoomElsewhere(need, now) };
            worst = lack.IsWorseThan(worst) ? lack : worst;
        }

        return worst;
    }

    /// <summary>Takes what a request is expected to use.</summary>
    public void Take(in Demand demand, TimeSpan now)
    {
        foreach (var meter in _meters)
        {
            if (meter.Limit > 0 || meter == _slots)
            {
                var need = meter.NeedOf(demand);
                meter.Take(need, now);
                meter.Lease?.Take(need, now);
            }
        }

        _shared?.Touch(this);
    }

    /// <summary>Corrects it by what was used.</summary>
    public void Settle(in Demand taken, TimeSpan at, in Demand used, TimeSpan now)
    {
        foreach (var meter in _meters)
        {
            if (meter.Limit > 0)
            {
                meter.Settle(meter.NeedOf(taken), at, meter.UsedOf(used), now);
            }
        }
    }

    /// <summary>A request is over.</summary>
    public void Release()
    {
        foreach (var meter in _meters)
        {
            meter.Release();
        }
    }

    /// <summary>How much is left of the limit of which the smallest share is left; null where there is none but of what is under way.</summary>
    public LimitStanding? Tightest(TimeSpan now)
    {
        LimitStanding? tightest = null;
        foreach (var meter in _meters)
        {
            if (meter.Limit == 0 || meter.Kind is LimitKind.Concurrency or LimitKind.Burst)
            {
                continue;
            }

            var left = Math.Max(0, meter.LeftOfAll(now));
            if (tightest is null || (double)left / meter.Limit < tightest.Share)
            {
                // All of the limit is free again when what was taken last is: for a minute's, in a minute at the latest.
                tightest = new LimitStanding(Scope, meter.Limit, left, left == meter.Limit ? TimeSpan.Zero : meter.WaitFor(meter.Limit, now) ?? TimeSpan.Zero);
            }
        }

        return tightest;
    }

    /// <summary>How each limit that is set stands.</summary>
    public IEnumerable<LimitUse> Read(TimeSpan now) => from meter in _meters where meter.Limit > 0 select new LimitUse(Scope, meter.Kind, meter.Limit, meter.LeftOfAll(now));

    /// <summary>Looks at the line again after <paramref name="wait"/>; null: only when somebody ends.</summary>
    public void LookAgain(TimeSpan? wait) =>
        _timer.Change(wait is { } due ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(due.TotalMilliseconds))) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private LimitLease? Lease() => _shared is null ? null : new LimitLease();

    private static void Fire(object state)
    {
        var (allowance, look) = ((Allowance, Action<Allowance>))state;
        look(allowance);
    }
}
