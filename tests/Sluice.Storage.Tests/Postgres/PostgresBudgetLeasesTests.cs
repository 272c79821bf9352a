using System.Diagnostics;
using Dapper;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Tests.Budgets.Slices;
using Sluice.Storage.Postgres;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresBudgetLeasesTests : BudgetLeasesContract, IAsyncDisposable
{
    private PostgresDatabase? _database;

    protected override BudgetWindow Window => BudgetWindow.Of(BudgetPeriod.Day, TimeProvider.System.GetUtcNow());

    protected override async Task<IBudgetLeases> OpenAsync()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        _database = await PostgresDatabase.OpenAsync(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), CancellationToken.None);
        return new PostgresBudgetLeases(_database);
    }

    protected override Task ExpireAsync() => RunAsync("UPDATE budget_slices SET expires_at = now()");

    protected override Task ForgetShortagesAsync() => RunAsync("UPDATE budget_windows SET short_at = short_at - interval '3 seconds'");

    [Fact]
    public async Task AWindowThatIsLocked_IsGivenUpSoon_AndNothingOfTheCallCounts()
    {
        var leases = await OpenAsync();
        var line = new SliceLine(new Budget(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Day, 100, IsHard: true), Window, 0, 0, 0, 60, 0, TimeSpan.FromMinutes(1), IsFirst: false);
        await leases.ExchangeAsync(new SliceCall("a", "s", 1, [line]), CancellationToken.None);
        await using (var connection = await _database!.Source.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await connection.ExecuteAsync("SELECT FROM budget_windows FOR UPDATE", transaction: transaction);
            var asked = Stopwatch.StartNew();
            Assert.Null(await leases.ExchangeAsync(new SliceCall("b", "s", 1, [line]), CancellationToken.None));
            Assert.InRange(asked.Elapsed, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));
        }

        Assert.Equal(40, Assert.Single((await leases.ExchangeAsync(new SliceCall("b", "s", 2, [line]), CancellationToken.None))!).Given);
    }

    [Fact]
    public async Task AStatementThatRunsTooLong_IsEndedByTheServer()
    {
        await OpenAsync();
        await RunAsync("DROP FUNCTION sluice_import_spending; CREATE FUNCTION sluice_import_spending(text, text, text, timestamptz, timestamptz, text[], bigint[]) RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(60)'");
        var asked = Stopwatch.StartNew();
        var leases = new PostgresBudgetLeases(_database!);
        Assert.False(await leases.ImportAsync("a", new BudgetName(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Day), Window, new Dictionary<string, long>(), CancellationToken.None));
        Assert.InRange(asked.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Contains("statement timeout", leases.Fault!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasOverLongAgo_IsForgotten()
    {
        var leases = await OpenAsync();
        var old = BudgetWindow.Of(BudgetPeriod.Day, TimeProvider.System.GetUtcNow().AddDays(-4));
        await leases.ImportAsync("a", new BudgetName(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Day), old, new Dictionary<string, long> { ["b"] = 5 }, CancellationToken.None);
        await leases.ImportAsync("a", new BudgetName(new LimitScope(ScopeKind.User, "dev1"), BudgetPeriod.Day), Window, new Dictionary<string, long> { ["b"] = 6 }, CancellationToken.None);
        Assert.True(await leases.ForgetAsync(CancellationToken.None));
        await using var connection = await _database!.Source.OpenConnectionAsync();
        Assert.Equal(6, await connection.QuerySingleAsync<long>("SELECT spent_nano FROM budget_slices"));
    }

    [Fact]
    public async Task ADatabaseThatIsAway_IsSaidToBe()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        await using var server = await PostgresServer.StartAsync();
        await using var database = await PostgresDatabase.OpenAsync(await server.CreateDatabaseAsync(), CancellationToken.None);
        var leases = new PostgresBudgetLeases(database);
        Assert.NotNull(await leases.ReadAsync("a", CancellationToken.None));
        await server.StopAsync();
        Assert.Null(await leases.ReadAsync("a", CancellationToken.None));
        Assert.NotNull(leases.Fault);
        Assert.False(await leases.ForgetAsync(CancellationToken.None));
        await server.StartAgainAsync();
        Assert.NotNull(await leases.ReadAsync("a", CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    private async Task RunAsync(string sql)
    {
        await using var connection = await _database!.Source.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
