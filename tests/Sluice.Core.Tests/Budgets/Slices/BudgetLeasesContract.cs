using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Xunit;

namespace Sluice.Core.Tests.Budgets.Slices;

/// <summary>What every database of slices must do, whatever it is made of.</summary>
public abstract class BudgetLeasesContract
{
    private const long Usd = 1_000_000_000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly LimitScope Org = new(ScopeKind.Organization, "");

    private long _number;

    /// <summary>An empty one.</summary>
    protected abstract Task<IBudgetLeases> OpenAsync();

    /// <summary>Lets the time of every slice be over.</summary>
    protected abstract Task ExpireAsync();

    /// <summary>Lets <see cref="IBudgetLeases.ShortFor"/> be over.</summary>
    protected abstract Task ForgetShortagesAsync();

    /// <summary>A window that is not over by the database's clock.</summary>
    protected abstract BudgetWindow Window { get; }

    [Fact]
    public async Task Slices_OfTwoNodes_NeverAddUpToMoreThanTheBudget()
    {
        var leases = await OpenAsync();
        Assert.Equal(6 * Usd, (await SayAsync(leases, "a", need: 6 * Usd)).Given);
        var answer = await SayAsync(leases, "b", need: 6 * Usd);
        Assert.Equal((4 * Usd, true), (answer.Given, answer.IsShort));
        Assert.Equal(0, (await SayAsync(leases, "b", keep: 4 * Usd, need: Usd)).Given);
    }

    [Fact]
    public async Task Slack_IsAtMostAnEighthOfWhatIsLeft_AndNothingWhileSomebodyIsShort()
    {
        var leases = await OpenAsync();
        Assert.Equal(2 * Usd + Usd, (await SayAsync(leases, "a", need: 2 * Usd, slack: 5 * Usd)).Given);
        Assert.Equal(Usd / 2 + Usd / 2, (await SayAsync(leases, "b", need: Usd / 2, slack: Usd / 2)).Given);
        Assert.Equal(6 * Usd, (await SayAsync(leases, "c", need: 9 * Usd, slack: Usd)).Given);
        var back = await SayAsync(leases, "c", keep: Usd);
        Assert.True(back.IsShort);
        Assert.Equal(Usd, (await SayAsync(leases, "d", need: Usd, slack: Usd)).Given);
        await ForgetShortagesAsync();
        var later = await SayAsync(leases, "d", keep: Usd, need: 1, slack: Usd);
        Assert.Equal((false, 1 + (4 * Usd - 1) / 8), (later.IsShort, later.Given));
    }

    [Fact]
    public async Task WhatOneGivesBack_AnotherGets_AndEachHearsWhatTheOtherDid()
    {
        var leases = await OpenAsync();
        await SayAsync(leases, "a", need: 10 * Usd);
        Assert.Equal(0, (await SayAsync(leases, "b", need: Usd)).Given);
        await SayAsync(leases, "a", spent: 3 * Usd, reserved: Usd, keep: 5 * Usd);
        var answer = await SayAsync(leases, "b", need: 9 * Usd);
        Assert.Equal((5 * Usd, 3 * Usd, Usd), (answer.Given, answer.OthersSpent, answer.OthersReserved));
        Assert.Equal([new OthersSpending(Name, Window.Start, 3 * Usd, Usd)], await leases.ReadAsync("b", CancellationToken.None));
    }

    [Fact]
    public async Task F24_ADeadNodesSlice_CountsInFullUntilItsTimeIsOver_ThenAsWhatItSpent()
    {
        var leases = await OpenAsync();
        await SayAsync(leases, "dead", spent: 2 * Usd, reserved: Usd, keep: 3 * Usd, need: 3 * Usd);
        Assert.Equal((4 * Usd, Usd), await GivenAsync("b", need: 9 * Usd, keep: 0));
        await ExpireAsync();
        Assert.Equal((0, Usd), await GivenAsync("b", need: Usd, keep: 4 * Usd));
        await ExpireAsync();
        Assert.Equal((4 * Usd, 0), await GivenAsync("b", need: 9 * Usd, keep: 4 * Usd));
        Assert.Equal(0, Assert.Single((await leases.ReadAsync("x", CancellationToken.None))!).Reserved);

        async Task<(long Given, long Reserved)> GivenAsync(string node, long need, long keep)
        {
            var answer = await SayAsync(leases, node, keep: keep, need: need);
            return (answer.Given, answer.OthersReserved);
        }
    }

    [Fact]
    public async Task ASoftBudget_CountsAndGivesNothing()
    {
        var leases = await OpenAsync();
        Assert.Equal((0, true), Facts(await SayAsync(leases, "a", spent: 20 * Usd, keep: 20 * Usd, need: Usd, slack: Usd, isHard: false)));
        Assert.Equal(20 * Usd, (await SayAsync(leases, "b", isHard: false)).OthersSpent);

        static (long Given, bool IsTaken) Facts(SliceAnswer answer) => (answer.Given, answer.IsTaken);
    }

    [Fact]
    public async Task ALoweredBudget_GivesNothing_AndARaisedOneAtOnce()
    {
        var leases = await OpenAsync();
        await SayAsync(leases, "a", spent: 4 * Usd, keep: 4 * Usd);
        Assert.Equal(0, (await SayAsync(leases, "b", need: Usd, budget: 3 * Usd)).Given);
        Assert.Equal(Usd, (await SayAsync(leases, "b", need: Usd, budget: 5 * Usd)).Given);
    }

