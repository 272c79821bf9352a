using Sluice.Core.Ledger;
using Sluice.Storage.Postgres;
using Sluice.Storage.Tests.Contract;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>An empty store in a database of its own.</summary>
internal sealed class PostgresUnderTest : IStoreUnderTest
{
    private readonly PostgresDatabase _database;

    private PostgresUnderTest(PostgresDatabase database)
    {
        _database = database;
        Sink = new PostgresLedgerSink(database, "node-under-test", new ManualTimeProvider(Records.Noon));
        Queries = new PostgresLedgerQueries(database);
    }

    public ILedgerSink Sink { get; }

    public ILedgerQueries Queries { get; }

    /// <summary>Skips the test where there is no PostgreSQL.</summary>
    public static async Task<IStoreUnderTest> OpenAsync()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        return new PostgresUnderTest(await PostgresDatabase.OpenAsync(address, TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();
}
