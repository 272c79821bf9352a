using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Tests.Admission.Leases;
using Sluice.Storage.Postgres;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>Leases in a real PostgreSQL keep the same rules as those in memory.</summary>
public sealed class PostgresLimitLeasesTests : LimitLeaseContract, IAsyncDisposable
{
    private PostgresDatabase? _database;

    [Fact]
    public async Task AnyCalls_AreAnswered_AsInMemory()
    {
        var (memory, postgres) = (new MemoryLimitLeases(Time), await OpenAsync());
        var random = new Random(7);
        LimitKind[] kinds = [LimitKind.Requests, LimitKind.Day, LimitKind.Concurrency];
        for (var number = 1; number <= 400; number++)
        {
            Time.Advance(random.Next(40) == 0 ? TimeSpan.FromSeconds(random.Next(200)) : TimeSpan.FromMilliseconds(random.Next(3_000)));
            var asks = kinds.Where(_ => random.Next(3) > 0).Select(kind =>
            {
                var held = random.Next(60);
                return Ask(held, random.Next(10) == 0 ? held + random.Next(20) : random.Next(held + 1), random.Next(4) == 0 ? 0 : random.Next(100), random.Next(2) * random.Next(80), random.Next(30), random.Next(9) == 0 ? 50 : 100, kind);
            }).ToArray();
            var call = new LeaseCall($"n{random.Next(5)}", random.Next(20) == 0 ? number - 10 : number, random.Next(30) == 0, asks);
            var (one, other) = (await memory.SyncAsync(call, default), await postgres.SyncAsync(call, default));
            Assert.Equal((number, one.Fault is null, one.Nodes), (number, other.Fault is null, other.Nodes));
            Assert.Equal(one.Replies, other.Replies);
        }
    }

    [Fact]
    public async Task F31_ThreeNodes_OverADatabase_AdmitTheLimit_AndNeverMore()
    {
        const long Limit = 600;
        var nodes = new NodesUnderTest(Time, await OpenAsync(), new LimitSet { RequestsPerMinute = Limit });
        double[][] shares = [[720, 360, 120], [60, 180, 960]];
        await nodes.LoadAsync(new Random(1), TimeSpan.FromMinutes(4), TimeSpan.FromMilliseconds(100), now => shares[(int)(now.TotalSeconds / 100) % 2], Limit);
        Assert.InRange(nodes.Since(TimeSpan.FromMinutes(1)), 3 * Limit * 0.98, 3 * Limit);
    }

    [Fact]
    public async Task ADatabaseThatIsAway_IsAnAnswer_AndNoException()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        await using var server = await PostgresServer.StartAsync(isDurable: true);
        await using var database = await PostgresDatabase.OpenAsync(await server.CreateDatabaseAsync(), TestContext.Current.CancellationToken);
        var leases = new PostgresLimitLeases(database);
        Assert.Null((await leases.SyncAsync(new LeaseCall("a", 1, false, [Ask(0, 0, 10)]), default)).Fault);
        await server.StopAsync(isCrash: true);
        Assert.NotNull((await leases.SyncAsync(new LeaseCall("a", 2, false, [Ask(10, 0, 10)]), default)).Fault);
        await server.StartAgainAsync();
        var answer = await leases.SyncAsync(new LeaseCall("a", 3, false, [Ask(10, 0, 10)]), default);
        Assert.Null(answer.Fault);
        Assert.Equal(10, answer.Replies[0].Held);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_database is { } database)
        {
            await database.DisposeAsync();
        }
    }

    protected override async Task<ILimitLeases> OpenAsync()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        _database = await PostgresDatabase.OpenAsync(address, TestContext.Current.CancellationToken);
        return new PostgresLimitLeases(_database, Time);
    }
}