    [Fact]
    public async Task AnOvertakenCall_AndOneOfAnEarlierSession_ChangeNothing()
    {
        var leases = await OpenAsync();
        await SayAsync(leases, "a", spent: Usd, keep: 4 * Usd, number: 7);
        Assert.False((await SayAsync(leases, "a", keep: 0, number: 7)).IsTaken);
        Assert.False((await SayAsync(leases, "a", keep: 0, session: "later", number: 1)).IsTaken);
        Assert.Equal(Usd, (await SayAsync(leases, "b")).OthersSpent);

        // The later session has read the ledger: from then on the earlier one is nobody.
        Assert.True((await SayAsync(leases, "a", spent: 2 * Usd, keep: 2 * Usd, session: "later", number: 1, isFirst: true)).IsTaken);
        Assert.False((await SayAsync(leases, "a", spent: Usd, keep: 4 * Usd, number: 8)).IsTaken);
        Assert.Equal((8 * Usd, 2 * Usd), Facts(await SayAsync(leases, "b", need: 9 * Usd)));

        static (long Given, long Others) Facts(SliceAnswer answer) => (answer.Given, answer.OthersSpent);
    }

    [Fact]
    public async Task WhatTheLedgerKnows_CountsWhereANodeHasNotSaidMore()
    {
        var leases = await OpenAsync();
        await SayAsync(leases, "b", spent: 3 * Usd, keep: 5 * Usd);
        Assert.True(await leases.ImportAsync("a", Name, Window, new Dictionary<string, long> { ["a"] = Usd, ["b"] = Usd, ["gone"] = 2 * Usd }, CancellationToken.None));
        var answer = await SayAsync(leases, "a", need: 9 * Usd, isFirst: true);
        Assert.Equal((3 * Usd, 5 * Usd), (answer.Given, answer.OthersSpent));

        // A node of which only the ledger spoke says for itself what it spent.
        Assert.True((await SayAsync(leases, "gone", spent: Usd, keep: Usd)).IsTaken);
        Assert.Equal(4 * Usd, (await SayAsync(leases, "a", keep: 3 * Usd)).OthersSpent);
    }

    [Fact]
    public async Task EachMark_IsToldOnce_OverAllNodes()
    {
        var leases = await OpenAsync();
        var told = new List<(string, long)>();
        foreach (var (node, usd) in ((string, long)[])[("a", 4), ("b", 1), ("a", 5), ("b", 3), ("a", 5), ("b", 4), ("b", 5), ("a", 6)])
        {
            if ((await SayAsync(leases, node, spent: usd * Usd, keep: usd * Usd)).HasPassed)
            {
                told.Add((node, usd));
            }
        }

        Assert.Equal([("b", 1), ("b", 3), ("b", 5)], told);
    }

    [Fact]
    public async Task WhatWasPassedBeforeItWasSet_IsNotTold()
    {
        var leases = await OpenAsync();
        await leases.ImportAsync("a", Name, Window, new Dictionary<string, long> { ["gone"] = 9 * Usd }, CancellationToken.None);
        Assert.False((await SayAsync(leases, "a", isFirst: true)).HasPassed);
        Assert.True((await SayAsync(leases, "a", spent: Usd, keep: Usd)).HasPassed);
    }

    [Fact]
    public async Task F23_ManyNodesAtOnce_OverSeveralBudgets_InAnyOrder_NeverGetMoreThanThereIs()
    {
        var leases = await OpenAsync();
        LimitScope[] scopes = [Org, new(ScopeKind.Team, "core"), new(ScopeKind.User, "dev1"), new(ScopeKind.Key, "k")];
        var given = new long[scopes.Length];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async node =>
        {
            var random = new Random(node);
            var kept = new long[scopes.Length];
            for (var i = 1; i <= 20; i++)
            {
                var order = Enumerable.Range(0, scopes.Length).OrderBy(_ => random.Next()).ToList();
                var call = new SliceCall($"n{node}", "s", i, [.. order.Select(k => new SliceLine(new Budget(scopes[k], BudgetPeriod.Day, Usd, true), Window, 0, kept[k], kept[k], Usd / 50, 0, Minute, false))]);
                var answers = await leases.ExchangeAsync(call, CancellationToken.None);
                Assert.NotNull(answers);
                for (var k = 0; k < order.Count; k++)
                {
                    Assert.True(answers[k].IsTaken);
                    kept[order[k]] += answers[k].Given;
                    Interlocked.Add(ref given[order[k]], answers[k].Given);
                }
            }
        }));
        Assert.All(given, sum => Assert.Equal(Usd, sum));
    }

    private static BudgetName Name => new(Org, BudgetPeriod.Day);

    private async Task<SliceAnswer> SayAsync(
        IBudgetLeases leases, string node, long spent = 0, long reserved = 0, long keep = 0, long need = 0, long slack = 0, long budget = 10 * Usd, bool isHard = true, string session = "s", long? number = null, bool isFirst = false)
    {
        var line = new SliceLine(new Budget(Org, BudgetPeriod.Day, budget, isHard), Window, spent, reserved, keep, need, slack, Minute, isFirst);
        var answers = await leases.ExchangeAsync(new SliceCall(node, session, number ?? (_number += 10), [line]), CancellationToken.None);
        return Assert.Single(answers!);
    }
}
