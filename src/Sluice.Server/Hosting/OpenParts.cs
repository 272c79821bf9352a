namespace Sluice.Server.Hosting;

/// <summary>What a server has opened so far, closed in the opposite order: at its end, and when a later part cannot be opened.</summary>
internal sealed class OpenParts : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _closing = new();

    /// <summary>Takes a part over.</summary>
    public T Add<T>(T part)
        where T : class
    {
        _closing.Push(part switch
        {
            IAsyncDisposable asynchronous => asynchronous.DisposeAsync,
            IDisposable synchronous => () =>
            {
                synchronous.Dispose();
                return ValueTask.CompletedTask;
            },
            _ => throw new ArgumentException($"{typeof(T).Name} has nothing to close.", nameof(part)),
        });
        return part;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_closing.TryPop(out var close))
        {
            await close();
        }
    }
}
