using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;

namespace Sluice.Core.Tests.Budgets.Slices;

/// <summary>The database of tests that have none: the rules of <see cref="IBudgetLeases"/> in memory, by a clock of its own.</summary>
internal sealed class MemoryBudgetLeases(TimeProvider time) : IBudgetLeases
{
    private static readonly int[] Marks = [100, 80, 50, 0];

    private readonly Lock _lock = new();
    private readonly Dictionary<(BudgetName Budget, DateTimeOffset Start), Pool> _pools = [];

    public string? Fault => IsAway || IsMute ? "It is away." : null;

    /// <summary>Nobody can reach it.</summary>
    public bool IsAway { get; set; }

    /// <summary>It does what it is told, and nobody hears what it says.</summary>
    public bool IsMute { get; set; }

    /// <summary>Calls that came through.</summary>
    public int Calls { get; private set; }

    public Task<IReadOnlyList<SliceAnswer>?> ExchangeAsync(SliceCall call, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (IsAway)
            {
                return Task.FromResult<IReadOnlyList<SliceAnswer>?>(null);
            }

            Calls++;
            IReadOnlyList<SliceAnswer> answers = [.. call.Lines.Select(line => Exchange(call, line))];
            return Task.FromResult(IsMute ? null : answers)!;
        }
    }

    public Task<bool> ImportAsync(string asking, BudgetName budget, BudgetWindow window, IReadOnlyDictionary<string, long> spent, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (!IsAway)
            {
                var pool = Find(budget, window);
                foreach (var (node, nano) in spent.Where(one => one.Key != asking))
                {
                    var slice = pool.Slices.GetValueOrDefault(node) ?? new Slice(0, 0, 0, time.GetUtcNow(), null, 0);
                    pool.Slices[node] = slice with { Spent = Math.Max(slice.Spent, nano), Leased = Math.Max(slice.Leased, nano) };
                }
            }

            return Task.FromResult(!IsAway);
        }
    }

    public Task<IReadOnlyList<OthersSpending>?> ReadAsync(string asking, CancellationToken cancellation)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            IReadOnlyList<OthersSpending> read =
            [
                .. from pool in _pools
                   where pool.Value.Window.End > now
                   let others = pool.Value.Slices.Where(one => one.Key != asking).Select(one => one.Value).ToList()
                   where others.Count > 0
                   select new OthersSpending(pool.Key.Budget, pool.Key.Start, others.Sum(one => one.Spent), others.Where(one => one.ExpiresAt > now).Sum(one => one.Reserved)),
            ];
            return Task.FromResult(IsAway ? null : read)!;
        }
    }

    public Task<bool> ForgetAsync(CancellationToken cancellation) => Task.FromResult(!IsAway);

    /// <summary>What the nodes' slices of a budget add up to now; what has expired counts as spent.</summary>
    public long Leased(BudgetName budget, DateTimeOffset start)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return _pools.TryGetValue((budget, start), out var pool) ? pool.Slices.Values.Sum(one => one.ExpiresAt > now ? one.Leased : one.Spent) : 0;
        }
    }

    private SliceAnswer Exchange(SliceCall call, SliceLine line)
    {
        var (pool, now, budget) = (Find(line.Budget.Name, line.Window), time.GetUtcNow(), line.Budget.NanoUsd);
        foreach (var (node, slice) in pool.Slices.Where(one => one.Key != call.Node && one.Value.ExpiresAt <= now && !one.Value.IsDoubted && one.Value.Leased != one.Value.Spent).ToList())
        {
            pool.Slices[node] = slice with { ExpiresAt = now + IBudgetLeases.Doubt, IsDoubted = true };
        }

        var others = pool.Slices.Where(one => one.Key != call.Node).Select(one => one.Value.ExpiresAt > now ? one.Value : one.Value with { Reserved = 0, Leased = one.Value.Spent }).ToList();
        var (spent, reserved, leased) = (others.Sum(one => one.Spent), others.Sum(one => one.Reserved), others.Sum(one => one.Leased));
        if (pool.Slices.TryGetValue(call.Node, out var own) && own.Session is not null && (own.Session != call.Session ? !line.IsFirst : own.Number >= call.Number))
        {
            return new SliceAnswer(false, 0, spent, reserved, false, false);
        }

        var free = Math.Max(0, budget - leased - line.Keep);
        var given = line.Budget.IsHard ? Math.Min(line.Need, free) : 0;
        pool.ShortAt = given < line.Need && line.Budget.IsHard ? now : pool.ShortAt;
        var isShort = pool.ShortAt > now - IBudgetLeases.ShortFor;
        given += isShort || !line.Budget.IsHard ? 0 : Math.Min(line.Slack, (free - given) / IBudgetLeases.SlackShare);
        pool.Slices[call.Node] = new Slice(line.Spent, line.Reserved, line.Keep + given, now + line.TimeToLive, call.Session, call.Number);

        var percent = budget == 0 ? 100 : (decimal)(spent + line.Spent) * 100 / budget;
        var mark = Marks.First(one => percent >= one);
        var passed = mark > (pool.Told ?? (line.IsFirst ? mark : 0));
        pool.Told = mark;
        return new SliceAnswer(true, given, spent, reserved, isShort, passed);
    }

    private Pool Find(BudgetName budget, BudgetWindow window) =>
        _pools.TryGetValue((budget, window.Start), out var pool) ? pool : _pools[(budget, window.Start)] = new Pool { Window = window };

    private sealed class Pool
    {
        public required BudgetWindow Window { get; init; }

        public Dictionary<string, Slice> Slices { get; } = [];

        public DateTimeOffset? ShortAt { get; set; }

        public int? Told { get; set; }
    }

    private sealed record Slice(long Spent, long Reserved, long Leased, DateTimeOffset ExpiresAt, string? Session, long Number, bool IsDoubted = false);
}
