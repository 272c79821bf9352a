using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;
using Sluice.Storage.Postgres;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>The whole ledger on PostgreSQL: journal before it, several nodes beside it, and the database away.</summary>
public sealed class PostgresLedgerStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static ReportQuery Everything { get; } = new([], Records.Noon.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Append_Report_CloseAndOpenAgain_HasEveryField()
    {
        var address = await SharedAsync();
        var (start, end, request) = (Records.Start("att-1"), Records.End("att-1"), Records.Request("gen-1"));
        await using (var ledger = await OpenAsync(address))
        {
            await ledger.AppendAsync(start);
            await ledger.AppendAsync(end, request);
            Assert.Equal(1, Assert.Single((await ledger.ReportAsync(Everything, None)).Rows).Attempts);
            Assert.Equal((0L, 0L, null), (ledger.Standing.Unshipped, ledger.Standing.UnshippedBytes, ledger.Standing.Fault));
            Assert.DoesNotContain("secret-of-tests", ledger.Standing.Store, StringComparison.Ordinal);
        }

        await using var again = await OpenAsync(address);
        var trail = await again.FindRequestAsync("gen-1", None);
        Assert.Equal(request, trail!.Request);
        Assert.Equal([new AttemptTrail(start, end)], trail.Attempts);
        Assert.Equal(1_234_567, Assert.Single((await again.ReportAsync(Everything, None)).Rows).CostNanoUsd);
    }

    [Fact]
    public async Task Reopen_CompletesTheAttemptsOfItsOwnFolderAlone()
    {
        var address = await SharedAsync();
        var now = DateTimeOffset.UtcNow;
        await using var other = await OpenAsync(address, "other");
        await other.AppendAsync(Records.Start("att-other", "gen-other") with { StartedAt = now });
        await other.FlushToStoreAsync(None);
        await using (var ledger = await OpenAsync(address))
        {
            await ledger.AppendAsync(Records.Start("att-own", "gen-own") with { StartedAt = now });
        }

        await using var again = await OpenAsync(address);

        Assert.Equal(AttemptOutcome.Abandoned, Assert.Single((await again.FindRequestAsync("gen-own", None))!.Attempts).Settled!.Outcome);
        Assert.Null(Assert.Single((await again.FindRequestAsync("gen-other", None))!.Attempts).Settled);

        // The other goes on as if nothing had been.
        await other.AppendAsync(Records.End("att-other"));
        Assert.Equal(AttemptOutcome.Succeeded, Assert.Single((await other.FindRequestAsync("gen-other", None))!.Attempts).Settled!.Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F29_Database_AwayForThreeSecondsUnderLoad_HasEveryAttemptOnceWhenItIsBack(bool isCrash)
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        await using var server = await PostgresServer.StartAsync(isDurable: true);
        var address = await server.CreateDatabaseAsync();
        await using var ledger = await OpenAsync(address);
        using var enough = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(task => Task.Run(() => AppendUntilAsync(ledger, $"{task}", enough.Token))).ToList();
        await UntilAsync(() => ledger.Unshipped > 100);
        await ledger.FlushToStoreAsync(None);

        await server.StopAsync(isCrash);
        var away = Stopwatch.StartNew();
        var refused = await Assert.ThrowsAsync<StoreAwayException>(() => ledger.ReportAsync(Everything, None));
        Assert.True(away.Elapsed < TimeSpan.FromSeconds(10), $"{away.Elapsed}");
        Assert.Contains("the journal keeps", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-of-tests", refused.ToString(), StringComparison.Ordinal);
        Assert.NotNull(ledger.Standing.Fault);
        await UntilAsync(() => away.Elapsed > TimeSpan.FromSeconds(3));
        Assert.True(ledger.Standing.UnshippedBytes > 10_000, $"{ledger.Standing}");
        await server.StartAgainAsync();
        await UntilAsync(() => ledger.Standing.Fault is null);
        await enough.CancelAsync();
        var appended = (await Task.WhenAll(load)).Sum();

        await HeldOnceAsync(ledger, address, appended);
    }

    [Fact]
    public async Task F29_Connections_CutInTheMiddleOfTransactions_LoseAndDoubleNothing()
    {
        var address = await SharedAsync();
        await using var ledger = await OpenAsync(address);
        using var enough = new CancellationTokenSource();
        var load = Task.Run(() => AppendUntilAsync(ledger, "a", enough.Token), None);
        await using (var killer = new NpgsqlConnection(PostgresAddress.Read(address).ConnectionString + ";Pooling=false;Application Name=killer"))
        {
            await killer.OpenAsync(None);
            for (var cut = 0; cut < 15;)
            {
                Assert.False(load.IsCompleted, "The load has ended early.");
                cut += await killer.ExecuteScalarAsync<int>(
                    "SELECT COUNT(pg_terminate_backend(pid))::int FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sluice' AND (state = 'active' OR state LIKE 'idle in transaction%')");
            }
        }

        await enough.CancelAsync();
        var appended = await load;
        await UntilAsync(() => ledger.Unshipped == 0);

        await HeldOnceAsync(ledger, address, appended);
    }

    [Fact]
    public async Task F29_Kill_WithHalfOfTheJournalShipped_LosesAndDoublesNothing()
    {
        var address = await SharedAsync();
        var killed = Path.Combine(_folder.Path, "killed");
        var options = Options(address, "before") with { ShipDelay = TimeSpan.FromDays(1) };
        await using (var ledger = await LedgerStore.OpenAsync(options, TimeProvider.System, NullLogger.Instance))
        {
            await AppendAsync(ledger, 0, 200);
            await ledger.FlushToStoreAsync(None);
            await AppendAsync(ledger, 200, 400);

            // What the files hold now is what a killed process leaves.
            Directory.CreateDirectory(Path.Combine(killed, "journal"));
            File.Copy(Path.Combine(options.DataFolder, "node"), Path.Combine(killed, "node"));
            foreach (var file in Directory.GetFiles(Path.Combine(options.DataFolder, "journal")))
            {
                File.Copy(file, Path.Combine(killed, "journal", Path.GetFileName(file)));
            }

            await using (var restarted = await OpenAsync(address, "killed"))
            {
                await SeenAsync(restarted);
            }

            // And here the killed one ships the same half once more, as a copy of a folder would.
        }

        File.Delete(Path.Combine(killed, "node"));
        await using var copy = await OpenAsync(address, "killed");
        await SeenAsync(copy);

        static async Task AppendAsync(LedgerStore ledger, int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                await ledger.AppendAsync(Records.Start($"att-{i}", $"gen-{i}"));
                if (i % 2 == 0)
                {
                    await ledger.AppendAsync(Records.Failure($"att-{i}", ErrorKind.Timeout));
                }
            }
        }

        static async Task SeenAsync(LedgerStore ledger) => Assert.Equal(
            [("abandoned", 200L), ("timeout", 200L)],
            (await ledger.ReportAsync(Everything with { By = [ReportDimension.Cause] }, None)).Rows.Select(row => (row.Keys[0]!, row.Attempts)).OrderBy(row => row.Item1, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Open_WithoutItsDatabase_IsRefusedAndGivesTheFolderFree()
    {
        await Assert.ThrowsAsync<StoreUnusableException>(() => OpenAsync("postgres://dev:hunter2@127.0.0.1:1/sluice"));

        await using var other = await LedgerStore.OpenAsync(new LedgerOptions { DataFolder = Path.Combine(_folder.Path, "node") }, TimeProvider.System, NullLogger.Instance);
        Assert.Equal(0, other.Unshipped);
    }

    private static async Task<string> SharedAsync()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        return await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
    }

    private static async Task<int> AppendUntilAsync(LedgerStore ledger, string prefix, CancellationToken enough)
    {
        var i = 0;
        for (; !enough.IsCancellationRequested; i++)
        {
            var id = $"{prefix}-{i}";
            await ledger.AppendAsync(Records.Start(id, "gen-" + id));
            await ledger.AppendAsync(Records.End(id), Records.Request("gen-" + id));
            if (i % 50 == 49)
            {
                await Task.Delay(10, CancellationToken.None); // Some thousands a second: the load of a busy node, and room for the shipper beside it.
            }
        }

        return i;
    }

    /// <summary>Every appended attempt is a row, once, and the sums say the same.</summary>
    private static async Task HeldOnceAsync(LedgerStore ledger, string address, int appended)
    {
        await UntilAsync(() => ledger.Unshipped == 0);
        var row = Assert.Single((await ledger.ReportAsync(Everything, None)).Rows);
        Assert.Equal((appended, appended, appended * 1_234_567L), (row.Attempts, row.Requests, row.CostNanoUsd));
        await using var connection = new NpgsqlConnection(PostgresAddress.Read(address).ConnectionString + ";Pooling=false");
        Assert.Equal((appended, appended, appended), await connection.QuerySingleAsync<(long, long, long)>(
            "SELECT COUNT(*), COUNT(DISTINCT attempt_id), (SELECT COUNT(*) FROM requests) FROM attempts WHERE ended_at IS NOT NULL"));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var began = Stopwatch.StartNew(); !condition(); await Task.Delay(10, None)) // What the shipper does has no signal here.
        {
            Assert.True(began.Elapsed < TimeSpan.FromSeconds(60), "It did not come about within a minute.");
        }
    }

    private LedgerOptions Options(string address, string node) => new() { DataFolder = Path.Combine(_folder.Path, node), Storage = address };

    private Task<LedgerStore> OpenAsync(string address, string node = "node") => LedgerStore.OpenAsync(Options(address, node), TimeProvider.System, NullLogger.Instance);
}
