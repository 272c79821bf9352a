using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission;

/// <summary>Changes stored limits, and brings every change into force before it returns.</summary>
/// <param name="store">Where they live.</param>
/// <param name="control">What requests pass.</param>
/// <param name="time">Stamps changes.</param>
public sealed class LimitDirectory(ILimitStore store, AdmissionControl control, TimeProvider time) : IDisposable
{
    // Two changes at once could come into force in the wrong order.
    private readonly SemaphoreSlim _changing = new(1);

    /// <summary>Brings what is stored into force; to be called once before requests are taken.</summary>
    public Task RefreshAsync(CancellationToken cancellation) => ChangeAsync(static () => Task.FromResult(true), cancellation);

    /// <summary>All, by scope.</summary>
    public Task<IReadOnlyList<StoredLimit>> ListAsync(CancellationToken cancellation) => store.ListAsync(cancellation);

    /// <summary>Sets all limits of a scope, in the place of what it had.</summary>
    public async Task<StoredLimit> SetAsync(LimitScope scope, LimitSet limits, CancellationToken cancellation)
    {
        var limit = new StoredLimit(scope, limits, time.GetUtcNow());
        await ChangeAsync(
            async () =>
            {
                await store.SetAsync(limit, cancellation);
                return true;
            },
            cancellation);
        return limit;
    }

    /// <summary>Takes all limits of a scope away.</summary>
    /// <returns>False when it had none.</returns>
    public Task<bool> RemoveAsync(LimitScope scope, CancellationToken cancellation) => ChangeAsync(() => store.RemoveAsync(scope, cancellation), cancellation);

    /// <inheritdoc/>
    public void Dispose() => _changing.Dispose();

    private async Task<bool> ChangeAsync(Func<Task<bool>> change, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            var changed = await change();

            // The store has it: what is in force must follow even if whoever asked has gone.
            control.Replace((await store.ListAsync(CancellationToken.None)).ToDictionary(limit => limit.Scope, limit => limit.Limits));
            return changed;
        }
        finally
        {
            _changing.Release();
        }
    }
}
