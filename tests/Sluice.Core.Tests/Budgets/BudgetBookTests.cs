using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Budgets;

/// <summary>What budgets hold and charge: all or nothing over every budget of a caller, exact sums, and nothing that stays held.</summary>
public sealed class BudgetBookTests
{
    private const long Usd = 1_000_000_000;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly CallerScopes Dev = new("key-1", "dev1", "core", "web", Model: null, IsFree: false);
    private static readonly LimitScope User = new(ScopeKind.User, "dev1");
    private static readonly LimitScope Project = new(ScopeKind.Project, "web");

    private readonly ManualTimeProvider _time = new();
    private readonly BudgetBook _book;

    public BudgetBookTests() => _book = new BudgetBook(_time);

    [Fact]
    public void F23_AHundredParallelAttempts_AtABudgetForThree_AreThree()
    {
        Set(new Budget(User, BudgetPeriod.Day, 3 * Usd, IsHard: true));
        var held = new Reservation?[100];
        Parallel.For(0, 100, i => held[i] = _book.Reserve(Dev, "r", Usd, Hour, out _));
        Assert.Equal(3, held.Count(one => one is not null));
        Assert.Equal((0, 3 * Usd, 0), Amounts(User, BudgetPeriod.Day));
    }

    [Fact]
    public void WhatOneBudgetRefuses_IsHeldOfNone()
    {
        Set(new Budget(User, BudgetPeriod.Day, 10 * Usd, IsHard: true));
        Set(new Budget(Project, BudgetPeriod.Month, Usd, IsHard: true));
        Assert.Null(_book.Reserve(Dev, "r", 2 * Usd, Hour, out var shortage));
        Assert.Equal((Project, 2 * Usd, Usd, false), (shortage!.Standing.Budget.Scope, shortage.Need, shortage.Available, shortage.IsInFlight));
        Assert.Equal((0, 0, 10 * Usd), Amounts(User, BudgetPeriod.Day));
    }

    [Fact]
    public void AShortageThatOnlyWaitingRequestsMake_IsInFlight_AndOverWhenTheyEnd()
    {
        Set(new Budget(User, BudgetPeriod.Day, 3 * Usd, IsHard: true));
        var first = _book.Reserve(Dev, "a", 2 * Usd, Hour, out _)!;
        Assert.Null(_book.Reserve(Dev, "b", 2 * Usd, Hour, out var shortage));
        Assert.Equal((true, Usd), (shortage!.IsInFlight, shortage.Available));
        first.Dispose();
        first.Dispose();
        Assert.NotNull(_book.Reserve(Dev, "b", 2 * Usd, Hour, out _));
        Assert.Equal((0, 2 * Usd, Usd), Amounts(User, BudgetPeriod.Day));
    }

    [Fact]
    public void ASettledAttempt_IsChargedWhatItCost_AndHoldsNothing()
    {
        Set(new Budget(User, BudgetPeriod.Day, 3 * Usd, IsHard: true));
        var held = _book.Reserve(Dev, "a", 2 * Usd, Hour, out _)!;
        _book.Settle(Row(_time.GetUtcNow()), held, 123_456_789);
        held.Dispose();
        Assert.Equal((123_456_789, 0, 2_876_543_211), Amounts(User, BudgetPeriod.Day));
        Assert.Equal(0, _book.Open);
    }

    [Fact]
    public void ASoftBudget_RefusesNobody_AndCounts()
    {
        Set(new Budget(User, BudgetPeriod.Day, Usd, IsHard: false));
        var held = _book.Reserve(Dev, "a", 5 * Usd, Hour, out _)!;
        _book.Settle(Row(_time.GetUtcNow()), held, 5 * Usd);
        Assert.Equal(500, _book.Find(new BudgetName(User, BudgetPeriod.Day))!.PercentSpent);
    }

    [Fact]
    public void ABudgetOfNothing_PaysForNothing_ButForWhatIsFree()
    {
        Set(new Budget(User, BudgetPeriod.Day, 0, IsHard: true));
        Assert.Null(_book.Reserve(Dev, "a", 1, Hour, out var shortage));
        Assert.False(shortage!.IsInFlight);
        Assert.NotNull(_book.Reserve(Dev, "a", 0, Hour, out _));
    }

    [Fact]
    public void OthersMoney_IsNotTouched()
    {
        Set(new Budget(User, BudgetPeriod.Day, Usd, IsHard: true));
        Assert.NotNull(_book.Reserve(Dev with { User = "dev2" }, "a", 5 * Usd, Hour, out _));
        Assert.Equal((0, 0, Usd), Amounts(User, BudgetPeriod.Day));
    }

