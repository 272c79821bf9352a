namespace Sluice.Core.Affinity;

/// <summary>Carries homes to the store behind the requests' backs and brings them back at a start. A killed process forgets what is younger than <see cref="StoreDelay"/>.</summary>
public sealed class SessionKeeper : IAsyncDisposable
{
    /// <summary>How long changes gather before they are stored together.</summary>
    public static readonly TimeSpan StoreDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>The same where the session's next turn may reach another node: shorter than what any agent does between two turns.</summary>
    public static readonly TimeSpan SharedStoreDelay = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a store that is away is left alone.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly SessionAffinity _affinity;
    private readonly ISessionStore _store;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _storing = new(1);
    private readonly ITimer _timer;
    private volatile bool _disposed;

    private SessionKeeper(SessionAffinity affinity, ISessionStore store, TimeProvider time)
    {
        (_affinity, _store, _time) = (affinity, store, time);
        _timer = time.CreateTimer(static state => _ = ((SessionKeeper)state!).StoreAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var delay = store.IsShared ? SharedStoreDelay : StoreDelay;
        affinity.NotifyOfChanges(() => StoreAfter(delay));
    }

    /// <summary>Restores what is still warm and keeps the store up to date from then on.</summary>
    public static async Task<SessionKeeper> OpenAsync(SessionAffinity affinity, ISessionStore store, TimeProvider time, CancellationToken cancellation)
    {
        affinity.Restore(await store.ListAsync(time.GetUtcNow(), SessionAffinity.MostSessions, cancellation));
        if (store.IsShared)
        {
            store.Follow(affinity.Adopt);
            affinity.AskElsewhere(store);
        }

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

            var isStored = false;
            try
            {
                isStored = await _store.WriteAsync(rows, _time.GetUtcNow(), SessionAffinity.MostSessions, cancellation);
            }
            finally
            {
                if (!isStored)
                {
                    _affinity.ReturnChanges(rows);
                }
            }

            return isStored;
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
        await _timer.DisposeAsync();
        await FlushAsync(CancellationToken.None);
    }

    private void StoreAfter(TimeSpan delay)
    {
        if (!_disposed)
        {
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task StoreAsync()
    {
        var isStored = false;
        try
        {
            isStored = await FlushAsync(CancellationToken.None);
        }
        finally
        {
            // Also after a fault that no store should have: nothing else would store them again.
            if (!isStored)
            {
                StoreAfter(RetryDelay);
            }
        }
    }
}
