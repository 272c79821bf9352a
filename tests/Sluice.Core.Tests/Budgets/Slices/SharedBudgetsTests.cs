using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Budgets.Slices;

/// <summary>Nodes that share budgets: never more than there is, nearly all of it usable, and what is short, dead or away.</summary>
public sealed class SharedBudgetsTests
{
    private const long Usd = 1_000_000_000;

    private static readonly LimitScope Org = new(ScopeKind.Organization, "");
    private static readonly LimitScope User = new(ScopeKind.User, "dev1");

    private readonly ManualTimeProvider _time = new();
    private readonly SharedNodes _nodes;

    public SharedBudgetsTests() => _nodes = new SharedNodes(_time);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task F23_ManyAttemptsOverSeveralNodes_AreNeverMoreThanTheBudget_AndNearlyAllOfItIsUsed(int count)
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), count);
        var paid = 0L;
        var refused = 0;
        for (var i = 0; i < 200; i++)
        {
            if ((await _nodes.PayAsync(i % count, Usd / 20)).Held is { } held)
            {
                _nodes[i % count].Settle(held, Usd / 20);
                paid += Usd / 20;
            }
            else
            {
                refused++;
            }
        }

        Assert.InRange(paid, Usd - count * Usd / 20, Usd);
        Assert.Equal(200 - paid * 20 / Usd, refused);
        await _nodes.BeatAsync();
        Assert.Equal(paid, _nodes[0].Find(Org).Spent);
    }

    [Fact]
    public async Task WhatAnotherNodeHasAsSlack_IsThereBeforeARequestIsRefused()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 10 * Usd, IsHard: true), 2);
        (await _nodes[0].ReserveAsync(Usd / 100)).Held!.Dispose();
        Assert.True(_nodes.Leased(Org) > Usd / 100);

        // All ten dollars: what the first has as slack comes back within its next beat.
        var asked = _nodes[1].ReserveAsync(10 * Usd).AsTask();
        await _nodes.BeatAsync();
        Assert.Equal(1, _nodes[1].Book.Open);
        Assert.NotNull((await asked).Held);
    }

    [Fact]
    public async Task WhatIsHeldByAttemptsOfAnotherNode_IsRefusedAsInFlight_WhenPatienceIsOver()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        Assert.NotNull((await _nodes[0].ReserveAsync(Usd)).Held);
        var asked = _nodes[1].ReserveAsync(Usd / 2).AsTask();
        await _nodes.BeatAsync();
        Assert.False(asked.IsCompleted);
        await _nodes.BeatAsync();
        var shortage = (await asked).Shortage!;
        Assert.Equal((true, false, 0), (shortage.IsInFlight, shortage.IsAway, shortage.Available));
        Assert.Equal((0, Usd), (shortage.Standing.Spent, shortage.Standing.Reserved));
    }

    [Fact]
    public async Task WhatIsSpentOnAnotherNode_IsRefusedWithoutAskingOrWaiting()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        _nodes[0].Settle((await _nodes[0].ReserveAsync(Usd)).Held!, Usd);
        await _nodes.BeatAsync();
        var first = await _nodes[1].ReserveAsync(Usd / 2);
        var calls = _nodes.Database.Calls;
        var shortage = (await _nodes[1].ReserveAsync(Usd / 2)).Shortage!;
        Assert.Equal(calls, _nodes.Database.Calls);
        Assert.Equal((false, false, Usd), (shortage.IsInFlight, first.Shortage!.IsAway, shortage.Standing.Spent));
    }

    [Fact]
    public async Task ARequestThatTakesLess_GetsAllThatIsLeft()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        _nodes[0].Settle((await _nodes[0].ReserveAsync(Usd / 4)).Held!, Usd / 4);
        await _nodes.IdleAsync();
        var shortage = (await _nodes[1].ReserveAsync(5 * Usd, SliceAsking.Waiting | SliceAsking.ForLess)).Shortage!;
        Assert.Equal(3 * Usd / 4, shortage.Available);
    }

    [Fact]
    public async Task TheDatabaseAway_WhatANodeHasGoesOn_MoreIsNoMatterOfMoney_AndSoftBudgetsRefuseNobody()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 10 * Usd, IsHard: true), 2);
        (await _nodes[0].ReserveAsync(Usd / 100)).Held!.Dispose();
        _nodes.Database.IsAway = true;
        var inSlack = (await _nodes[0].ReserveAsync(Usd / 100)).Held;
        Assert.NotNull(inSlack);
        var shortage = (await _nodes[0].ReserveAsync(5 * Usd)).Shortage!;
        Assert.Equal((true, true), (shortage.IsAway, _nodes[0].Keeper.IsAway));
        Assert.True((await _nodes[1].ReserveAsync(Usd / 100)).Shortage!.IsAway);

        // More than the budget is no matter of the database, but less may help.
        Assert.False((await _nodes[1].ReserveAsync(11 * Usd)).Shortage!.IsAway);
        Assert.True((await _nodes[1].ReserveAsync(11 * Usd, SliceAsking.ForLess)).Shortage!.IsAway);

        // Two minutes unheard: another node may have been given the slack.
        inSlack.Dispose();
        _time.Advance(BudgetSlice.SlackLives);
        Assert.True((await _nodes[0].ReserveAsync(Usd / 100)).Shortage!.IsAway);

        _nodes.Database.IsAway = false;
        _time.Advance(SliceKeeper.Beat);
        Assert.NotNull((await _nodes[0].ReserveAsync(5 * Usd)).Held);
        Assert.False(_nodes[0].Keeper.IsAway);
    }

    [Fact]
    public async Task TheDatabaseAway_ASoftBudget_RefusesNobody_AndIsToldOfLater()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: false), 2);
        _nodes.Database.IsAway = true;
        _nodes[0].Settle((await _nodes[0].ReserveAsync(3 * Usd)).Held!, 3 * Usd);
        await _nodes.BeatAsync();
        _nodes.Database.IsAway = false;
        await _nodes.BeatAsync();
        Assert.Equal(3 * Usd, _nodes[1].Find(Org).Spent);
    }

    [Fact]
    public async Task AnAnswerThatIsLost_LosesNoMoneyForLong()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        _nodes.Database.IsMute = true;
        Assert.True((await _nodes[0].ReserveAsync(Usd)).Shortage!.IsAway);
        Assert.Equal(Usd, _nodes.Leased(Org));
        _nodes.Database.IsMute = false;
        await _nodes.BeatAsync();
        Assert.NotNull((await _nodes[1].ReserveAsync(Usd)).Held);
    }

    [Fact]
    public async Task F24_AKilledNode_IsChargedOnceWithWhatItsJournalHolds_WhenItStartsAgain()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 4 * Usd, IsHard: true), 2);
        _nodes[0].Settle((await _nodes[0].ReserveAsync(Usd)).Held!, Usd);
        Assert.NotNull((await _nodes[0].ReserveAsync(Usd)).Held);
        await _nodes.BeatAsync();

        // The journal knows the first attempt and, abandoned, the second.
        _nodes.Kill(0);
        Assert.True((await _nodes[1].ReserveAsync(3 * Usd, SliceAsking.Once)).Shortage!.IsInFlight);
        _nodes.Ledger.Charge("n0", "dev1", Usd / 2, _time.GetUtcNow());
        await _nodes.StartAgainAsync(0);
        Assert.Equal((3 * Usd / 2, 0), Amounts(_nodes[0].Find(Org)));
        await _nodes.BeatAsync();
        Assert.Equal((3 * Usd / 2, 0), Amounts(_nodes[1].Find(Org)));
        Assert.NotNull((await _nodes[1].ReserveAsync(5 * Usd / 2)).Held);
        Assert.Equal(4 * Usd, _nodes.Leased(Org));
    }

    [Fact]
    public async Task F24_ANodeThatNeverComesBack_HoldsNothing_WhenItsTimeIsOver()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Week, 4 * Usd, IsHard: true), 2);
        _nodes[0].Settle((await _nodes[0].ReserveAsync(Usd)).Held!, Usd);
        Assert.NotNull((await _nodes[0].ReserveAsync(Usd)).Held);
        await _nodes.BeatAsync();
        _nodes.Kill(0);
        _time.Advance(BudgetSlice.SlackLives + SharedNodes.Lifetime);
        await _nodes.BeatAsync();
        Assert.Equal((Usd, 0), Amounts(_nodes[1].Find(Org, BudgetPeriod.Week)));

        // Whoever finds its time to be over gives it a little more: it may have been the database that was away.
        Assert.True((await _nodes.PayAsync(1, 3 * Usd)).Shortage!.IsInFlight);
        _time.Advance(IBudgetLeases.Doubt);
        Assert.NotNull((await _nodes.PayAsync(1, 3 * Usd)).Held);
    }

    [Fact]
    public async Task ASessionThatAnotherHasFollowed_LosesItsSlack_WhenItHearsOfIt()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 10 * Usd, IsHard: true), 1);
        var earlier = _nodes[0];
        (await earlier.ReserveAsync(Usd / 100)).Held!.Dispose();
        await _nodes.StartAgainAsync(0);
        await earlier.Keeper.RoundAsync(CancellationToken.None);
        Assert.Null((await earlier.ReserveAsync(Usd / 100, SliceAsking.Never)).Held);
        Assert.Equal(0, _nodes.Leased(Org));
    }

    [Fact]
    public async Task ANodeThatStops_GivesEverythingBackAtOnce()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        _nodes[0].Settle((await _nodes[0].ReserveAsync(Usd / 100)).Held!, Usd / 100);
        await _nodes[0].Keeper.DisposeAsync();
        Assert.Equal(Usd / 100, _nodes.Leased(Org));
        Assert.True((await _nodes[0].ReserveAsync(Usd / 2)).Shortage!.IsAway);
    }

    [Fact]
    public async Task AtMidnight_TheNextDayBeginsOnAllNodes_AndYesterdaysAttemptsCountThere()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        var yesterday = (await _nodes[0].ReserveAsync(Usd)).Held!;
        var startedAt = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromHours(12));
        Assert.NotNull((await _nodes[1].ReserveAsync(Usd)).Held);
        _nodes[0].Settle(yesterday, Usd, startedAt);
        await _nodes.BeatAsync();
        Assert.Equal((0, Usd), Amounts(_nodes[0].Find(Org)));
    }

    [Fact]
    public async Task ANewBudget_CountsWhatEveryNodeSpentBefore_AlsoThoseThatAreGone()
    {
        _nodes.Ledger.Charge("gone", "dev1", Usd, _time.GetUtcNow());
        _nodes.Ledger.Charge("n1", "dev1", Usd, _time.GetUtcNow());
        _nodes.Ledger.Charge("n1", "dev2", 5 * Usd, _time.GetUtcNow());
        await _nodes.SetAsync(new Budget(User, BudgetPeriod.Day, 3 * Usd, IsHard: true), 2);
        Assert.Equal(2 * Usd, _nodes[0].Find(User).Spent);
        Assert.False((await _nodes[0].ReserveAsync(Usd + 1)).Shortage!.IsInFlight);
        Assert.NotNull((await _nodes[0].ReserveAsync(Usd)).Held);
    }

    [Fact]
    public async Task ALoweredBudget_GivesNothingMore_ARaisedOneAtOnce_AndARemovedOneComesBackWithItsPast()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 10 * Usd, IsHard: true), 2);
        _nodes[0].Settle((await _nodes[0].ReserveAsync(Usd)).Held!, Usd);
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd / 2, IsHard: true), 2);
        Assert.False((await _nodes[0].ReserveAsync(1)).Shortage!.IsInFlight);
        Assert.False((await _nodes[1].ReserveAsync(1)).Shortage!.IsAway);
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 2 * Usd, IsHard: true), 2);
        Assert.NotNull((await _nodes[1].ReserveAsync(Usd)).Held);

        _nodes.Remove(new BudgetName(Org, BudgetPeriod.Day));
        _nodes[1].Settle(null, Usd / 4);
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 2 * Usd, IsHard: true), 2);
        await _nodes.BeatAsync();
        Assert.Equal(5 * Usd / 4, _nodes[0].Find(Org).Spent);
    }

    [Fact]
    public async Task EachMark_IsToldOnceOverAllNodes()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, 10 * Usd, IsHard: false), 3);
        for (var i = 0; i < 12; i++)
        {
            _nodes[i % 3].Settle(null, Usd);
            await _nodes.BeatAsync();
        }

        Assert.Equal([50, 80, 100], _nodes.Told);
    }

    [Fact]
    public async Task ABudgetWhosePastIsNotKnown_GrantsNothing_UntilTheDatabaseSaysIt()
    {
        _nodes.Ledger.Charge("gone", "dev1", Usd / 2, _time.GetUtcNow());
        _nodes.Ledger.IsAway = true;
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 1);
        Assert.True((await _nodes[0].ReserveAsync(1, SliceAsking.Once)).Shortage!.IsAway);
        _nodes.Ledger.IsAway = false;
        Assert.True(await _nodes[0].Keeper.LoadAsync(CancellationToken.None));
        Assert.NotNull((await _nodes[0].ReserveAsync(Usd / 2)).Held);
    }

    [Fact]
    public async Task WhoGoesAwayWhileItWaits_HoldsNothing()
    {
        await _nodes.SetAsync(new Budget(Org, BudgetPeriod.Day, Usd, IsHard: true), 2);
        var all = (await _nodes[0].ReserveAsync(Usd)).Held!;
        using var leaving = new CancellationTokenSource();
        var asked = _nodes[1].ReserveAsync(Usd, SliceAsking.Waiting, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        all.Dispose();
        await _nodes.IdleAsync();
        Assert.Equal((0, 0), (_nodes[1].Book.Open, _nodes.Leased(Org)));
    }

    private static (long Spent, long Reserved) Amounts(BudgetStanding standing) => (standing.Spent, standing.Reserved);
}
