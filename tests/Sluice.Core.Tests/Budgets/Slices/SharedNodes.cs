using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Testing;

namespace Sluice.Core.Tests.Budgets.Slices;

/// <summary>Several nodes with one database and one ledger, without the tasks that run by themselves: tests make the beats.</summary>
internal sealed class SharedNodes(ManualTimeProvider time)
{
    /// <summary>No attempt runs longer.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly List<SharedNode> _nodes = [];
    private readonly List<Budget> _budgets = [];

    /// <summary>What stands between each node and the database.</summary>
    public Func<MemoryBudgetLeases, IBudgetLeases> Line { get; init; } = static database => database;

    public MemoryBudgetLeases Database { get; } = new(time);

    public MemoryNodeSpending Ledger { get; } = new();

    /// <summary>Percent of which people heard.</summary>
    public List<int> Told { get; } = [];

    public SharedNode this[int index] => _nodes[index];

    /// <summary>Sets a budget on so many nodes; starts those that are missing.</summary>
    public async Task SetAsync(Budget budget, int count)
    {
        while (_nodes.Count < count)
        {
            _nodes.Add(Start(_nodes.Count));
        }

        _budgets.RemoveAll(one => one.Name == budget.Name);
        _budgets.Add(budget);
        foreach (var node in _nodes)
        {
            if (!node.Book.Set(budget))
            {
                await node.Keeper.LoadAsync(CancellationToken.None);
            }
        }

        await RoundAsync();
    }

    public void Remove(BudgetName name) => _nodes.ForEach(node => node.Book.Remove(name));

    /// <summary>A second goes by on all nodes.</summary>
    public async Task BeatAsync()
    {
        time.Advance(SliceKeeper.Beat);
        await RoundAsync();
        await RoundAsync();
        foreach (var node in _nodes)
        {
            await node.Keeper.RefreshAsync(CancellationToken.None);
        }
    }

    /// <summary>Nobody asks for so long that no slack is kept.</summary>
    public async Task IdleAsync()
    {
        time.Advance(BudgetSlice.IdleAfter);
        await BeatAsync();
    }

    /// <summary>As a request does, with as many beats as it waits for.</summary>
    public async Task<SliceHold> PayAsync(int index, long nano)
    {
        var asked = _nodes[index].ReserveAsync(nano).AsTask();
        while (!asked.IsCompleted)
        {
            await BeatAsync();
        }

        return await asked;
    }

    /// <summary>A process is gone without a word; in its place stands one that nobody knows.</summary>
    public void Kill(int index) => _nodes[index] = new SharedNode("", time, new MemoryBudgetLeases(time), new MemoryNodeSpending(), _ => { });

    /// <summary>A killed node starts on its data folder, whose journal is in the ledger.</summary>
    public async Task StartAgainAsync(int index)
    {
        _nodes[index] = Start(index);
        _budgets.ForEach(budget => _nodes[index].Book.Set(budget));
        await _nodes[index].Keeper.LoadAsync(CancellationToken.None);
    }

    public long Leased(LimitScope scope, BudgetPeriod per = BudgetPeriod.Day) => Database.Leased(new BudgetName(scope, per), BudgetWindow.Of(per, time.GetUtcNow()).Start);

    private SharedNode Start(int index) => new($"n{index}", time, Line(Database), Ledger, standing => Told.Add(standing.PercentSpent));

    private async Task RoundAsync()
    {
        foreach (var node in _nodes)
        {
            await node.Keeper.LoadAsync(CancellationToken.None);
        }
    }
}

/// <summary>One of them.</summary>
internal sealed class SharedNode
{
    private static readonly CallerScopes Dev = new("key-1", "dev1", "core", "web", Model: null, IsFree: false);

    private readonly ManualTimeProvider _time;
    private readonly MemoryNodeSpending _ledger;

    public SharedNode(string id, ManualTimeProvider time, IBudgetLeases leases, MemoryNodeSpending ledger, Action<BudgetStanding> passed)
    {
        (Id, _time, _ledger) = (id, time, ledger);
        Book = new BudgetBook(time) { Passed = passed };
        Keeper = new SliceKeeper(Book, leases, ledger, id, time);
    }

    public string Id { get; }

    public BudgetBook Book { get; }

    public SliceKeeper Keeper { get; }

    /// <summary>As a request does; what it waits for is asked for at once, as the keeper's own task would.</summary>
    public async ValueTask<SliceHold> ReserveAsync(long nano, SliceAsking how = SliceAsking.Waiting, CancellationToken cancellation = default)
    {
        var asked = Keeper.ReserveAsync(Dev, "r", nano, SharedNodes.Lifetime, how, cancellation).AsTask();
        if (!asked.IsCompleted)
        {
            await Keeper.RoundAsync(CancellationToken.None);
        }

        return await asked;
    }

    /// <summary>An attempt ends; the ledger has its row.</summary>
    public void Settle(Reservation? held, long nano, DateTimeOffset? startedAt = null)
    {
        var row = Row(startedAt ?? _time.GetUtcNow());
        _ledger.Charge(Id, row.User, nano, row.StartedAt);
        Book.Settle(row, held, nano);
    }

    public BudgetStanding Find(LimitScope scope, BudgetPeriod per = BudgetPeriod.Day) => Book.Find(new BudgetName(scope, per))!;

    private static AttemptStarted Row(DateTimeOffset startedAt) => new()
    {
        AttemptId = "att-1",
        RequestId = "gen-1",
        Ordinal = 1,
        StartedAt = startedAt,
        KeyId = Dev.Key,
        User = Dev.User,
        Team = Dev.Team,
        Project = Dev.Project,
        Model = "m",
        Provider = "p",
        UpstreamModel = "m",
        ClientProtocol = WireProtocol.OpenAIChat,
        UpstreamProtocol = WireProtocol.OpenAIChat,
        EstimatedInputTokens = 0,
    };
}

/// <summary>The ledger that all nodes share.</summary>
internal sealed class MemoryNodeSpending : INodeSpending
{
    private readonly List<(NodeSpending Row, DateTimeOffset At)> _rows = [];

    public bool IsAway { get; set; }

    public long Sum(BudgetWindow window) => _rows.Where(row => window.Holds(row.At)).Sum(row => row.Row.NanoUsd);

    public void Charge(string node, string user, long nano, DateTimeOffset at) => _rows.Add((new NodeSpending(node, "key-1", user, "core", "web", nano), at));

    public Task<IReadOnlyList<NodeSpending>?> ReadAsync(BudgetWindow window, LimitScope? scope, CancellationToken cancellation)
    {
        IReadOnlyList<NodeSpending> rows = [.. from row in _rows where window.Holds(row.At) && (scope is not { } only || row.Row.IsOf(only)) select row.Row];
        return Task.FromResult(IsAway ? null : rows)!;
    }
}
