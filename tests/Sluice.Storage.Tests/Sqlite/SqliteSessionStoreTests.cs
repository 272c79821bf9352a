using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Affinity;
using Sluice.Storage.Sql;
using Sluice.Storage.Sqlite;
using Sluice.Storage.Tests.Contract;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteSessionStoreTests : SessionStoreContract
{
    [Fact]
    public async Task Write_StoreWithoutItsTable_SaysSoAndThrowsNothing()
    {
        using var folder = new TemporaryFolder();
        using var database = SqliteDatabase.Open(Path.Combine(folder.Path, "sluice.db"));
        await database.WriteAsync(
            (connection, transaction) =>
            {
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "DROP TABLE session_home";
                return command.ExecuteNonQuery();
            },
            CancellationToken.None);
        var store = new SqlSessionStore(database, NullLogger.Instance);

        Assert.False(await store.WriteAsync([Row(1, "m", 10)], DateTimeOffset.UnixEpoch, 10, CancellationToken.None));
        Assert.Empty(await store.ListAsync(DateTimeOffset.UnixEpoch, 10, CancellationToken.None));
    }

    private protected override Task<OpenedStore<ISessionStore>> OpenEmptyAsync() => SqliteOpened.OpenAsync<ISessionStore>(database => new SqlSessionStore(database, NullLogger.Instance));
}
