using Sluice.Core.Affinity;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>What every store of sessions' homes must do. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class SessionStoreContract
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<OpenedStore<ISessionStore>> OpenEmptyAsync();

    [Fact]
    public async Task F20_Write_ThenList_GivesWhatWasSavedThatIsWarmLongestFirst()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        var early = Row(7, "m", 10);
        var late = Row(UInt128.MaxValue, "m", 20) with { Credential = null, CachedTokens = 123_456, Lifetime = TimeSpan.FromHours(1) };

        Assert.True(await store.WriteAsync([early, late], Now, 100, None));

        Assert.Equal([late, early], await store.ListAsync(Now, 100, None));
        Assert.Equal([late], await store.ListAsync(Now, 1, None));
        Assert.Equal([late], await store.ListAsync(Now.AddMinutes(10), 100, None));
    }

    [Fact]
    public async Task Write_TheSameSessionAndModelAgain_Replaces()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync([Row(1, "m", 10), Row(1, "n", 11)], Now, 100, None);

        var moved = Row(1, "m", 12) with { Endpoint = "b/up", Credential = "b#2" };
        await store.WriteAsync([moved], Now, 100, None);

        Assert.Equal([moved, Row(1, "n", 11)], await store.ListAsync(Now, 100, None));
    }

    [Fact]
    public async Task Write_DeletesWhatHasGoneCold()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync([Row(1, "m", 10)], Now, 100, None);

        await store.WriteAsync([Row(2, "m", 60)], Now.AddMinutes(11), 100, None);

        Assert.Equal([Row(2, "m", 60)], await store.ListAsync(Now, 100, None));
    }

    [Fact]
    public async Task Write_OverTheBound_DeletesWhatGoesColdFirst()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync([.. Enumerable.Range(1, 30).Select(i => Row((UInt128)i, "m", i))], Now, 10, None);

        Assert.Equal(Enumerable.Range(21, 10).Reverse().Select(i => (UInt128)i), (await store.ListAsync(Now, 100, None)).Select(r => r.Session));
    }

    [Fact]
    public async Task Write_ManyAtOnce_KeepsAll()
    {
        await using var opened = await OpenEmptyAsync();
        var rows = Enumerable.Range(1, 1201).Select(i => Row((UInt128)i, "m", 10) with { Credential = i % 2 == 0 ? null : $"a#{i}", CachedTokens = i }).ToList();

        Assert.True(await opened.Store.WriteAsync(rows, Now, 10_000, None));

        Assert.Equal(rows, (await opened.Store.ListAsync(Now, 10_000, None)).OrderBy(row => row.Session));
    }

    private protected static SessionRow Row(UInt128 session, string model, int minutes) =>
        new(session, model, "a/up", "a#1", Now.AddMinutes(minutes), TimeSpan.FromMinutes(5), 0);
}
