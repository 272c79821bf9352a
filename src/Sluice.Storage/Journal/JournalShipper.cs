using Microsoft.Extensions.Logging;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Journal;

/// <summary>
/// Takes the journal into the store in batches, one after another, and deletes what has been taken. While the store is away the journal is the
/// spool: the shipper tries again, appends go on.
/// </summary>
internal sealed class JournalShipper
{
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // The log tells of a store that stays away once a minute, not at each try.
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(1);

    // One connection that breaks is mended unseen; from the second failure in a row on, whoever waits is told.
    private const int FailuresUntilAway = 2;

    // A store that is there but slower than the load: looked at once it is this far behind.
    private const long SegmentsWithoutAWord = 2;

    private readonly JournalFolder _folder;
    private readonly JournalReader _reader;
    private readonly ILedgerSink _sink;
    private readonly LedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<(long Count, TaskCompletionSource Done)> _waiting = [];

    private readonly SpoolWatch _spool;

    private JournalPosition _position;
    private long _shipped;
    private int _failures;
    private Exception? _fault;
    private DateTimeOffset _told = DateTimeOffset.MinValue;
    private bool _asleep;
    private TaskCompletionSource _wake = NewSignal();
    private TaskCompletionSource _hurry = NewSignal();
    private JournalWriter? _writer;

    public JournalShipper(JournalFolder folder, ILedgerSink sink, LedgerOptions options, TimeProvider time, ILogger logger)
    {
        _folder = folder;
        _reader = new JournalReader(folder);
        _sink = sink;
        _options = options;
        _time = time;
        _logger = logger;
        _spool = new SpoolWatch(folder, options.SpoolWarning, logger);
    }

    /// <summary>Ships what an earlier process left, up to the first unreadable record of each file.</summary>
    /// <returns>The number of the first segment that may be written to.</returns>
    public async Task<long> RecoverAsync(CancellationToken cancellation)
    {
        _position = await _sink.ReadPositionAsync(cancellation);
        var last = _position.Segment;
        foreach (var segment in _folder.Segments())
        {
            last = Math.Max(last, segment);
            if (segment < _position.Segment)
            {
                continue;
            }

            var from = segment == _position.Segment ? _position : new JournalPosition(segment, 0);
            while (true)
            {
                var batch = new LedgerBatch();
                var (next, unreadable) = _reader.Read(from, long.MaxValue, _options.ShipRows, batch);
                if (batch.Count == 0)
                {
                    if (unreadable > 0)
                    {
                        StorageLog.TornJournal(_logger, unreadable, next.Offset, _folder.SetAside(segment));
                    }

                    break;
                }

                await StoreAsync(batch, next, cancellation);
                from = next;
            }
        }

        _position = new JournalPosition(last + 1, 0);
        _folder.DeleteBefore(_position);
        return _position.Segment;
    }

    /// <summary>Records of this process that are in the store.</summary>
    public long Shipped => Volatile.Read(ref _shipped);

    /// <summary>What the store's driver said when it last failed, while it is away; null while it takes the journal.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>Bytes of the journal that the store does not have yet.</summary>
    public long Bytes
    {
        get
        {
            JournalPosition position;
            lock (_gate)
            {
                position = _position;
            }

            return _writer?.Written.Position is { } written && written.Segment == position.Segment ? Math.Max(0, written.Offset - position.Offset) : _folder.BytesFrom(position);
        }
    }

