using Dapper;
using Sluice.Core.Ledger;
using Sluice.Storage.Sqlite;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "sluice.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_ASchemaFromTheFuture_IsRefusedWithARemedy()
    {
        using (var database = SqliteDatabase.Open(File))
        {
            await database.WriteAsync((connection, transaction) => connection.Execute("PRAGMA user_version = 999", transaction: transaction), CancellationToken.None);
        }

        var error = Assert.Throws<StoreUnusableException>(() => SqliteDatabase.Open(File));

        Assert.Contains("schema 999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AStoreOfBeforeTheDailySumsOfSessions_FillsThem()
    {
        using (var database = SqliteDatabase.Open(File))
        {
            var batch = new LedgerBatch();
            batch.Started.Add(Records.Start("a"));
            batch.Started.Add(Records.Start("b") with { StartedAt = Records.Noon.AddHours(2) });
            batch.Settled.Add(Records.End("a"));
            batch.Settled.Add(Records.End("b"));
            await new SqliteLedgerSink(database).StoreAsync(batch, default, CancellationToken.None);
            await database.WriteAsync((connection, transaction) => connection.Execute("ALTER TABLE attempts DROP COLUMN media; DROP TABLE budgets; DROP TABLE scope_limits; DROP TABLE session_home; DROP TABLE reasoning; DROP TABLE usage_session_day; PRAGMA user_version = 1", transaction: transaction), CancellationToken.None);
        }

        using var reopened = SqliteDatabase.Open(File);
        var report = await new SqliteLedgerQueries(reopened).ReportAsync(new ReportQuery([ReportDimension.Session], Records.Noon.AddDays(-5), Records.Noon.AddDays(5)), CancellationToken.None);

        var row = Assert.Single(report.Rows);
        Assert.Equal(("session-1", 2L, 2_469_134L, 20L), (row.Keys[0], row.Attempts, row.CostNanoUsd, row.Input));
    }

    [Fact]
    public void Open_AFileThatIsNoDatabase_SaysWhich()
    {
        System.IO.File.WriteAllText(File, new string('x', 5000));

        var error = Assert.Throws<StoreUnusableException>(() => SqliteDatabase.Open(File));

        Assert.Contains(File, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ANewFile_IsReadableByItsOwnerAlone()
    {
        using var database = SqliteDatabase.Open(File);

        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        if (!OperatingSystem.IsWindows())
        {
            foreach (var path in Directory.GetFiles(_folder.Path))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path));
            }
        }
    }

    [Fact]
    public async Task Write_ThatThrows_LeavesNothing()
    {
        using var database = SqliteDatabase.Open(File);
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync<int>(
            (connection, transaction) =>
            {
                connection.Execute("INSERT INTO users (name, created_at) VALUES ('x', 1)", transaction: transaction);
                throw new InvalidOperationException();
            },
            CancellationToken.None));

        using var read = database.OpenRead();
        Assert.Equal(0, await read.ExecuteScalarAsync<int>("SELECT COUNT(*) FROM users"));
    }
}
