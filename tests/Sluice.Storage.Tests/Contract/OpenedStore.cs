namespace Sluice.Storage.Tests.Contract;

/// <summary>A store to be held against its contract, and what it stands on.</summary>
internal sealed class OpenedStore<TStore>(TStore store, Func<ValueTask> close) : IAsyncDisposable
{
    public TStore Store { get; } = store;

    public ValueTask DisposeAsync() => close();
}
