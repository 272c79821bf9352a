using Sluice.Core.Configuration;
using Sluice.Core.Faults;

namespace Sluice.Server.Relay;

/// <summary>
/// The three timeouts of one attempt behind one token. Progress only writes a timestamp; the one timer looks at it when it fires and
/// sleeps on for the rest, so a busy stream re-arms nothing. Not every cancellation is the upstream's fault: <see cref="Expired"/> tells.
/// </summary>
internal sealed class AttemptClock : IDisposable
{
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _source;
    private readonly ITimer _timer;
    private readonly TimeSpan _firstToken;
    private readonly TimeSpan _idle;
    private readonly TimeSpan _total;
    private readonly long _started;
    private long _lastProgress;
    private volatile bool _hasContent;
    private volatile int _expired = -1;

    public AttemptClock(TimeoutSettings timeouts, bool stream, TimeProvider time, CancellationToken client, CancellationToken drainOver)
    {
        _time = time;
        _source = CancellationTokenSource.CreateLinkedTokenSource(client, drainOver);
        _firstToken = timeouts.FirstTokenFor(stream);
        _idle = timeouts.Idle;
        _total = timeouts.Total;
        _started = _lastProgress = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((AttemptClock)state!).Check(), this, Min(_firstToken, _total), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when a limit runs out, the client goes away, or a stopping process can wait no longer.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The limit that ran out, if one did.</summary>
    public TimeoutLimit? Expired => _expired < 0 ? null : (TimeoutLimit)_expired;

    /// <summary>Its length.</summary>
    public TimeSpan ExpiredAfter => Expired switch
    {
        TimeoutLimit.FirstToken => _firstToken,
        TimeoutLimit.Idle => _idle,
        _ => _total,
    };

    /// <summary>Nobody wants the answer any more: another candidate was quicker.</summary>
    public bool Abandoned { get; private set; }

    /// <summary>Time since the attempt began.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(_started);

    /// <summary>Bytes came.</summary>
    public void Progress() => Volatile.Write(ref _lastProgress, _time.GetTimestamp());

    /// <summary>The first fragment of content came: from here on silence counts.</summary>
    public void FirstContent()
    {
        if (!_hasContent)
        {
            Progress();
            _hasContent = true;
            Rearm();
        }
    }

    /// <summary>Ends the attempt for no fault of its own.</summary>
    public void Abandon()
    {
        Abandoned = true;
        _source.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _source.Dispose();
    }

    private void Check()
    {
        var (limit, left) = Nearest();
        if (left > TimeSpan.Zero)
        {
            Rearm();
            return;
        }

        _expired = (int)limit;
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The attempt ended while the timer fired: nothing is left to cancel.
        }
    }

    private (TimeoutLimit Limit, TimeSpan Left) Nearest()
    {
        var total = _total - Elapsed;
        var (limit, left) = _hasContent
            ? (TimeoutLimit.Idle, _idle - _time.GetElapsedTime(Volatile.Read(ref _lastProgress)))
            : (TimeoutLimit.FirstToken, _firstToken - Elapsed);
        return left <= total ? (limit, left) : (TimeoutLimit.Total, total);
    }

    private void Rearm()
    {
        var (_, left) = Nearest();
        _timer.Change(left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left, Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
