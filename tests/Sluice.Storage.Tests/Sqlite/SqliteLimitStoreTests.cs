using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Storage.Sqlite;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteLimitStoreTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Limits_AreKeptWhole_ReplacedAndRemoved()
    {
        using var database = SqliteDatabase.Open(Path.Combine(_folder.Path, "sluice.db"));
        var store = new SqliteLimitStore(database);
        var team = new StoredLimit(new LimitScope(ScopeKind.Team, "core"), new LimitSet { RequestsPerMinute = 1, InputPerMinute = 2, OutputPerMinute = 3, RequestsPerDay = 4, Burst = 5, Concurrency = 6 }, At);
        var all = new StoredLimit(new LimitScope(ScopeKind.Organization, ""), new LimitSet { RequestsPerDay = 7 }, At);
        await store.SetAsync(team, CancellationToken.None);
        await store.SetAsync(all, CancellationToken.None);
        Assert.Equal([all, team], await store.ListAsync(CancellationToken.None));

        var changed = team with { Limits = new LimitSet { Concurrency = 9 }, ChangedAt = At.AddDays(1) };
        await store.SetAsync(changed, CancellationToken.None);
        Assert.True(await store.RemoveAsync(all.Scope, CancellationToken.None));
        Assert.False(await store.RemoveAsync(all.Scope, CancellationToken.None));
        Assert.Equal([changed], await store.ListAsync(CancellationToken.None));
    }
}
