using Dapper;
using Sluice.Storage.Postgres;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresDatabaseTests
{
    [Fact]
    public async Task Open_ByEightNodesAtOnce_MakesTheSchemaOnce()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

        var nodes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostgresDatabase.OpenAsync(address, CancellationToken.None)));

        await using (var connection = await nodes[0].Source.OpenConnectionAsync())
        {
            Assert.Equal(Migration.Of("Postgres").Select(migration => migration.Number), await connection.QueryAsync<int>("SELECT number FROM sluice_schema ORDER BY number"));
        }

        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Open_OfANewerSchema_IsRefusedWithTheRemedy()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using (var first = await PostgresDatabase.OpenAsync(address, CancellationToken.None))
        {
            await using var connection = await first.Source.OpenConnectionAsync();
            await connection.ExecuteAsync("INSERT INTO sluice_schema (number) VALUES (9999)");
        }

        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => PostgresDatabase.OpenAsync(address, CancellationToken.None));

        Assert.Contains("schema 9999, which a newer version of Sluice made", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WhereNobodyListens_SaysSoWithoutThePassword()
    {
        var refused = await Assert.ThrowsAsync<StoreUnusableException>(() => PostgresDatabase.OpenAsync("postgres://dev:hunter2-very-secret@127.0.0.1:1/sluice", CancellationToken.None));

        Assert.StartsWith("The store at 127.0.0.1:1/sluice cannot be used: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }
}
