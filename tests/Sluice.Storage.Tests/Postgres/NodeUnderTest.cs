using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Affinity;
using Sluice.Core.Reasoning;
using Sluice.Storage.Postgres;
using Sluice.Storage.Sql;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>One node's end of a shared database.</summary>
internal sealed class NodeUnderTest : IAsyncDisposable
{
    private readonly PostgresDatabase _database;
    private IAsyncDisposable? _running;

    private NodeUnderTest(PostgresDatabase database)
    {
        _database = database;
        Shared = new PostgresShared(database, TimeProvider.System, NullLogger.Instance);
        Sessions = new PostgresSessionStore(database, Shared.Feed, TimeProvider.System, NullLogger.Instance);
        Reasoning = new PostgresReasoningStore(database, Shared.Feed, TimeProvider.System, NullLogger.Instance);
        Identity = new SqlIdentityStore(database);
        Limits = new SqlLimitStore(database);
        Budgets = new SqlBudgetStore(database);
    }

    public PostgresShared Shared { get; }

    public ISessionStore Sessions { get; }

    public IReasoningStore Reasoning { get; }

    public SqlIdentityStore Identity { get; }

    public SqlLimitStore Limits { get; }

    public SqlBudgetStore Budgets { get; }

    public static async Task<NodeUnderTest> OpenAsync(string address) => new(await PostgresDatabase.OpenAsync(address, CancellationToken.None));

    /// <summary>Starts, and waits until it listens.</summary>
    public async Task StartAsync()
    {
        _running = Shared.Start();
        await UntilAsync(() => Shared.Nodes.Any(node => node.Id == Shared.Node), "the node listens");
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var look = 0; !condition(); look++)
        {
            Assert.True(look < 1000, "Not within 10 s: " + what);
            await Task.Delay(TimeSpan.FromMilliseconds(10)); // What another connection says has no signal here.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_running is not null)
        {
            await _running.DisposeAsync();
        }

        await _database.DisposeAsync();
    }
}
