using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Budgets.Slices;

/// <summary>
/// Anything in any order: nodes that ask, settle, are killed and start again, calls that get lost on the way there or back, midnights. What is spent and
/// under way is never more than the budget, and in the end all that is not spent can be.
/// </summary>
public sealed class SharedBudgetsStormTests
{
    private const long Budget = 1_000_000;

    private static readonly LimitScope Org = new(ScopeKind.Organization, "");
    private static readonly BudgetName Name = new(Org, BudgetPeriod.Day);

    private readonly ManualTimeProvider _time = new();
    private readonly List<Run> _runs = [];
    private readonly Dictionary<DateTimeOffset, long> _charged = [];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task F23_F24_WhateverHappens_NeverMoreThanTheBudget_AndAllOfItIsUsableInTheEnd(int seed)
    {
        var random = new Random(seed);
        var weather = new Weather { Random = new Random(-seed) };
        var nodes = new SharedNodes(_time) { Line = database => new BadLine(database, weather) };
        var count = random.Next(2, 5);
        await nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Budget, IsHard: true), count);
        var isDead = new bool[count];
        for (var step = 0; step < 400; step++)
        {
            weather.Lost = random.Next(4) == 0 ? 0.3 : 0;
            var node = random.Next(count);
            switch (random.Next(12))
            {
                case < 6 when !isDead[node]:
                    await AskAsync(nodes, node, random.Next(1, random.Next(2) == 0 ? 20_000 : 300_000));
                    break;
                case < 9:
                    Settle(nodes, random, run => run.Node == node && !isDead[node]);
                    break;
                case 9 when !isDead[node]:
                    nodes.Kill(node);
                    isDead[node] = true;
                    break;
                case 10 when isDead[node]:
                    await StartAgainAsync(nodes, node, random);
                    isDead[node] = false;
                    break;
                default:
                    await PassAsync(nodes, random.Next(20) == 0 ? TimeSpan.FromHours(5) : TimeSpan.FromSeconds(random.Next(1, 40)), random, isDead, weather);
                    break;
            }

            Check($"seed {seed}, step {step}", nodes);
        }

        // Quiet weather, and all who run come to their end.
        weather.Lost = 0;
        for (var node = 0; node < count; node++)
        {
            if (isDead[node])
            {
                await StartAgainAsync(nodes, node, random);
            }
        }

        while (_runs.Count > 0)
        {
            Settle(nodes, random, _ => true);
        }

        await nodes.IdleAsync();
        await nodes.IdleAsync();
        var day = BudgetWindow.Of(BudgetPeriod.Day, _time.GetUtcNow());
        var spent = _charged.GetValueOrDefault(day.Start);
        Assert.Equal((spent, spent, 0), (nodes.Leased(Org), nodes[0].Find(Org).Spent, nodes[0].Find(Org).Reserved));
        Assert.Equal(spent, nodes.Ledger.Sum(day));
        Assert.NotNull((await nodes.PayAsync(random.Next(count), Budget - spent)).Held);
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    private async Task AskAsync(SharedNodes nodes, int node, long nano)
    {
        if ((await nodes[node].ReserveAsync(nano, SliceAsking.Once)).Held is { } held)
        {
            _runs.Add(new Run(node, held, nano, _time.GetUtcNow()));
        }
    }

    private void Settle(SharedNodes nodes, Random random, Predicate<Run> which)
    {
        if (_runs.Find(which) is { } run)
        {
            _runs.Remove(run);
            var cost = random.Next(4) == 0 ? 0 : random.NextInt64(run.Nano + 1);
            nodes[run.Node].Settle(run.Held, cost, run.StartedAt);
            Count(run, cost);
        }
    }

    // The journal of a killed process has its open attempts, which are charged an estimate of no more than was held.
    private async Task StartAgainAsync(SharedNodes nodes, int node, Random random)
    {
        foreach (var run in _runs.Where(run => run.Node == node).ToList())
        {
            _runs.Remove(run);
            var cost = random.NextInt64(run.Nano + 1);
            nodes.Ledger.Charge($"n{node}", "dev1", cost, run.StartedAt);
            Count(run, cost);
        }

        await nodes.StartAgainAsync(node);
    }

    private async Task PassAsync(SharedNodes nodes, TimeSpan by, Random random, bool[] isDead, Weather weather)
    {
        // What is dead for longer than its slice lives is told of elsewhere; and nobody runs longer than an attempt may.
        for (var node = 0; node < isDead.Length; node++)
        {
            if (isDead[node] && (by > TimeSpan.FromMinutes(1) || _runs.Exists(run => run.Node == node && run.StartedAt + SharedNodes.Lifetime <= _time.GetUtcNow() + by)))
            {
                await StartAgainAsync(nodes, node, random);
                isDead[node] = false;
            }
        }

        while (_runs.Exists(IsOver))
        {
            Settle(nodes, random, IsOver);
        }

        // Silences of hours end for all nodes at once: those would have to be heard within seconds.
        weather.Lost = by > TimeSpan.FromMinutes(1) ? 0 : weather.Lost;
        _time.Advance(by);
        await nodes.BeatAsync();

        bool IsOver(Run run) => run.StartedAt + SharedNodes.Lifetime <= _time.GetUtcNow() + by;
    }

    private void Count(Run run, long cost)
    {
        var day = BudgetWindow.Of(BudgetPeriod.Day, run.StartedAt).Start;
        _charged[day] = _charged.GetValueOrDefault(day) + cost;
    }

    private void Check(string when, SharedNodes nodes)
    {
        var day = BudgetWindow.Of(BudgetPeriod.Day, _time.GetUtcNow()).Start;
        var running = _runs.Where(run => BudgetWindow.Of(BudgetPeriod.Day, run.StartedAt).Start == day).Sum(run => run.Nano);
        Assert.True(_charged.GetValueOrDefault(day) + running <= Budget, $"{when}: {_charged.GetValueOrDefault(day)} spent, {running} under way");
        Assert.True(nodes.Database.Leased(Name, day) <= Budget, $"{when}: {nodes.Database.Leased(Name, day)} leased");
    }

    private sealed record Run(int Node, Reservation Held, long Nano, DateTimeOffset StartedAt);

    private sealed class Weather
    {
        public required Random Random { get; init; }

        /// <summary>Share of calls that get lost.</summary>
        public double Lost { get; set; }

        public bool Loses => Random.NextDouble() < Lost;
    }

    private sealed class BadLine(MemoryBudgetLeases database, Weather weather) : IBudgetLeases
    {
        public string? Fault => "It was lost.";

        public async Task<IReadOnlyList<SliceAnswer>?> ExchangeAsync(SliceCall call, CancellationToken cancellation)
        {
            var answer = weather.Loses ? null : await database.ExchangeAsync(call, cancellation);
            return weather.Loses ? null : answer;
        }

        public Task<bool> ImportAsync(string asking, BudgetName budget, BudgetWindow window, IReadOnlyDictionary<string, long> spent, CancellationToken cancellation) =>
            weather.Loses ? Task.FromResult(false) : database.ImportAsync(asking, budget, window, spent, cancellation);

        public Task<IReadOnlyList<OthersSpending>?> ReadAsync(string asking, CancellationToken cancellation) =>
            weather.Loses ? Task.FromResult<IReadOnlyList<OthersSpending>?>(null) : database.ReadAsync(asking, cancellation);

        public Task<bool> ForgetAsync(CancellationToken cancellation) => Task.FromResult(true);
    }
}
