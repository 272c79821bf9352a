namespace Sluice.Core.Reasoning;

/// <summary>
/// Keeps what was used last, within bounds, and hands it to the store behind the requests' backs. All state is under one lock that is never held
/// over I/O; only <see cref="Knows"/> reads without it.
/// </summary>
public sealed class ReasoningMemory : IReasoningMemory, IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepDelay = TimeSpan.FromHours(1);

    // Of one request; a conversation of more turns has been compacted by its client long before.
    private const int MostReadAhead = 1000;

    private readonly IReasoningStore _store;
    private readonly ReasoningMemoryOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly KeptTurns _turns = new();
    private readonly Dictionary<(string User, UInt128 Key), KeptTurn> _unsaved = [];
    private readonly Dictionary<(string User, UInt128 Key), KeptTurn> _prolonged = [];
    private readonly HashSet<(string User, UInt128 Key)> _removed = [];
    private readonly SemaphoreSlim _storing = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private TaskCompletionSource _wake = NewSignal();
    private bool _disposed;

    private ReasoningMemory(IReasoningStore store, ReasoningMemoryOptions options, TimeProvider time, IReadOnlyList<ReasoningRow> rows)
    {
        _store = store;
        _options = options;
        _time = time;
        foreach (var row in rows)
        {
            _turns.Add(new KeptTurn(row.User, row.Key) { ExpiresAt = row.ExpiresAt, Size = row.Size });
        }

        MakeRoom();
        _running = Task.Run(RunAsync);
        store.Follow(Hear);
    }

    /// <summary>Learns which turns the store has; their bodies are read when they are looked for.</summary>
    public static async Task<ReasoningMemory> OpenAsync(IReasoningStore store, ReasoningMemoryOptions options, TimeProvider time, CancellationToken cancellation) =>
        new(store, options, time, await store.ListAsync(time.GetUtcNow(), cancellation));

    /// <summary>Turns kept now, their bytes, and those of them in memory.</summary>
    public (int Turns, long Bytes, long HeldBytes) Size
    {
        get
        {
            lock (_lock)
            {
                return (_turns.Count, _turns.Bytes, _turns.HeldBytes);
            }
        }
    }

    /// <inheritdoc/>
    public bool Knows(string user) => _turns.Knows(user);

    /// <inheritdoc/>
    public void Remember(string user, UInt128 key, IReadOnlyList<KeptThinking> thinking)
    {
        var body = KeptThinkingJson.Write(thinking);
        if (body.Length > _options.LargestTurn)
        {
            return;
        }

        lock (_lock)
        {
            if (_turns.Find(user, key) is { } before)
            {
                Remove(before);
            }

            var turn = new KeptTurn(user, key) { ExpiresAt = Expiry(), Size = body.Length };
            _turns.Add(turn);
            _turns.Hold(turn, body);
            _unsaved[(user, key)] = turn;
            _prolonged.Remove((user, key));
            _removed.Remove((user, key));
            MakeRoom();
            _wake.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeptThinking> Find(string user, UInt128 key)
    {
        byte[]? body;
        lock (_lock)
        {
            if (_turns.Find(user, key) is not { } turn)
            {
                return [];
            }

            if (turn.ExpiresAt <= _time.GetUtcNow())
            {
                // Not the row: another node may have prolonged it, and else the store's next sweep takes it.
                Remove(turn);
                _wake.TrySetResult();
                return [];
            }

            Use(turn);
            body = turn.Body;
        }

        return KeptThinkingJson.Read(body ?? (_store.IsShared ? null : ReadBack(user, key)) ?? "[]"u8.ToArray());
    }

    /// <inheritdoc/>
    public bool ReadsAhead(string user) => _store.IsShared && (_store.HasOthers || Knows(user));

    /// <inheritdoc/>
    public async Task ReadyAsync(string user, IEnumerable<UInt128> keys, IEnumerable<UInt128> newest, CancellationToken cancellation)
    {
        // Naming a turn is work, and the lock is everybody's.
        List<UInt128> all = [.. keys];
        List<UInt128> last = [.. newest];
        List<UInt128> wanted;
        lock (_lock)
        {
            var unread = all.Where(key => _turns.Find(user, key) is { } turn && turn.Body is null);
            var unheard = last.Where(key => _store.HasOthers && _turns.Find(user, key) is null);
            wanted = [.. unread.Concat(unheard).Distinct().Take(MostReadAhead)];
        }

        if (wanted.Count == 0)
        {
            return;
        }

        using var patience = new CancellationTokenSource(_options.ReadPatience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        IReadOnlyList<(UInt128 Key, byte[] Body)> read;
        try
        {
            // A driver may take seconds to give up a connection that has gone silent.
            read = await _store.ReadAsync(user, wanted, both.Token).WaitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (_lock)
        {
            foreach (var (key, body) in read)
            {
                if (_turns.Find(user, key) is not { } turn)
                {
                    turn = new KeptTurn(user, key) { ExpiresAt = Expiry(), Size = body.Length };
                    _turns.Add(turn);
                }

                if (turn.Body is null)
                {
                    _turns.Hold(turn, body);
                }
            }

            MakeRoom();
        }
    }

    /// <inheritdoc/>
    public async Task StoredAsync(string user)
    {
        if (!_store.HasOthers || !HasUnsaved(user))
        {
            return;
        }

        using var patience = new CancellationTokenSource(_options.ReadPatience, _time);
        try
        {
            while (HasUnsaved(user) && await FlushAsync(sweeps: false, patience.Token).WaitAsync(patience.Token))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // It is tried again behind the request's back.
        }
    }

    /// <summary>Stores what waits. False when the store is away: it waits on.</summary>
    public Task<bool> FlushAsync(CancellationToken cancellation) => FlushAsync(sweeps: true, cancellation);

    private async Task<bool> FlushAsync(bool sweeps, CancellationToken cancellation)
    {
        await _storing.WaitAsync(cancellation);
        try
        {
            ReasoningBatch batch;
            lock (_lock)
            {
                Sweep();
                batch = new ReasoningBatch
                {
                    Saved = [.. _unsaved.Values.Select(t => (t.Row, t.Body!))],
                    Prolonged = [.. _prolonged.Values.Select(t => t.Row)],
                    Removed = [.. _removed],
                };
            }

            if (batch.IsEmpty && !sweeps)
            {
                return true;
            }

            if (!await _store.WriteAsync(batch, _time.GetUtcNow(), cancellation))
            {
                return false;
            }

            lock (_lock)
            {
                foreach (var (row, body) in batch.Saved)
                {
                    // Unless it was made anew meanwhile.
                    if (_unsaved.TryGetValue((row.User, row.Key), out var turn) && ReferenceEquals(turn.Body, body))
                    {
                        _unsaved.Remove((row.User, row.Key));
                    }
                }

                foreach (var row in batch.Prolonged)
                {
                    if (_prolonged.TryGetValue((row.User, row.Key), out var turn) && turn.ExpiresAt == row.ExpiresAt)
                    {
                        _prolonged.Remove((row.User, row.Key));
                    }
                }

                _removed.ExceptWith(batch.Removed);
            }

            return true;
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
        await _stop.CancelAsync();
        await _running;
        await FlushAsync(CancellationToken.None);
        _stop.Dispose();
        _storing.Dispose();
    }

    private bool HasUnsaved(string user)
    {
        lock (_lock)
        {
            return _unsaved.Keys.Any(key => key.User == user);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync()
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            Task wake;
            lock (_lock)
            {
                wake = _wake.Task;
            }

            using (var woken = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                // Without news too now and then: what has expired must not stay on the disk.
                await Task.WhenAny(wake, Task.Delay(SweepDelay, _time, woken.Token));
                await woken.CancelAsync();
            }

            await Task.Delay(_store.IsShared ? _options.SharedStoreDelay : _options.StoreDelay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                return;
            }

            lock (_lock)
            {
                _wake = NewSignal();
            }

            var isStored = false;
            try
            {
                isStored = await FlushAsync(CancellationToken.None);
            }
            catch (Exception)
            {
                // A fault that no store should have: nothing else would ever store or sweep again.
            }

            if (!isStored)
            {
                await Task.Delay(RetryDelay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                lock (_lock)
                {
                    _wake.TrySetResult();
                }
            }
        }
    }

    private byte[]? ReadBack(string user, UInt128 key)
    {
        var body = _store.Read(user, key);
        lock (_lock)
        {
            if (_turns.Find(user, key) is not { } turn)
            {
                return body;
            }

            if (body is not null && turn.Body is null)
            {
                _turns.Hold(turn, body);
                MakeRoom();
            }

            return turn.Body ?? body;
        }
    }

    // What this node has not stored yet is its own newest: the others hear of it next.
    private void Hear(ReasoningNews news)
    {
        lock (_lock)
        {
            foreach (var row in news.Saved.Where(IsCredible))
            {
                if (_turns.Find(row.User, row.Key) is { } before)
                {
                    if (_unsaved.ContainsKey((row.User, row.Key)))
                    {
                        continue;
                    }

                    Remove(before);
                }

                _turns.Add(new KeptTurn(row.User, row.Key) { ExpiresAt = row.ExpiresAt, Size = row.Size });
            }

            foreach (var row in news.Known.Where(IsCredible))
            {
                if (_turns.Find(row.User, row.Key) is not { } before)
                {
                    _turns.Add(new KeptTurn(row.User, row.Key) { ExpiresAt = row.ExpiresAt, Size = row.Size });
                }
                else if (before.ExpiresAt < row.ExpiresAt)
                {
                    before.ExpiresAt = row.ExpiresAt;
                }
            }

            foreach (var name in news.Removed)
            {
                if (_turns.Find(name.User, name.Key) is { } before && !_unsaved.ContainsKey(name))
                {
                    Remove(before);
                }
            }

            MakeRoom();
        }
    }

    // Whoever may connect to the database may say anything; a size out of all measure would push everybody's turns out.
    private bool IsCredible(ReasoningRow row) => row.Size >= 0 && row.Size <= _options.LargestTurn;

    private void Use(KeptTurn turn)
    {
        _turns.Touch(turn);

        // Now and then: a write for each look would be a write for each turn of each request.
        var expiry = Expiry();
        if (expiry - turn.ExpiresAt > _options.Age / 24)
        {
            turn.ExpiresAt = expiry;
            if (!_unsaved.ContainsKey((turn.User, turn.Key)))
            {
                _prolonged[(turn.User, turn.Key)] = turn;
                _wake.TrySetResult();
            }
        }
    }

    // Stores keep milliseconds.
    private DateTimeOffset Expiry() => DateTimeOffset.FromUnixTimeMilliseconds((_time.GetUtcNow() + _options.Age).ToUnixTimeMilliseconds());

    private void Remove(KeptTurn turn)
    {
        _turns.Remove(turn);
        _unsaved.Remove((turn.User, turn.Key));
        _prolonged.Remove((turn.User, turn.Key));
    }

    private void Forget(KeptTurn turn)
    {
        Remove(turn);

        // While the store is away the list must not grow without end; a row that is missed expires in the store by itself.
        if (_removed.Count < _options.MostTurns)
        {
            _removed.Add((turn.User, turn.Key));
        }

        _wake.TrySetResult();
    }

    private void MakeRoom()
    {
        while ((_turns.Count > _options.MostTurns || _turns.Bytes > _options.MostBytes) && _turns.Oldest is { } oldest)
        {
            Forget(oldest);
        }

        while (_turns.HeldBytes > _options.MostHeldBytes && _turns.OldestHeld is { } held)
        {
            if (_unsaved.ContainsKey((held.User, held.Key)))
            {
                // The store is behind or away: this one is in no other place.
                Forget(held);
            }
            else
            {
                _turns.Release(held);
            }
        }
    }

    // Use moves a turn to the end and prolongs it, so the first are about the first to expire.
    private void Sweep()
    {
        var now = _time.GetUtcNow();
        while (_turns.Oldest is { } oldest && oldest.ExpiresAt <= now)
        {
            Remove(oldest);
        }
    }
}
