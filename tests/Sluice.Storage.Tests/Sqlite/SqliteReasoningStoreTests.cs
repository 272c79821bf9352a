using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Reasoning;
using Sluice.Storage.Sql;
using Sluice.Storage.Sqlite;
using Sluice.Storage.Tests.Contract;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteReasoningStoreTests : ReasoningStoreContract
{
    [Fact]
    public async Task F06_OpenedAgain_HasWhatWasStored()
    {
        using var folder = new TemporaryFolder();
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var row = new ReasoningRow("anna", 5, now.AddHours(1), 2);
        using (var database = SqliteDatabase.Open(Path.Combine(folder.Path, "sluice.db")))
        {
            await new SqlReasoningStore(database, NullLogger.Instance).WriteAsync(new ReasoningBatch { Saved = [(row, [8, 9])] }, now, CancellationToken.None);
        }

        using var again = SqliteDatabase.Open(Path.Combine(folder.Path, "sluice.db"));
        var store = new SqlReasoningStore(again, NullLogger.Instance);

        Assert.Equal([row], await store.ListAsync(now, CancellationToken.None));
        Assert.Equal<byte>([8, 9], store.Read("anna", 5)!);
    }

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
                command.CommandText = "DROP TABLE reasoning";
                return command.ExecuteNonQuery();
            },
            CancellationToken.None);
        var store = new SqlReasoningStore(database, NullLogger.Instance);

        Assert.False(await store.WriteAsync(new ReasoningBatch(), DateTimeOffset.UnixEpoch, CancellationToken.None));
        Assert.Null(store.Read("anna", 1));
        Assert.Empty(await store.ListAsync(DateTimeOffset.UnixEpoch, CancellationToken.None));
    }

    private protected override Task<OpenedStore<IReasoningStore>> OpenEmptyAsync() => SqliteOpened.OpenAsync<IReasoningStore>(database => new SqlReasoningStore(database, NullLogger.Instance));
}
