using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Affinity;
using Sluice.Storage.Sqlite;
using Sluice.Storage.Tests.Contract;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteSessionStoreTests : SessionStoreContract
{
    [Fact]
    public async Task Write_StoreWithoutItsTable_SaysSoAndThrowsNothing()
    {
        using var opened = new Opened();
        await opened.Database.WriteAsync(
            (connection, transaction) =>
            {
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "DROP TABLE session_home";
                return command.ExecuteNonQuery();
            },
            CancellationToken.None);
        var store = new SqliteSessionStore(opened.Database, NullLogger.Instance);

        Assert.False(await store.WriteAsync([Row(1, "m", 10)], DateTimeOffset.UnixEpoch, 10, CancellationToken.None));
        Assert.Empty(await store.ListAsync(DateTimeOffset.UnixEpoch, 10, CancellationToken.None));
    }

    private protected override (ISessionStore Store, IDisposable Owner) OpenEmpty()
    {
        var opened = new Opened();
        return (new SqliteSessionStore(opened.Database, NullLogger.Instance), opened);
    }

    private sealed class Opened : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Opened() => Database = SqliteDatabase.Open(Path.Combine(_folder.Path, "sluice.db"));

        public SqliteDatabase Database { get; }

        public void Dispose()
        {
            Database.Dispose();
            _folder.Dispose();
        }
    }
}
