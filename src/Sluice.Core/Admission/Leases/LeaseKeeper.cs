using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission.Leases;

/// <summary>How this node stands with the store of leases.</summary>
/// <param name="IsReachable">The last call was answered. While it is not, the node goes on with what it holds.</param>
/// <param name="Since">When that began, UTC.</param>
/// <param name="Fault">Why not, one sentence; null where it is reachable.</param>
/// <param name="Nodes">Live nodes, this one included, as last known; 0 before the first answer.</param>
public sealed record LeaseStanding(bool IsReachable, DateTimeOffset Since, string? Fault, int Nodes);

/// <summary>
/// Keeps this node's parts of shared limits in step with its use: says what it holds and wants as often as that changes anything (ten times a second
/// while somebody waits or limits are scarce, once a second while they are used, every ten seconds to say that it lives), all limits in one call,
/// one call at a time. No request waits for it that has room.
/// </summary>
/// <param name="leases">The store.</param>
/// <param name="time">The clock.</param>
/// <remarks>Lock rule: <see cref="_lock"/> guards when and whether a call is made; it is never held while the gate's is taken, nor during a call.</remarks>
public sealed class LeaseKeeper(ILimitLeases leases, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a request without room waits for an answer before it is told so, or passed on to another provider.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    // Shorter silences are waited for; longer ones would stop whoever comes back to a limit that he has not used for a minute.
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(5);

    // Before anybody has told how many nodes there are.
    private const int UnknownNodes = 2;

    private readonly Lock _lock = new();
    private AdmissionGate? _gate;
    private ITimer? _timer;
    private TaskCompletionSource? _round;
    private Task _run = Task.CompletedTask;
    private bool _isRunning;
    private bool _again;
    private bool _isStopped;
    private TimeSpan _timerAt = TimeSpan.MaxValue;
    private TimeSpan? _calledAt;
    private TimeSpan _answeredAt;
    private long _number;
    private volatile LeaseStanding _standing = new(true, time.GetUtcNow(), null, 0);

    /// <summary>This start of this process, as <see cref="LeaseCall.Owner"/> has it; random where nobody says otherwise.</summary>
    public string Owner { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>How it stands.</summary>
    public LeaseStanding Standing => _standing;

    /// <summary>Called once when the store stops answering, with why.</summary>
    public Action<string>? Lost { get; init; }

    /// <summary>Called once when it answers again, with how long it did not.</summary>
    public Action<TimeSpan>? Found { get; init; }

    /// <summary>Stops, and gives everything back that does not count any more.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            _timer?.Dispose();
        }

        await Running;
        if (_gate is not { } gate)
        {
            return;
        }

        IReadOnlyList<LeaseAsk> asks;
        do
        {
            asks = gate.CollectLast();
            if ((await CallAsync(asks, isLast: true)).Fault is not null)
            {
                // What it held is free when it can count no more.
                return;
            }
        }
        while (asks.Count == LeaseCall.MostAsks);
    }

    /// <summary>Begins to keep the leases of a gate; once.</summary>
    internal void Follow(AdmissionGate gate)
    {
        _gate = _gate is null ? gate : throw new InvalidOperationException("One keeper keeps one gate's leases.");
        _answeredAt = gate.Now;
        _timer = time.CreateTimer(static state => ((LeaseKeeper)state!).Start(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_lock)
        {
            SetTimer(gate.Now);
        }
    }

    /// <summary>Says what is to be said at that time at the latest; what is due already, now.</summary>
    /// <param name="at">On the gate's clock.</param>
    internal void AskBy(TimeSpan at)
    {
        var now = _gate!.Now;
        if (at <= now && _standing.IsReachable)
        {
            Start();
            return;
        }

        lock (_lock)
        {
            // In an outage calls are repeated in their own time.
            if (!_isStopped && !_isRunning && at < _timerAt && _standing.IsReachable)
            {
                SetTimer(at);
            }
        }
    }

    /// <summary>Completes when a call that begins now or later has been answered, at once where none would be, and late only by <see cref="Patience"/>.</summary>
    internal Task RoundAsync()
    {
        Task round;
        lock (_lock)
        {
            if (_isStopped || !_standing.IsReachable)
            {
                return Task.CompletedTask;
            }

            _round ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            round = _round.Task;
        }

        Start();
        return round.IsCompleted ? round : BoundAsync(round);
    }

    /// <summary>Completes when no exchange is under way.</summary>
    public Task Running
    {
        get
        {
            lock (_lock)
            {
                return _run;
            }
        }
    }

    private async Task BoundAsync(Task round) => await round.WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void Start()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isStopped || _isRunning)
            {
                _again = true;
                return;
            }

            _isRunning = true;
            _run = ended.Task;
        }

        _ = RunAsync(ended);
    }

    private async Task RunAsync(TaskCompletionSource ended)
    {
        while (true)
        {
            lock (_lock)
            {
                _again = false;
            }

            TimeSpan? due;
            try
            {
                due = await SyncAsync();
            }
            catch (Exception e)
            {
                // Whatever it is: a loop that ends would give this node nothing more, without a word.
                Fail(e.Message);
                due = _gate!.Now + Retry;
            }

            lock (_lock)
            {
                var isDue = _again || due <= _gate!.Now;
                if (_isStopped || !isDue || !_standing.IsReachable)
                {
                    _isRunning = false;
                    SetTimer(due ?? TimeSpan.MaxValue);
                    break;
                }
            }
        }

        ended.SetResult();
    }

    /// <returns>When to call again.</returns>
    private async Task<TimeSpan?> SyncAsync()
    {
        var gate = _gate!;
        TaskCompletionSource? round;
        lock (_lock)
        {
            (round, _round) = (_round, null);
        }

        try
        {
            var asks = gate.CollectAsks(keepsAll: !_standing.IsReachable);
            if (asks.Count == 0 && gate.Now < _calledAt + LeaseTimes.Beat && _standing.IsReachable)
            {
                // All was said a moment ago; whoever waits does so until it is said again.
                round = KeepWaiting(round);
                return gate.LeasesDueAt();
            }

            _calledAt = gate.Now;
            var answer = await CallAsync(asks, isLast: false);
            if (answer.Fault is { } fault)
            {
                Fail(fault);
                return gate.Now + Retry;
            }

            Succeed(answer);
            return gate.Grant(answer);
        }
        finally
        {
            round?.SetResult();
        }
    }

    /// <returns>What cannot wait on, since others have begun to meanwhile.</returns>
    private TaskCompletionSource? KeepWaiting(TaskCompletionSource? round)
    {
        lock (_lock)
        {
            if (_round is null)
            {
                _round = round;
                return null;
            }
        }

        return round;
    }

    private async Task<LeaseAnswer> CallAsync(IReadOnlyList<LeaseAsk> asks, bool isLast)
    {
        using var bound = new CancellationTokenSource(LongestCall, time);
        try
        {
            return await leases.SyncAsync(new LeaseCall(Owner, ++_number, isLast, asks), bound.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            return LeaseAnswer.Failed($"No answer in {LongestCall.TotalSeconds:0} s.");
        }
#pragma warning disable CA1031 // A bug there must not end the exchange for good: without it this node gets nothing more.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return LeaseAnswer.Failed(e.Message);
        }
    }

    private void Succeed(LeaseAnswer answer)
    {
        var (before, now) = (_standing, time.GetUtcNow());
        _answeredAt = _gate!.Now;
        _standing = before.IsReachable && before.Nodes == answer.Nodes ? before : new LeaseStanding(true, before.IsReachable ? before.Since : now, null, answer.Nodes);
        if (!before.IsReachable)
        {
            Found?.Invoke(now - before.Since);
        }
    }

    private void Fail(string fault)
    {
        var before = _standing;
        _standing = new LeaseStanding(false, before.IsReachable ? time.GetUtcNow() : before.Since, fault, before.Nodes);
        if (before.IsReachable)
        {
            Lost?.Invoke(fault);
        }

        if (_gate!.Now - _answeredAt >= Outage)
        {
            _gate.BeginOutage(before.Nodes == 0 ? UnknownNodes : before.Nodes, hasLapsed: _gate.Now - _answeredAt >= LeaseTimes.Live);
        }
    }

    // Under the lock.
    private void SetTimer(TimeSpan at)
    {
        var now = _gate!.Now;
        var beat = (_calledAt ?? now - LeaseTimes.Beat) + LeaseTimes.Beat;
        _timerAt = at < beat ? at : beat;
        if (!_isStopped)
        {
            _timer!.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((_timerAt - now).TotalMilliseconds))), Timeout.InfiniteTimeSpan);
        }
    }
}
