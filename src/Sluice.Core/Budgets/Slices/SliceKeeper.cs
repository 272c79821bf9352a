using Sluice.Core.Admission;

namespace Sluice.Core.Budgets.Slices;

/// <summary>
/// Keeps this node's slices of shared budgets: asks for more when an attempt needs it, gives back what is slack, and says what was spent; all budgets in
/// one call, one call at a time, however many attempts wait. Attempts for which the slices suffice ask nobody.
/// </summary>
/// <remarks>Lock rule: <see cref="BudgetBook.Gate"/> guards the slices and who waits; it is never held during a call.</remarks>
public sealed class SliceKeeper : IAsyncDisposable
{
    /// <summary>How long an attempt waits for money that other nodes hold, until it is refused. Slack comes back within a beat.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1_500);

    /// <summary>How often is said what has changed, and how often a database that is away is asked again.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    // While somebody waits for what others hold.
    private static readonly TimeSpan Hurry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);

    // Bounds the line of those who wait; each is a request in memory anyway.
    private const int MostWaiting = 10_000;

    private readonly BudgetBook _book;
    private readonly IBudgetLeases _leases;
    private readonly SliceLoader _loader;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly string _session = Guid.NewGuid().ToString("N");
    private readonly LinkedList<SliceWaiter> _waiting = [];
    private readonly SemaphoreSlim _calling = new(1);
    private readonly CancellationTokenSource _stop = new();
    private volatile TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private Task _loading = Task.CompletedTask;
    private long _number;
    private volatile bool _isAway;
    private long _awaySince;
    private long _failedAt;
    private long? _readAt;
    private long? _forgotAt;
    private volatile bool _isStopping;

    /// <summary>Begins to keep the slices of a book in which nothing is in force yet.</summary>
    /// <param name="book">Whose.</param>
    /// <param name="leases">The database.</param>
    /// <param name="spending">The ledger that all nodes share.</param>
    /// <param name="node">The data folder's id.</param>
    /// <param name="time">The clock.</param>
    public SliceKeeper(BudgetBook book, IBudgetLeases leases, INodeSpending spending, string node, TimeProvider time)
    {
        (_book, _leases, _node, _time) = (book, new BoundedLeases(leases, time), node, time);
        _loader = new SliceLoader(book, _leases, spending, node, time);
        book.ShareBy(this);
    }

    /// <summary>Called once when the database stops answering, with why.</summary>
    public Action<string>? Lost { get; init; }

    /// <summary>Called once when it answers again, with how long it did not.</summary>
    public Action<TimeSpan>? Found { get; init; }

    /// <summary>The last call was not answered: this node goes on with the slices that it has.</summary>
    public bool IsAway => _isAway;

    /// <summary>Says what is to be said from now on, until it is disposed of.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Holds money as <see cref="BudgetBook.Reserve"/> does, and asks for more where this node's slices are too small.</summary>
    /// <param name="caller">Whose budgets.</param>
    /// <param name="owner">The request that it is for.</param>
    /// <param name="nanoUsd">The most that the attempt can cost.</param>
    /// <param name="lifetime">No attempt runs longer.</param>
    /// <param name="how">What may be done where there is not enough.</param>
    /// <param name="cancellation">Whoever asks has gone.</param>
    public ValueTask<SliceHold> ReserveAsync(CallerScopes caller, string owner, long nanoUsd, TimeSpan lifetime, SliceAsking how, CancellationToken cancellation)
    {
        var held = _book.Reserve(caller, owner, nanoUsd, lifetime, out var shortage);
        if (held is not null || (!shortage!.IsInFlight && !how.HasFlag(SliceAsking.ForLess)))
        {
            return new(new SliceHold(held, shortage));
        }

        if (how.HasFlag(SliceAsking.Never))
        {
            return new(Away(shortage));
        }

        var patience = how.HasFlag(SliceAsking.Waiting) ? Patience : TimeSpan.Zero;
        return AskAsync(new SliceWaiter(caller, owner, nanoUsd, lifetime, After(patience)), shortage, cancellation);
    }

    /// <summary>Says and asks everything that is to be said now. Completes when it was answered, or could not be.</summary>
    public async Task RoundAsync(CancellationToken cancellation)
    {
        await _calling.WaitAsync(cancellation);
        try
        {
            do
            {
                List<(BudgetAccount Account, SliceLine Line)> said;
                lock (_book.Gate)
                {
                    said = Collect();
                }

                var isAnswered = true;
                foreach (var lines in said.Chunk(SliceCall.MostLines))
                {
                    if (isAnswered)
                    {
                        isAnswered = await CallAsync(lines);
                        continue;
                    }

                    // They were collected as said, and are not.
                    lock (_book.Gate)
                    {
                        Array.ForEach(lines, line => line.Account.Slice!.Change());
                    }
                }

                Answer(isAway: !isAnswered);
            }
            while (!IsAway && MustGiveBack());
        }
        finally
        {
            _calling.Release();
        }
    }

    /// <summary>Looks up what was spent of budgets that are new here, and brings them into force.</summary>
    /// <returns>False: the database is away. It is tried again at every beat, and until then nothing of them is granted.</returns>
    public async Task<bool> LoadAsync(CancellationToken cancellation)
    {
        if (!await _loader.LoadAsync(cancellation))
        {
            return false;
        }

        await RoundAsync(cancellation);
        return !IsAway;
    }

    /// <summary>Learns what the other nodes have spent and hold. False: the database is away, and what was last heard stands.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancellation)
    {
        if (await _leases.ReadAsync(_node, cancellation) is not { } others)
        {
            return false;
        }

        var byName = others.ToDictionary(one => (one.Budget, one.WindowStart));
        lock (_book.Gate)
        {
            foreach (var account in _book.Accounts)
            {
                // Who is not among them has no other node.
                account.Slice!.Hear(byName.GetValueOrDefault((account.Budget.Name, account.Window.Start)));
            }
        }

        return true;
    }

    /// <summary>Stops, and gives back everything that is neither spent nor held.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isStopping)
        {
            return;
        }

        _isStopping = true;
        await _stop.CancelAsync();
        await _running;
        await _loading;
        await RoundAsync(CancellationToken.None);
        Answer(isAway: true);
        _stop.Dispose();
        _calling.Dispose();
        _loader.Dispose();
    }

    /// <summary>Says soon what has changed.</summary>
    internal void Wake() => _wake.TrySetResult();

    private async ValueTask<SliceHold> AskAsync(SliceWaiter waiter, BudgetShortage shortage, CancellationToken cancellation)
    {
        lock (_book.Gate)
        {
            if (_isStopping || _waiting.Count >= MostWaiting || (_isAway && _time.GetElapsedTime(_failedAt) < Beat))
            {
                return Away(shortage);
            }

            foreach (var account in _book.Of(waiter.Caller, _time.GetUtcNow()))
            {
                account.Slice!.Use(waiter.NanoUsd, waiter.Lifetime);
            }

            _waiting.AddLast(waiter);
        }

        Wake();
        try
        {
            return await waiter.Told.WaitAsync(Patience + BoundedLeases.LongestCall, _time, cancellation);
        }
        catch (TimeoutException)
        {
            return Leave(waiter) ?? Away(shortage);
        }
        catch (OperationCanceledException)
        {
            Leave(waiter)?.Held?.Dispose();
            throw;
        }
    }

    // What it was told meanwhile, where it was.
    private SliceHold? Leave(SliceWaiter waiter)
    {
        lock (_book.Gate)
        {
            _waiting.Remove(waiter);
            return waiter.Hold;
        }
    }

    private List<(BudgetAccount Account, SliceLine Line)> Collect()
    {
        var now = _time.GetUtcNow();
        var needs = new Dictionary<BudgetAccount, long>();
        foreach (var waiter in _waiting)
        {
            waiter.IsAsked = true;
            foreach (var account in _book.Of(waiter.Caller, now))
            {
                // More than there could ever be would only keep others out.
                var (need, more) = (needs.GetValueOrDefault(account), Math.Min(waiter.NanoUsd, Math.Max(0, account.Attainable)));
                needs[account] = more > long.MaxValue - need ? long.MaxValue : need + more;
            }
        }

        var said = new List<(BudgetAccount, SliceLine)>();
        foreach (var account in _book.Accounts)
        {
            account.Follow(now);
            var (slice, held) = (account.Slice!, account.Held);
            var slack = Math.Max(0, slice.Granted - held);
            var need = account.Budget.IsHard && needs.TryGetValue(account, out var asked) ? Math.Max(0, asked - slack) : 0;
            if (account.IsLoading || (need == 0 && !slice.IsWorthALine(held, account.Reserved, account.Budget.IsHard)))
            {
                continue;
            }

            var wanted = account.Budget.IsHard ? slice.SlackWanted(_isStopping) : 0;
            var keep = held + (needs.ContainsKey(account) ? slack : Math.Min(slack, wanted));
            said.Add((account, new SliceLine(account.Budget, account.Window, account.Spent, account.Reserved, keep, need, need > 0 ? wanted : 0, slice.TimeToLive, slice.IsFirst)));
            slice.Say(keep);
        }

        return said;
    }

    private async Task<bool> CallAsync((BudgetAccount Account, SliceLine Line)[] said)
    {
        var saidAt = _time.GetTimestamp();
        var call = new SliceCall(_node, _session, ++_number, [.. said.Select(one => one.Line)]);
        var answers = await _leases.ExchangeAsync(call, CancellationToken.None);
        List<BudgetStanding>? passed = null;
        lock (_book.Gate)
        {
            for (var i = 0; i < said.Length; i++)
            {
                var (account, line) = said[i];
                if (account.Window != line.Window)
                {
                    continue;
                }

                if (answers is null)
                {
                    account.Slice!.Change();
                    continue;
                }

                account.Slice!.Hear(answers[i], saidAt);
                account.IsLoading |= !answers[i].IsTaken;
                if (answers[i].HasPassed)
                {
                    (passed ??= []).Add(account.Stand());
                }
            }
        }

        passed?.ForEach(standing => _book.Passed?.Invoke(standing));
        Note(isAnswered: answers is not null);
        return answers is not null;
    }

    /// <summary>Whoever waits gets money in the order of coming, or is told why not, or waits on where others may give back enough.</summary>
    private void Answer(bool isAway)
    {
        lock (_book.Gate)
        {
            for (var node = _waiting.First; node is not null;)
            {
                var (waiter, next) = (node.Value, node.Next);
                var held = _book.Reserve(waiter.Caller, waiter.Owner, waiter.NanoUsd, waiter.Lifetime, out var shortage);
                if (held is not null || isAway || (waiter.IsAsked && !IsWorthWaiting(waiter)))
                {
                    _waiting.Remove(node);
                    waiter.Tell(held is null && (isAway || IsLoading(waiter)) ? Away(shortage!) : new SliceHold(held, shortage));
                }

                node = next;
            }
        }
    }

    // A budget of which is known that all of it is spent cannot pay, whoever is away.
    private static SliceHold Away(BudgetShortage shortage) => new(null, shortage with { IsAway = shortage.Standing.Spent < shortage.Standing.Budget.NanoUsd });

    private bool IsLoading(SliceWaiter waiter) => _book.Of(waiter.Caller, _time.GetUtcNow()).Exists(account => account is { IsLoading: true, Budget.IsHard: true });

    private bool IsWorthWaiting(SliceWaiter waiter) =>
        _time.GetTimestamp() < waiter.Until
        && _book.Of(waiter.Caller, _time.GetUtcNow()).TrueForAll(account => !account.Budget.IsHard || account.IsLoading || account.Free >= waiter.NanoUsd || account.Attainable >= waiter.NanoUsd);

    // Somebody is short, and there is slack here of before that was known.
    private bool MustGiveBack()
    {
        lock (_book.Gate)
        {
            return _waiting.Count == 0 && _book.Accounts.Any(account => !account.IsLoading && account is { Budget.IsHard: true, Slice.IsShort: true } && account.Slice.Granted > account.Held);
        }
    }

    private async Task RunAsync()
    {
        while (!_isStopping)
        {
            var wake = _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var isWaiting = false;
            try
            {
                isWaiting = await TurnAsync();
            }
            catch (Exception e)
            {
                // Whatever it is: a loop that ends would refuse all hard budgets for good, without a word.
                Note(isAnswered: false, e.Message);
            }

            await PauseAsync(isWaiting ? Hurry : Beat, wake.Task, isWaiting);
        }
    }

    /// <returns>Somebody waits.</returns>
    private async Task<bool> TurnAsync()
    {
        await RoundAsync(CancellationToken.None);
        bool isLoading, isWaiting;
        lock (_book.Gate)
        {
            isLoading = _book.Accounts.Any(account => account.IsLoading);
            isWaiting = _waiting.Count > 0;
        }

        if (isLoading && _loading.IsCompleted)
        {
            _loading = LoadUntilStopAsync();
        }

        if (!IsAway)
        {
            await LookAsync();
        }

        return isWaiting;
    }

    private async Task LoadUntilStopAsync()
    {
        try
        {
            await LoadAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_isStopping)
        {
            // A start reads it anew.
        }
    }

    // What others spent is seen by people who ask this node, whether it has requests of its own or not.
    private async Task LookAsync()
    {
        if (_book.IsOn && (_readAt is not { } read || _time.GetElapsedTime(read) >= ReadEvery))
        {
            _readAt = _time.GetTimestamp();
            await RefreshAsync(CancellationToken.None);
        }

        if (_book.IsOn && (_forgotAt is not { } forgot || _time.GetElapsedTime(forgot) >= ForgetEvery))
        {
            _forgotAt = _time.GetTimestamp();
            await _leases.ForgetAsync(CancellationToken.None);
        }
    }

    private async Task PauseAsync(TimeSpan pause, Task wake, bool isWaiting)
    {
        // Newcomers are asked for at once, unless others are being waited for: then together with them.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var slept = Task.Delay(pause, _time, over.Token);
        await Task.WhenAny(isWaiting ? slept : Task.WhenAny(wake, slept), slept);
        await over.CancelAsync();
    }

    private void Note(bool isAnswered, string? why = null)
    {
        if (isAnswered)
        {
            if (_isAway)
            {
                _isAway = false;
                Found?.Invoke(_time.GetElapsedTime(_awaySince));
            }

            return;
        }

        _failedAt = _time.GetTimestamp();
        if (!_isAway)
        {
            (_awaySince, _isAway) = (_failedAt, true);
            Lost?.Invoke(why ?? _leases.Fault ?? "It did not answer in time.");
        }
    }

    private long After(TimeSpan wait) => _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);
}
