using System.Diagnostics;
using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Nodes;

/// <summary>Two real Sluices over one PostgreSQL and before the same simulated providers, each with a data folder of its own.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly PostgresServer? _owned;

    private TwoNodes(PostgresServer? owned, GatewayUnderTest a, GatewayUnderTest b)
    {
        _owned = owned;
        A = a;
        B = b;
    }

    public GatewayUnderTest A { get; }

    public GatewayUnderTest B { get; }

    /// <summary>The database's server; null where other tests have it too.</summary>
    public PostgresServer Database => _owned ?? throw new InvalidOperationException("This database is not the test's own.");

    /// <param name="yaml">As <see cref="GatewayUnderTest.StartAsync"/> takes it, without <c>storage</c>.</param>
    /// <param name="ownDatabase">The test stops the database.</param>
    public static async Task<TwoNodes> StartAsync(string yaml, bool ownDatabase = false)
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var owned = ownDatabase ? await PostgresServer.StartAsync() : null;
        var address = await (owned ?? await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var a = await GatewayUnderTest.StartAsync($"storage: \"{address}\"\n{yaml}");
        var nodes = new TwoNodes(owned, a, await a.StartBesideAsync());
        await GatewayUnderTest.UntilAsync(async () => await NodesSeenAsync(nodes.A) == 2 && await NodesSeenAsync(nodes.B) == 2, "both nodes see each other");
        return nodes;
    }

    /// <summary>How many nodes a node knows of.</summary>
    public static async Task<int> NodesSeenAsync(GatewayUnderTest node) => (await node.AskAdminAsync("/admin/api/status")).GetProperty("nodes").GetArrayLength();

    /// <summary>Waits until it holds. Who asks a second from now or later must find that it does; how long an answer takes says nothing.</summary>
    public static async Task WithinASecondAsync(Func<Task<bool>> condition, string what)
    {
        var since = Stopwatch.StartNew();
        await GatewayUnderTest.UntilAsync(
            async () =>
            {
                var asked = since.Elapsed;
                var holds = await condition();
                Assert.True(holds || asked < TimeSpan.FromSeconds(1), $"{what}: not when it was asked for after {asked.TotalMilliseconds} ms");
                return holds;
            },
            what);
    }

    public async ValueTask DisposeAsync()
    {
        await B.DisposeAsync();
        await A.DisposeAsync();
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
        }
    }
}
