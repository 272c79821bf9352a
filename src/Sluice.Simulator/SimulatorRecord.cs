namespace Sluice.Simulator;

/// <summary>What the simulator received, bounded; oldest first. Safe from any thread.</summary>
public sealed class SimulatorRecord
{
    private readonly Lock _lock = new();
    private readonly LinkedList<ReceivedRequest> _requests = [];
    private readonly Queue<ReceivedRequest> _bodies = new();
    private readonly List<Waiter> _waiters = [];
    private readonly int _maxRecords;
    private readonly long _maxBodyBytes;
    private long _bodyBytes;
    private long _count;
    private int _inFlight;
    private int _maxInFlight;

    internal SimulatorRecord(int maxRecords, long maxBodyBytes)
    {
        _maxRecords = maxRecords;
        _maxBodyBytes = maxBodyBytes;
    }

    /// <summary>Requests received since the start, kept or not.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Requests being read or answered now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The most that <see cref="InFlight"/> ever was.</summary>
    public int MaxInFlight => Volatile.Read(ref _maxInFlight);

    /// <summary>The kept requests as they are now, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The latest request.</summary>
    /// <exception cref="InvalidOperationException">There was none.</exception>
    public ReceivedRequest Last
    {
        get
        {
            lock (_lock)
            {
                return _requests.Last?.Value ?? throw new InvalidOperationException("The simulator received no request.");
            }
        }
    }

    /// <summary>Waits for a request that fulfils the predicate; looked at on arrival, when its body is read, when its answer is decided, with the first byte sent, when a stall begins, and at its end.</summary>
    /// <exception cref="TimeoutException">None did in time; says what was received.</exception>
    public async Task<ReceivedRequest> WaitForAsync(Func<ReceivedRequest, bool> predicate, TimeSpan timeout, CancellationToken ct = default)
    {
        var waiter = new Waiter(predicate, new TaskCompletionSource<ReceivedRequest>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            foreach (var request in _requests)
            {
                if (predicate(request))
                {
                    return request;
                }
            }

            _waiters.Add(waiter);
        }

        try
        {
            return await waiter.Found.Task.WaitAsync(timeout, ct);
        }
        catch (TimeoutException late)
        {
            var seen = string.Join(", ", Requests.TakeLast(5).Select(static r => $"{r.Method} {r.Path} -> {r.Status} {r.End}"));
            throw new TimeoutException($"No such request within {timeout}; {Count} received, the latest: {(seen.Length == 0 ? "none" : seen)}.", late);
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    /// <summary>Waits until <paramref name="count"/> requests were received since the start.</summary>
    public async Task WaitForCountAsync(long count, TimeSpan timeout, CancellationToken ct = default)
    {
        if (Count < count)
        {
            await WaitForAsync(r => r.Number >= count, timeout, ct);
        }
    }

    /// <summary>Forgets the kept requests; counts and gauges stay.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _requests.Clear();
            _bodies.Clear();
            _bodyBytes = 0;
        }
    }

    internal long NextNumber()
    {
        var now = Interlocked.Increment(ref _inFlight);
        for (var most = Volatile.Read(ref _maxInFlight); now > most; most = Volatile.Read(ref _maxInFlight))
        {
            Interlocked.CompareExchange(ref _maxInFlight, now, most);
        }

        return Interlocked.Increment(ref _count);
    }

    internal void Arrived(ReceivedRequest request)
    {
        lock (_lock)
        {
            if (_maxRecords > 0)
            {
                _requests.AddLast(request);
                if (_requests.Count > _maxRecords)
                {
                    _bodyBytes -= _requests.First!.Value.DropBody();
                    _requests.RemoveFirst();
                }
            }

            Tell(request);
        }
    }

    internal void BodyRead(ReceivedRequest request, ReadOnlyMemory<byte> body)
    {
        lock (_lock)
        {
            if (_maxRecords > 0 && body.Length <= _maxBodyBytes)
            {
                request.Take(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(body, out var whole) && whole.Array!.Length == body.Length ? whole.Array : body.ToArray());
                _bodies.Enqueue(request);
                _bodyBytes += body.Length;

                // Entries of requests that left the record hold no body any more; they go as the queue moves.
                while (_bodyBytes > _maxBodyBytes || _bodies.Count > _maxRecords)
                {
                    _bodyBytes -= _bodies.Dequeue().DropBody();
                }
            }

            Tell(request);
        }
    }

    internal void Changed(ReceivedRequest request)
    {
        lock (_lock)
        {
            Tell(request);
        }
    }

    internal void Left() => Interlocked.Decrement(ref _inFlight);

    private void Tell(ReceivedRequest request)
    {
        // Sources complete asynchronously, so no waiter's code runs under the lock.
        foreach (var waiter in _waiters)
        {
            if (waiter.Predicate(request))
            {
                waiter.Found.TrySetResult(request);
            }
        }
    }

    private sealed record Waiter(Func<ReceivedRequest, bool> Predicate, TaskCompletionSource<ReceivedRequest> Found);
}