    [Fact]
    public void AtMidnight_TheNextDayBegins_AndWhatStillRuns_CountsToTheDayItBeganIn()
    {
        Set(new Budget(User, BudgetPeriod.Day, Usd, IsHard: true));
        var startedAt = _time.GetUtcNow();
        var held = _book.Reserve(Dev, "a", Usd, TimeSpan.FromDays(2), out _)!;
        Assert.Null(_book.Reserve(Dev, "b", 1, Hour, out _));
        _time.Advance(TimeSpan.FromHours(12));
        Assert.NotNull(_book.Reserve(Dev, "b", 1, Hour, out _));
        _book.Settle(Row(startedAt), held, Usd);
        Assert.Equal((0, 1, Usd - 1), Amounts(User, BudgetPeriod.Day));
    }

    [Fact]
    public void F24_WhatWasForgotten_IsLetGo_WhenNoAttemptCouldStillRun()
    {
        Set(new Budget(User, BudgetPeriod.Day, Usd, IsHard: true));
        _book.Reserve(Dev, "forgotten", Usd, Hour, out _);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Null(_book.Reserve(Dev, "b", Usd, Hour, out _));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(_book.Reserve(Dev, "b", Usd, Hour, out _));
        Assert.Equal(1, _book.Open);
    }

    [Fact]
    public void ABudgetSetWhileAttemptsEnd_AsksTheLedgerAgain_AndCountsNobodyTwice()
    {
        var budget = new Budget(User, BudgetPeriod.Day, 3 * Usd, IsHard: true);
        Assert.False(_book.Set(budget));
        _book.Settle(Row(_time.GetUtcNow()), held: null, Usd);

        // The ledger said a dollar, and may have counted the one that ended meanwhile.
        Assert.False(_book.TryLoad(budget.Name, BudgetWindow.Of(BudgetPeriod.Day, _time.GetUtcNow()), Usd, isLast: false));
        Assert.True(_book.TryLoad(budget.Name, BudgetWindow.Of(BudgetPeriod.Day, _time.GetUtcNow()), Usd, isLast: false));
        Assert.Equal((Usd, 0, 2 * Usd), Amounts(User, BudgetPeriod.Day));
    }

    [Fact]
    public void ALargerAmount_KeepsWhatWasSpent()
    {
        var budget = new Budget(User, BudgetPeriod.Day, Usd, IsHard: true);
        Set(budget);
        _book.Settle(Row(_time.GetUtcNow()), held: null, Usd);
        Assert.True(_book.Set(budget with { NanoUsd = 2 * Usd }));
        Assert.Equal((Usd, 0, Usd), Amounts(User, BudgetPeriod.Day));
        _book.Remove(budget.Name);
        Assert.False(_book.IsOn);
    }

    [Fact]
    public void ABudget_IsToldOfOnce_AtFiftyEightyAndAHundredPercent()
    {
        var told = new List<int>();
        var book = new BudgetBook(_time) { Passed = standing => told.Add(standing.PercentSpent) };
        var budget = new Budget(User, BudgetPeriod.Day, 10 * Usd, IsHard: false);
        book.Set(budget);
        book.TryLoad(budget.Name, BudgetWindow.Of(BudgetPeriod.Day, _time.GetUtcNow()), 0, isLast: true);
        foreach (var usd in (int[])[4, 1, 2, 1, 1, 3])
        {
            book.Settle(Row(_time.GetUtcNow()), held: null, usd * Usd);
        }

        Assert.Equal([50, 80, 120], told);
    }

    private void Set(Budget budget)
    {
        _book.Set(budget);
        _book.TryLoad(budget.Name, BudgetWindow.Of(budget.Per, _time.GetUtcNow()), 0, isLast: true);
    }

    private (long Spent, long Reserved, long Left) Amounts(LimitScope scope, BudgetPeriod per)
    {
        var standing = _book.Find(new BudgetName(scope, per))!;
        return (standing.Spent, standing.Reserved, standing.Left);
    }

    private static AttemptStarted Row(DateTimeOffset startedAt) => new()
    {
        AttemptId = "att-1",
        RequestId = "gen-1",
        Ordinal = 1,
        StartedAt = startedAt,
        KeyId = "key-1",
        User = "dev1",
        Team = "core",
        Project = "web",
        Model = "m",
        Provider = "p",
        UpstreamModel = "m",
        ClientProtocol = WireProtocol.OpenAIChat,
        UpstreamProtocol = WireProtocol.OpenAIChat,
        EstimatedInputTokens = 0,
    };
}