    /// <summary>Runs until <paramref name="cancellation"/>.</summary>
    public async Task RunAsync(JournalWriter writer, CancellationToken cancellation)
    {
        _writer = writer;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(cancellation);
                await ShipAsync(cancellation);
            }
            catch (Exception) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is: a shipper that ends would let the journal grow and every report wait, without a word.
                Failed(e);
                await Task.Delay(_failures < FailuresUntilAway ? FirstRetryDelay : RetryDelay, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Ships everything written so far. Not beside <see cref="RunAsync"/>.</summary>
    public async Task ShipAsync(CancellationToken cancellation)
    {
        var (written, count) = _writer!.Written;
        while (_position.Segment < written.Segment || _position.Offset < written.Offset)
        {
            var live = _position.Segment == written.Segment;
            var batch = new LedgerBatch();
            var (next, unreadable) = _reader.Read(_position, live ? written.Offset : long.MaxValue, _options.ShipRows, batch);
            if (batch.Count > 0)
            {
                await StoreAsync(batch, next, cancellation);
                Done(batch.Count);
                continue;
            }

            if (unreadable > 0)
            {
                StorageLog.DamagedJournal(_logger, unreadable, _position.Segment, _position.Offset);
            }

            Move(live ? written : new JournalPosition(_position.Segment + 1, 0));
            _folder.DeleteBefore(_position);
        }

        // Damaged records were counted when written and never came: nobody may wait for them.
        Done(Math.Max(0, count - _shipped));
    }

    /// <summary>Completes once the first <paramref name="count"/> records of this process are in the store.</summary>
    /// <exception cref="StoreAwayException">The store is away: a try to ship them failed, and so did the one before it.</exception>
    public Task WaitForAsync(long count, CancellationToken cancellation)
    {
        TaskCompletionSource done;
        lock (_gate)
        {
            if (_shipped >= count)
            {
                return Task.CompletedTask;
            }

            done = NewSignal();
            _waiting.Add((count, done));
            _wake.TrySetResult();
            _hurry.TrySetResult();
        }

        return WaitOrLeaveAsync(done, cancellation);
    }

    /// <summary>Callers that wait in <see cref="WaitForAsync"/> now.</summary>
    internal int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Called after each written group.</summary>
    public void Written()
    {
        // The common case costs one read: the shipper is awake and will see the new records by itself.
        if (Volatile.Read(ref _asleep))
        {
            lock (_gate)
            {
                _wake.TrySetResult();
            }
        }
    }

    /// <summary>Returns when there is something to ship: at once when somebody waits for it or a batch is full, else after the delay that lets a batch fill.</summary>
    private async Task WaitAsync(CancellationToken cancellation)
    {
        Task wake;
        lock (_gate)
        {
            wake = _wake.Task;
            Volatile.Write(ref _asleep, true);
        }

        // A record written between the last look and the line above woke nobody, hence this second look.
        if (_writer!.Written.Count <= _shipped)
        {
            await wake.WaitAsync(cancellation);
        }

        Task hurry;
        lock (_gate)
        {
            _asleep = false;
            _wake = NewSignal();
            hurry = _hurry.Task;
        }

        if (_writer.Written.Count - _shipped < _options.ShipRows)
        {
            await Task.WhenAny(hurry, Task.Delay(_options.ShipDelay, _time, cancellation));
        }

        lock (_gate)
        {
            if (_hurry.Task.IsCompleted)
            {
                _hurry = NewSignal();
            }
        }
    }

    private async Task StoreAsync(LedgerBatch batch, JournalPosition next, CancellationToken cancellation)
    {
        var orphans = await _sink.StoreAsync(batch, next, cancellation);
        if (orphans > 0)
        {
            StorageLog.Orphans(_logger, orphans);
        }

        Move(next);
        if (_failures > 0)
        {
            (_failures, _told) = (0, DateTimeOffset.MinValue);
            if (Interlocked.Exchange(ref _fault, null) is not null)
            {
                StorageLog.StoreBack(_logger);
            }
        }

        if (_writer?.Written.Position.Segment - next.Segment > SegmentsWithoutAWord)
        {
            _spool.Look(next);
        }
    }

    private void Failed(Exception fault)
    {
        _failures++;
        var now = _time.GetUtcNow();
        if (now - _told >= TellEvery)
        {
            _told = now;
            StorageLog.StoreAway(_logger, fault);
        }

        _spool.Look(_position);
        if (_failures < FailuresUntilAway)
        {
            return;
        }

        Volatile.Write(ref _fault, fault);
        lock (_gate)
        {
            foreach (var (_, done) in _waiting)
            {
                done.TrySetException(new StoreAwayException($"The ledger's store does not take records now: {fault.Message}", fault));
            }

            _waiting.Clear();
        }
    }

    private void Move(JournalPosition position)
    {
        lock (_gate)
        {
            _position = position;
        }
    }

    private async Task WaitOrLeaveAsync(TaskCompletionSource done, CancellationToken cancellation)
    {
        try
        {
            await done.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // While the store is away nothing else takes it out, and callers that gave up would pile up.
            lock (_gate)
            {
                _waiting.RemoveAll(waiter => waiter.Done == done);
            }

            throw;
        }
    }

    private void Done(long records)
    {
        lock (_gate)
        {
            _shipped += records;
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Count <= _shipped)
                {
                    _waiting[i].Done.TrySetResult();
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
