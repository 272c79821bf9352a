using Sluice.Core.Admission;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Admission.Leases;

/// <summary>Several nodes on one clock that the test moves, one limit that they share, and all that was let in.</summary>
public sealed class NodesUnderTest
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly LimitScope Organization = new(ScopeKind.Organization, "");

    private readonly ManualTimeProvider _time;
    private readonly ILimitLeases _leases;
    private readonly LimitSet _limits;
    private readonly List<(TimeSpan At, long Amount)> _admitted = [];
    private readonly List<(int Node, long Input, Task Lease)> _asking = [];
    private int _first;
    private long _inMinute;

    public NodesUnderTest(ManualTimeProvider time, ILimitLeases leases, LimitSet limits, int nodes = 3)
    {
        (_time, _leases, _limits) = (time, leases, limits);
        for (var i = 0; i < nodes; i++)
        {
            Add($"node-{i}");
        }
    }

    public List<(AdmissionControl Control, LeaseKeeper Keeper, Way Way)> All { get; } = [];

    /// <summary>The most that any 60 seconds held so far.</summary>
    public long Most { get; private set; }

    /// <summary>Since the start.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Starts one more.</summary>
    public void Add(string owner)
    {
        var keeper = new LeaseKeeper(_leases, _time) { Owner = owner };
        var control = new AdmissionControl(_time, keeper);
        control.Replace(new Dictionary<LimitScope, LimitSet> { [Organization] = _limits });
        All.Add((control, keeper, control.WayOf(new CallerScopes("key", "user", null, null, null, IsFree: false))!));
    }

    /// <summary>Asks a node to let one in, as a provider's limits are asked: without waiting for room, but for one exchange with the others.</summary>
    public void Ask(int node, long input)
    {
        var lease = All[node].Control.Gate.LeaseAsync(All[node].Way, new Demand(input, 0));
        if (lease.IsCompleted)
        {
            Try(node, input)?.Dispose();
        }
        else
        {
            _asking.Add((node, input, lease.AsTask()));
        }
    }

    /// <summary>Asks a node to let one in, now or not at all, without asking the others first.</summary>
    public Permit? Try(int node, long input = 0)
    {
        var permit = All[node].Control.Gate.TryEnter(All[node].Way, new Demand(input, 0), new Flow("u", null, false), out _);
        if (permit is not null)
        {
            Count(Math.Max(1, input));
        }

        return permit;
    }

    /// <summary>Counts one that was let in at this moment.</summary>
    public void Count(long amount)
    {
        _admitted.Add((Now, amount));
        _inMinute += amount;
        for (; Now - _admitted[_first].At >= Minute; _first++)
        {
            _inMinute -= _admitted[_first].Amount;
        }

        Most = Math.Max(Most, _inMinute);
    }

    /// <summary>Moves the clock, and lets the nodes say what is due.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        Now += by;
        foreach (var (_, keeper, _) in All)
        {
            await keeper.Running;
        }

        foreach (var (node, input, _) in _asking.Where(one => one.Lease.IsCompleted).ToList())
        {
            Try(node, input)?.Dispose();
        }

        _asking.RemoveAll(one => one.Lease.IsCompleted);
    }

    /// <summary>Changes the limit, at so many nodes from the first on.</summary>
    public void Set(LimitSet limits, int first, int count)
    {
        foreach (var (control, _, _) in All.Skip(first).Take(count))
        {
            control.Replace(new Dictionary<LimitScope, LimitSet> { [Organization] = limits });
        }
    }

    /// <summary>Counts from now on.</summary>
    public void Forget()
    {
        _admitted.Clear();
        (_first, _inMinute, Most) = (0, 0, 0);
    }

    /// <summary>Waits until everybody whom a node has let go knows it: who is let in goes on on another thread.</summary>
    /// <param name="asked">All who wait at any of the nodes.</param>
    public async Task SettledAsync(IReadOnlyCollection<Task> asked)
    {
        while (asked.Count(task => !task.IsCompleted) > All.Sum(node => node.Control.Gate.Waiting))
        {
            await Task.Yield();
        }
    }

    /// <summary>What was let in since then.</summary>
    public long Since(TimeSpan from) => _admitted.Where(one => one.At >= from).Sum(one => one.Amount);

    /// <summary>The least that any 60 seconds held that began and ended in between.</summary>
    public long LeastSince(TimeSpan from)
    {
        // The fullest and the emptiest windows begin or end where something was let in.
        var times = _admitted.Select(one => one.At).Where(at => at >= from && at + Minute < Now).Distinct().ToList();
        return times.Min(begin => _admitted.Where(one => one.At > begin && one.At <= begin + Minute).Sum(one => one.Amount));
    }

    /// <summary>
    /// Asks so many times a minute at each node, and checks at every moment that no 60 seconds hold more than the limit.
    /// </summary>
    /// <param name="random">When they ask; null: evenly.</param>
    /// <param name="time">For how long.</param>
    /// <param name="step">How finely time goes on.</param>
    /// <param name="perMinute">How often each node is asked at a time.</param>
    /// <param name="limit">What no minute may exceed.</param>
    /// <param name="input">Tokens of a request; null where they do not count.</param>
    public async Task LoadAsync(Random? random, TimeSpan time, TimeSpan step, Func<TimeSpan, double[]> perMinute, long limit, Func<Random, long>? input = null)
    {
        var owed = new double[All.Count];
        for (var end = Now + time; Now < end;)
        {
            var rates = perMinute(Now);
            for (var node = 0; node < All.Count; node++)
            {
                owed[node] += rates[node] * step.TotalMinutes;
                var asks = (int)owed[node] + (random?.NextDouble() < owed[node] - (int)owed[node] ? 1 : 0);
                for (owed[node] = random is null ? owed[node] - asks : 0; asks > 0; asks--)
                {
                    Ask(node, input?.Invoke(random!) ?? 0);
                    Assert.True(Most <= limit, $"{Most} in the minute before {Now}");
                }
            }

            await AdvanceAsync(step);
        }
    }
}
