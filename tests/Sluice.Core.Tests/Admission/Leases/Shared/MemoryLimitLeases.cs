using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Tests.Admission.Leases;

/// <summary>The rules of <see cref="ILimitLeases"/> written down a second time, plainly, on a clock that tests move; and a store that tests can take away.</summary>
public sealed class MemoryLimitLeases(TimeProvider time) : ILimitLeases
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<(LimitScope, LimitKind, string), Part> _parts = [];

    /// <summary>Nobody reaches it.</summary>
    public bool IsAway { get; set; }

    /// <summary>Those who do not reach it.</summary>
    public HashSet<string> CutOff { get; } = new(StringComparer.Ordinal);

    /// <summary>Calls that were answered.</summary>
    public int Calls { get; private set; }

    public Task<LeaseAnswer> SyncAsync(LeaseCall call, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (IsAway || CutOff.Contains(call.Owner))
            {
                return Task.FromResult(LeaseAnswer.Failed("It is away."));
            }

            var now = time.GetUtcNow();
            Calls++;
            if (_nodes.TryGetValue(call.Owner, out var known) && known.Number >= call.Number)
            {
                return Task.FromResult(LeaseAnswer.Failed("Overtaken."));
            }

            if (call.Number == 1)
            {
                foreach (var node in _nodes.Where(one => one.Key != call.Owner && one.Key.Split(':')[0] == call.Owner.Split(':')[0] && !one.Value.IsStopped).Select(one => one.Value))
                {
                    (node.IsStopped, node.IsGone) = (true, true);
                }
            }

            var gap = _nodes.Count == 0 ? TimeSpan.Zero : now - _nodes.Values.Max(node => node.Heard);
            if (gap > LeaseTimes.Silence)
            {
                foreach (var (key, part) in _parts.Where(one => one.Key.Item2 == LimitKind.Day && EndOf(one.Key.Item3, LimitKind.Day, one.Value) <= now).ToList())
                {
                    _parts.Remove(key);
                }

                foreach (var node in _nodes.Values.Where(node => !node.IsStopped))
                {
                    node.Heard += gap;
                }
            }

            _nodes[call.Owner] = new Node { Number = call.Number, Heard = now, IsStopped = call.IsLast };
            return Task.FromResult(new LeaseAnswer(_nodes.Keys.Count(owner => IsLive(owner, now)), [.. call.Asks.Select(ask => Serve(call, ask, now))]));
        }
    }

    private LeaseReply Serve(LeaseCall call, LeaseAsk ask, DateTimeOffset now)
    {
        foreach (var (key, part) in _parts.Where(one => one.Key.Item1 == ask.Scope && one.Key.Item2 == ask.Kind).ToList())
        {
            if (EndOf(key.Item3, ask.Kind, part) <= now)
            {
                _parts.Remove(key);
            }
        }

        var mine = new Part
        {
            Limit = ask.Limit, Held = ask.Held, Used = ask.Used, Wanted = ask.Wanted, Need = ask.Need, Since = now - ask.Waited,
            Until = !call.IsLast ? null : ask.Kind == LimitKind.Day ? NextDay(now) : ask.Kind == LimitKind.Concurrency ? now : now + LeaseTimes.Minute,
        };
        _parts[(ask.Scope, ask.Kind, call.Owner)] = mine;
        var all = _parts.Where(one => one.Key.Item1 == ask.Scope && one.Key.Item2 == ask.Kind).Select(one => (Owner: one.Key.Item3, Part: one.Value)).ToList();
        var live = all.Where(one => one.Part == mine || IsLive(one.Owner, now)).OrderBy(one => one.Part.Wanted).ThenBy(one => one.Owner, StringComparer.Ordinal).ToList();
        var others = all.Where(one => one.Part != mine).ToList();
        var limit = live.Where(one => one.Part.Limit > 0).Select(one => one.Part.Limit).DefaultIfEmpty(0).Min();
        var dead = all.Except(live).Sum(one => one.Part.Held);
        var capacity = Math.Max(0, limit - dead);
        var targets = Shares(live, capacity, null);
        var claim = live.Where(one => one.Part.Need > targets[one.Owner] && one.Part.Need <= capacity).OrderBy(one => one.Part.Since).ThenBy(one => one.Owner, StringComparer.Ordinal).Select(one => one.Owner).FirstOrDefault();
        targets = claim is null ? targets : Shares(live, capacity, claim);
        var target = targets[call.Owner];
        mine.Held = Math.Max(ask.Used, Math.Min(Math.Max(target, ask.Held), limit - others.Sum(one => one.Part.Held)));
        if (mine.Held == 0 && mine.Wanted == 0)
        {
            _parts.Remove((ask.Scope, ask.Kind, call.Owner));
        }

        return new LeaseReply(
            mine.Held, target, others.Sum(one => live.Contains(one) ? one.Part.Used : one.Part.Held), Math.Max(0, limit - all.Sum(one => one.Part.Held)),
            live.Sum(one => one.Part.Wanted) > capacity);
    }

    // Whoever wants least first, each at most an equal part of what is left.
    private static Dictionary<string, long> Shares(List<(string Owner, Part Part)> live, long capacity, string? first)
    {
        var shares = new Dictionary<string, long>(StringComparer.Ordinal);
        var left = capacity;
        if (first is not null)
        {
            var part = live.First(one => one.Owner == first).Part;
            left -= shares[first] = Math.Min(part.Need, part.Wanted);
        }

        var rest = live.Where(one => one.Owner != first).ToList();
        for (var i = 0; i < rest.Count; i++)
        {
            left -= shares[rest[i].Owner] = Math.Min(rest[i].Part.Wanted, left / (rest.Count - i));
        }

        return shares;
    }

    private bool IsLive(string owner, DateTimeOffset now) => _nodes.TryGetValue(owner, out var node) && !node.IsStopped && node.Heard + LeaseTimes.Live > now;

    private DateTimeOffset EndOf(string owner, LimitKind kind, Part part)
    {
        if (part.Until is { } until)
        {
            return until;
        }

        var end = _nodes[owner].Heard + (_nodes[owner].IsGone ? TimeSpan.Zero : LeaseTimes.Live);
        var midnight = NextDay(_nodes[owner].Heard);
        return kind == LimitKind.Concurrency ? _nodes[owner].IsGone ? DateTimeOffset.MinValue : end : kind != LimitKind.Day ? end + LeaseTimes.Minute : midnight > end ? midnight : end;
    }

    private static DateTimeOffset NextDay(DateTimeOffset at) => new(at.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);

    private sealed class Node
    {
        public long Number { get; init; }

        public DateTimeOffset Heard { get; set; }

        public bool IsStopped { get; set; }

        public bool IsGone { get; set; }
    }

    private sealed class Part
    {
        public long Limit { get; init; }

        public long Held { get; set; }

        public long Used { get; init; }

        public long Wanted { get; init; }

        public long Need { get; init; }

        public DateTimeOffset Since { get; init; }

        public DateTimeOffset? Until { get; init; }
    }
}
