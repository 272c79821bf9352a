using Microsoft.Win32.SafeHandles;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Journal;

/// <summary>
/// Appends records to the journal with group commit: whoever finds nobody writing writes at once, on its own thread (one system call, no
/// hand-over); records that arrive meanwhile are collected and written together by the next write. All state is guarded by
/// <c>_gate</c>; the file itself belongs to whoever set <c>_writing</c>.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable, IThreadPoolWorkItem
{
    // What may wait for the disk. Beyond it, appends wait: losing records or growing without end would both be worse.
    private const int MaxPendingBytes = 8 * 1024 * 1024;

    [ThreadStatic]
    private static JournalEncoder? _encoder;

    [ThreadStatic]
    private static JournalEncoder? _secondEncoder;

    private readonly Lock _gate = new();
    private readonly JournalFolder _folder;
    private readonly long _segmentBytes;
    private readonly bool _sync;
    private readonly Action _written;

    private SafeFileHandle _file;
    private JournalPosition _position;
    private long _count;
    private byte[] _pending = new byte[64 * 1024];
    private byte[] _spare = new byte[64 * 1024];
    private int _pendingLength;
    private int _pendingCount;
    private TaskCompletionSource? _group;
    private bool _writing;
    private bool _closed;

    /// <summary>Starts a new segment, so that nothing is ever appended behind a damaged tail.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="segment">Number of the new segment.</param>
    /// <param name="segmentBytes">From this length on a new segment is begun.</param>
    /// <param name="sync">Sync every group to the disk before its appends complete.</param>
    /// <param name="written">Called after every group, outside the lock; must be quick.</param>
    public JournalWriter(JournalFolder folder, long segment, long segmentBytes, bool sync, Action written)
    {
        _folder = folder;
        _segmentBytes = segmentBytes;
        _sync = sync;
        _written = written;
        _position = new JournalPosition(segment, 0);
        _file = Open(segment);
    }

    /// <summary>What is handed to the operating system: the position behind it, and the number of records since the start.</summary>
    public (JournalPosition Position, long Count) Written
    {
        get
        {
            lock (_gate)
            {
                return (_position, _count);
            }
        }
    }

    public ValueTask AppendAsync(AttemptStarted record) => AppendAsync((_encoder ??= new JournalEncoder()).Encode(record));

    public ValueTask AppendAsync(AttemptSettled record) => AppendAsync((_encoder ??= new JournalEncoder()).Encode(record));

    public ValueTask AppendAsync(RequestSettled record) => AppendAsync((_encoder ??= new JournalEncoder()).Encode(record));

    public ValueTask AppendAsync(AttemptSettled attempt, RequestSettled request) =>
        AppendAsync((_encoder ??= new JournalEncoder()).Encode(attempt), (_secondEncoder ??= new JournalEncoder()).Encode(request));

    /// <param name="frame">One record.</param>
    /// <param name="second">Another that goes with it, or nothing.</param>
    private ValueTask AppendAsync(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> second = default)
    {
        Batch batch;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var length = frame.Length + second.Length;
            if (_pendingLength > 0 && _pendingLength + length > MaxPendingBytes)
            {
                return AppendLaterAsync(frame.ToArray(), second.ToArray(), Group());
            }

            if (_pending.Length - _pendingLength < length)
            {
                Array.Resize(ref _pending, Math.Max(_pending.Length * 2, _pendingLength + length));
            }

            frame.CopyTo(_pending.AsSpan(_pendingLength));
            second.CopyTo(_pending.AsSpan(_pendingLength + frame.Length));
            _pendingLength += length;
            _pendingCount += second.IsEmpty ? 1 : 2;

            if (_writing)
            {
                return new ValueTask(Group());
            }

            _writing = true;
            if (_sync)
            {
                // A sync takes milliseconds: never on a request's thread.
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return new ValueTask(Group());
            }

            batch = Take();
        }

        var failure = Write(batch);
        if (Finish(batch, failure))
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return failure is null ? default : ValueTask.FromException(failure);
    }

    /// <summary>Writes groups until none is left.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Batch batch;
        do
        {
            lock (_gate)
            {
                batch = Take();
            }
        }
        while (Finish(batch, Write(batch)));
    }

    /// <summary>Waits for appends under way and closes the file; later appends fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? last = null;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            if (_writing)
            {
                last = Group();
            }
        }

        if (last is not null)
        {
            // A failed write has been told to whoever appended; closing goes on.
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _file.Dispose();
    }

    private async ValueTask AppendLaterAsync(byte[] frame, byte[] second, Task room)
    {
        await room.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await AppendAsync(frame, second);
    }

    private Task Group() => (_group ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private Batch Take()
    {
        var batch = new Batch(_pending, _pendingLength, _pendingCount, _group);
        (_pending, _spare) = (_spare, _pending);
        _pendingLength = 0;
        _pendingCount = 0;
        _group = null;
        return batch;
    }

    private Exception? Write(in Batch batch)
    {
        try
        {
            RandomAccess.Write(_file, batch.Buffer.AsSpan(0, batch.Length), _position.Offset);
            if (_sync)
            {
                RandomAccess.FlushToDisk(_file);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Half a record must not stand before later ones: the next write starts at the same offset, and the length is cut back so that
            // a shorter one leaves nothing behind it.
            try
            {
                RandomAccess.SetLength(_file, _position.Offset);
            }
            catch (IOException)
            {
                // The next write fails as well, or overwrites; the reader's checksum guards the rest.
            }

            return e;
        }
    }

    /// <returns>True when more has come meanwhile; the caller then still owns the file and must see to it that it is written.</returns>
    private bool Finish(in Batch batch, Exception? failure)
    {
        bool more;
        lock (_gate)
        {
            if (failure is null)
            {
                _position = _position with { Offset = _position.Offset + batch.Length };
                _count += batch.Count;
                if (_position.Offset >= _segmentBytes)
                {
                    BeginSegment();
                }
            }

            more = _pendingLength > 0;
            _writing = more;
            if (!more && _group is { } waiting)
            {
                // Somebody waits for room or for the end of the last write, with nothing pending.
                _group = null;
                waiting.TrySetResult();
            }
        }

        if (failure is null)
        {
            batch.Group?.TrySetResult();
            _written();
        }
        else
        {
            batch.Group?.TrySetException(failure);
        }

        return more;
    }

    private void BeginSegment()
    {
        try
        {
            var next = Open(_position.Segment + 1);
            _file.Dispose();
            _file = next;
            _position = new JournalPosition(_position.Segment + 1, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The present segment grows on; the next group tries again.
        }
    }

    private SafeFileHandle Open(long segment) =>
        File.OpenHandle(_folder.PathOf(segment), FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);

    private readonly record struct Batch(byte[] Buffer, int Length, int Count, TaskCompletionSource? Group);
}
