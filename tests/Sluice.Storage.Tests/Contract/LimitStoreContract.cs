using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>What every store of limits must do. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class LimitStoreContract
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<OpenedStore<ILimitStore>> OpenEmptyAsync();

    [Fact]
    public async Task Limits_AreKeptWhole_ReplacedAndRemoved()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        var team = new StoredLimit(new LimitScope(ScopeKind.Team, "core"), new LimitSet { RequestsPerMinute = 1, InputPerMinute = 2, OutputPerMinute = 3, RequestsPerDay = 4, Burst = 5, Concurrency = 6 }, At);
        var all = new StoredLimit(new LimitScope(ScopeKind.Organization, ""), new LimitSet { RequestsPerDay = 7 }, At);
        await store.SetAsync(team, None);
        await store.SetAsync(all, None);
        Assert.Equal([all, team], await store.ListAsync(None));

        var changed = team with { Limits = new LimitSet { Concurrency = 9 }, ChangedAt = At.AddDays(1) };
        await store.SetAsync(changed, None);
        Assert.True(await store.RemoveAsync(all.Scope, None));
        Assert.False(await store.RemoveAsync(all.Scope, None));
        Assert.Equal([changed], await store.ListAsync(None));
    }

    [Fact]
    public async Task List_SortsByTheBytesOfNames()
    {
        await using var opened = await OpenEmptyAsync();
        foreach (var user in new[] { "b", "ä", "B", "a-b", "aa" })
        {
            await opened.Store.SetAsync(new StoredLimit(new LimitScope(ScopeKind.User, user), new LimitSet { Burst = 1 }, At), None);
        }

        Assert.Equal(["B", "a-b", "aa", "b", "ä"], (await opened.Store.ListAsync(None)).Select(limit => limit.Scope.Name));
    }
}
