namespace Sluice.Storage.Postgres;

/// <summary>Looks again whenever something may have changed, once for any number of reasons, and now and then without any.</summary>
/// <param name="refresh">Looks.</param>
/// <param name="canLook">False: it would be in vain; there is a signal when that has changed.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Told why a look failed; it is repeated.</param>
internal sealed class ChangeFollower(Func<CancellationToken, Task> refresh, Func<bool> canLook, TimeProvider time, Action<Exception> failed) : IAsyncDisposable
{
    /// <summary>A net below the notifications: nothing known makes them fail without the connection breaking.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private Task _running = Task.CompletedTask;

    /// <summary>Something may have changed.</summary>
    public void Signal()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is going to look anyway.
        }
    }

    public void Start() => _running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task RunAsync()
    {
        var wait = Poll;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var poll = new CancellationTokenSource(wait, time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(poll.Token, _stop.Token);
                await _signal.WaitAsync(both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                wait = Poll;
                if (!_stop.IsCancellationRequested && canLook())
                {
                    await refresh(_stop.Token);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is: not looking any more would let a revoked key in for ever.
                failed(e);
                wait = Retry;
            }
        }
    }
}
