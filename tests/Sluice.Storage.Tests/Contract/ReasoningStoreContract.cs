using Sluice.Core.Reasoning;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>What every store of kept thinking must do. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class ReasoningStoreContract
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<OpenedStore<IReasoningStore>> OpenEmptyAsync();

    [Fact]
    public async Task F06_Write_ThenListAndRead_GivesWhatWasSaved()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        var late = Row("anna", UInt128.MaxValue, 20, 3);
        var early = Row("bert", 7, 10, 0);

        Assert.True(await store.WriteAsync(new ReasoningBatch { Saved = [(late, [1, 0, 255]), (early, [])] }, Now, None));

        Assert.Equal([early, late], await store.ListAsync(Now, None));
        Assert.Equal<byte>([1, 0, 255], store.Read("anna", UInt128.MaxValue)!);
        Assert.Equal<byte>([], store.Read("bert", 7)!);
    }

    [Fact]
    public async Task F06_Read_TheSameKeyOfAnotherUser_IsNothing()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync(new ReasoningBatch { Saved = [(Row("anna", 1, 10, 1), [1])] }, Now, None);

        Assert.Null(store.Read("Anna", 1));
        Assert.Null(store.Read("bert", 1));
        Assert.Null(store.Read("anna", 2));
    }

    [Fact]
    public async Task Write_TheSameKeyAgain_Replaces()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync(new ReasoningBatch { Saved = [(Row("anna", 1, 10, 1), [1])] }, Now, None);

        await store.WriteAsync(new ReasoningBatch { Saved = [(Row("anna", 1, 30, 2), [2, 3])] }, Now, None);

        Assert.Equal([Row("anna", 1, 30, 2)], await store.ListAsync(Now, None));
        Assert.Equal<byte>([2, 3], store.Read("anna", 1)!);
    }

    [Fact]
    public async Task Write_ProlongedAndRemoved_AreWhatTheNextListSays()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync(new ReasoningBatch { Saved = [(Row("anna", 1, 10, 1), [1]), (Row("anna", 2, 11, 1), [2]), (Row("bert", 2, 12, 1), [3])] }, Now, None);

        await store.WriteAsync(new ReasoningBatch { Prolonged = [Row("anna", 1, 60, 1), Row("nobody", 1, 60, 1)], Removed = [("anna", 2), ("nobody", 9)] }, Now, None);

        Assert.Equal([Row("bert", 2, 12, 1), Row("anna", 1, 60, 1)], await store.ListAsync(Now, None));
        Assert.Equal<byte>([1], store.Read("anna", 1)!);
        Assert.Null(store.Read("anna", 2));
    }

    [Fact]
    public async Task Write_AfterTheirTime_DeletesWhatExpired()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        await store.WriteAsync(new ReasoningBatch { Saved = [(Row("anna", 1, 10, 1), [1]), (Row("anna", 2, 11, 1), [2])] }, Now, None);

        Assert.Equal([Row("anna", 2, 11, 1)], await store.ListAsync(Now.AddMinutes(10), None));
        Assert.Equal<byte>([1], store.Read("anna", 1)!);
        Assert.True(await store.WriteAsync(new ReasoningBatch(), Now.AddMinutes(10), None));
        Assert.Null(store.Read("anna", 1));
        Assert.Equal<byte>([2], store.Read("anna", 2)!);
    }

    private static ReasoningRow Row(string user, UInt128 key, int minutes, int size) => new(user, key, Now.AddMinutes(minutes), size);
}
