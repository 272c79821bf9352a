namespace Sluice.Core.Affinity;

/// <summary>Carries homes to the store behind the requests' backs and brings them back at a start. A killed process forgets what is younger than <see cref="StoreDelay"/>.</summary>
public sealed class SessionKeeper : IAsyncDisposable
{
    /// <summary>How long changes gather before they are stored together.</summary>
    public static readonly TimeSpan StoreDelay = TimeSpan.FromMilliseconds(500);

    private readonly SessionAffinity _affinity;
    private readonly ISessionStore _store;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _storing = new(1);
    private readonly PeriodicTimer _timer;
    private readonly Task _running;
    private bool _disposed;

    private SessionKeeper(SessionAffinity affinity, ISessionStore store, TimeProvider time)
    {
        (_affinity, _store, _time) = (affinity, store, time);
        _timer = new PeriodicTimer(StoreDelay, time);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Restores what is still warm and keeps the store up to date from then on.</summary>
    public static async Task<SessionKeeper> OpenAsync(SessionAffinity affinity, ISessionStore store, TimeProvider time, CancellationToken cancellation)
    {
        affinity.Restore(await store.ListAsync(time.GetUtcNow(), SessionAffinity.MostSessions, cancellation));
        return new SessionKeeper(affinity, store, time);
    }

    /// <summary>Stores what has changed. False when the store is away: it is tried again.</summary>
    public async Task<bool> FlushAsync(CancellationToken cancellation)
    {
        await _storing.WaitAsync(cancellation);
        try
        {
            var rows = _affinity.TakeChanges();
            if (rows.Count == 0)
            {
                return true;
            }

            if (await _store.WriteAsync(rows, _time.GetUtcNow(), SessionAffinity.MostSessions, cancellation))
            {
                return true;
            }

            _affinity.ReturnChanges(rows);
            return false;
        }
        finally
        {
            _storing.Release();
        }
    }

    /// <summary>Stores the rest.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _timer.Dispose();
        await _running;
        await FlushAsync(CancellationToken.None);
        _storing.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            await FlushAsync(CancellationToken.None);
        }
    }
}
