using Sluice.Core.Ledger;
using Sluice.Storage.Sqlite;
using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Sqlite;

/// <summary>An empty store of SQLite in a folder of its own.</summary>
internal sealed class SqliteUnderTest : IStoreUnderTest
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;

    public SqliteUnderTest()
    {
        _database = SqliteDatabase.Open(Path.Combine(_folder.Path, "sluice.db"));
        Sink = new SqliteLedgerSink(_database);
        Queries = new SqliteLedgerQueries(_database);
    }

    public ILedgerSink Sink { get; }

    public ILedgerQueries Queries { get; }

    public ValueTask DisposeAsync()
    {
        _database.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
