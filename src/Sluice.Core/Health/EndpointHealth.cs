using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Health;

/// <summary>
/// Health of one endpoint: what plans ask two hundred times each. While nothing stands against the endpoint and its provider a read is two
/// fields, without lock, clock or dictionary; else it looks closer, still without a lock. Every write holds the endpoint's one lock.
/// </summary>
public sealed class EndpointHealth
{
    private readonly Lock _lock = new();
    private readonly Mark _whole = new();
    private readonly Circuit _circuit = new();
    private readonly ProbeWaiters _waiters = new();

    // By credential id, "" for none; replaced, never changed, so that readers need no lock. As many as the provider has credentials.
    private volatile Dictionary<string, CredentialHealth> _credentials = new(StringComparer.Ordinal);
    private long _troubleUntil;
    private LastWords? _words;
    private OutcomeWindows? _outcomes;
    private SpeedWindow? _speed;
    private ToolCallWindow? _toolCalls;

    internal EndpointHealth(HealthBoard board, ProviderHealth provider, ModelEndpoint endpoint)
    {
        Board = board;
        Provider = provider;
        Id = endpoint.Id;
    }

    /// <summary>Of the endpoint.</summary>
    public string Id { get; }

    /// <summary>It is on the board no more: whoever kept it must ask the board again.</summary>
    public bool IsRetired => Volatile.Read(ref _retired);

    private bool _retired;

    internal HealthBoard Board { get; }

    internal ProviderHealth Provider { get; }

    /// <summary>What its tool calls were worth; has a lock of its own.</summary>
    internal ToolCallWindow ToolCalls => LazyInitializer.EnsureInitialized(ref _toolCalls);

    /// <summary>Nothing stands against the endpoint or its provider, whichever credential.</summary>
    public bool IsCalm => Volatile.Read(ref _troubleUntil) == 0 && Provider.TroubleUntil == 0;

    /// <summary>Whether the credential is left out now; null when it is not.</summary>
    public Exclusion? Excluded(Credential? credential) => IsCalm ? null : Excluded(credential, Board.Now());

    /// <summary>The same at a time that the caller has read already.</summary>
    /// <param name="credential">Null for none.</param>
    /// <param name="now">UTC ticks.</param>
    public Exclusion? Excluded(Credential? credential, long now)
    {
        if (IsCalmAt(now))
        {
            return null;
        }

        var id = credential?.Id ?? "";
        var one = _credentials.GetValueOrDefault(id);
        var cooling = Math.Max(_whole.Until, Math.Max(one?.Mark.Until ?? 0, Provider.Account(id)?.Mark.Until ?? 0));
        if (cooling == long.MaxValue)
        {
            return new Exclusion(DateTimeOffset.MaxValue, ExclusionCause.Dead);
        }

        var (open, askable) = OpenUntil(_circuit, now);
        var probed = _circuit.IsProbedAt(now) || one?.Circuit.IsProbedAt(now) == true;
        if (one is not null)
        {
            var (alsoOpen, alsoAskable) = OpenUntil(one.Circuit, now);
            (open, askable) = (Math.Max(open, alsoOpen), Math.Max(askable, alsoAskable));
        }

        return cooling > now && cooling >= open ? new Exclusion(At(cooling), ExclusionCause.Cooldown)
            : open > now ? new Exclusion(At(open), ExclusionCause.Circuit) { AskableFrom = At(Math.Max(askable, cooling)), IsProbed = probed }
            : null;
    }

    /// <summary>What it said when it last failed in a way that concerns this credential; null where it has not, or not since the start.</summary>
    public LastWords? WordsFor(Credential? credential)
    {
        var id = credential?.Id ?? "";
        return LastWords.Later(Volatile.Read(ref _words), LastWords.Later(_credentials.GetValueOrDefault(id)?.Words, Provider.Account(id)?.Words));
    }

    /// <summary>It failed in the last 30 seconds, whatever has succeeded since on other credentials.</summary>
    public bool FailedRecently() => !IsCalm && FailedRecently(Board.Now());

    /// <summary>The same at a time that the caller has read already, in UTC ticks.</summary>
    public bool FailedRecently(long now)
    {
        if (IsCalmAt(now))
        {
            return false;
        }

        var oldest = now - HealthBoard.FailureAge.Ticks;
        if (_whole.FailedAt >= oldest || Provider.FailedAt >= oldest)
        {
            return true;
        }

        foreach (var one in _credentials.Values)
        {
            if (one.Mark.FailedAt >= oldest)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>It failed in the last 30 seconds in a way that concerns this credential.</summary>
    public bool FailedRecently(Credential? credential) => !IsCalm && FailedRecently(credential, Board.Now());

    /// <summary>The same at a time that the caller has read already, in UTC ticks.</summary>
    public bool FailedRecently(Credential? credential, long now)
    {
        if (IsCalmAt(now))
        {
            return false;
        }

        var oldest = now - HealthBoard.FailureAge.Ticks;
        var id = credential?.Id ?? "";
        return _whole.FailedAt >= oldest
            || Provider.FailedAt >= oldest
            || Provider.Account(id)?.Mark.FailedAt >= oldest
            || _credentials.GetValueOrDefault(id)?.Mark.FailedAt >= oldest;
    }

    /// <summary>How fast it was lately; null while that is not known.</summary>
    public EndpointSpeed? Speed() => Volatile.Read(ref _speed) is null ? null : Speed(Board.Now());

    /// <summary>The same at a time that the caller has read already, in UTC ticks.</summary>
    public EndpointSpeed? Speed(long now)
    {
        if (Volatile.Read(ref _speed) is not { } window)
        {
            return null;
        }

        if (window.TryReadKept(now, out var kept))
        {
            return kept;
        }

        lock (_lock)
        {
            return window.Read(now);
        }
    }

    /// <summary>Outcomes of its attempts.</summary>
    public OutcomeCounts Count(HealthWindow window)
    {
        lock (_lock)
        {
            return _outcomes?.Count(window, Board.Now()) ?? default;
        }
    }

    /// <summary>What its attempts failed by, the most frequent first.</summary>
    public IReadOnlyList<(ErrorKind Kind, int Count)> Failures(HealthWindow window)
    {
        lock (_lock)
        {
            return _outcomes?.Failures(window, Board.Now()) ?? [];
        }
    }

    /// <summary>Of the endpoint, whatever the credential.</summary>
    public CircuitState Circuit => _circuit.StateAt(Board.Now());

    /// <summary>Of the endpoint with this credential alone.</summary>
    public CircuitState CircuitOf(Credential? credential) => _credentials.GetValueOrDefault(credential?.Id ?? "")?.Circuit.StateAt(Board.Now()) ?? CircuitState.Closed;

    /// <summary>When an open circuit is half-open; null where it is not open.</summary>
    public DateTimeOffset? OpenUntilTime => _circuit.IsClosed || _circuit.Until <= Board.Now() ? null : At(_circuit.Until);

    /// <summary>Waits for the probe that is on its way; see <see cref="IHealth.ProbeHeardAsync"/>.</summary>
    public Task<bool> ProbeHeardAsync(Credential? credential, TimeSpan longest, CancellationToken cancellation)
    {
        Task heard;
        lock (_lock)
        {
            // Under the lock, so that no verdict falls between the look and the wait.
            var now = Board.Now();
            var rest = Math.Max(_circuit.ProbeUntil, _credentials.GetValueOrDefault(credential?.Id ?? "")?.Circuit.ProbeUntil ?? 0) - now;
            if (rest <= 0)
            {
                return Task.FromResult(true);
            }

            longest = TimeSpan.FromTicks(Math.Min(longest.Ticks, rest));
            if (!_waiters.TryJoin(out heard))
            {
                return Task.FromResult(false);
            }
        }

        return _waiters.WaitAsync(heard, longest, Board.Time, cancellation);
    }

    internal bool TryEnter(Credential? credential, bool mayProbe, out Probe? probe)
    {
        probe = null;
        var id = credential?.Id ?? "";
        if (IsCalm || (_circuit.IsClosed && _credentials.GetValueOrDefault(id)?.Circuit.IsClosed != false))
        {
            return true;
        }

        if (!mayProbe)
        {
            return false;
        }

        lock (_lock)
        {
            var now = Board.Now();
            var mine = new Probe(this, id);
            var one = _credentials.GetValueOrDefault(id)?.Circuit;
            if (!_circuit.TryEnter(now, Board.Breaker, mine))
            {
                return false;
            }

            if (one?.TryEnter(now, Board.Breaker, mine) == false)
            {
                _circuit.GiveBack(mine);
                return false;
            }

            // It may have closed since the look without the lock.
            probe = _circuit.IsClosed && one?.IsClosed != false ? null : mine;
            return true;
        }
    }

    internal void Succeeded(string credential, AttemptSpeed speed, long now, Probe? probe)
    {
        lock (_lock)
        {
            (_outcomes ??= new OutcomeWindows()).AddSuccess(now);
            if (speed.FirstToken is not null)
            {
                if (_speed is null)
                {
                    Volatile.Write(ref _speed, new SpeedWindow());
                }

                _speed!.Add(speed, now);
            }

            Close(credential, now - speed.Total.Ticks, probe);
            if (_credentials.GetValueOrDefault(credential) is { Mark.IsDead: true } one)
            {
                one.Mark.Until = 0;
                Recompute();
            }
        }
    }

    /// <summary>True when something changed that outlives a restart.</summary>
    internal bool Failed(string credential, UpstreamFault fault, FaultScope scope, long now, Probe? probe)
    {
        lock (_lock)
        {
            (_outcomes ??= new OutcomeWindows()).AddFailure(now, fault.Kind, fault.ConcernsCredential);
            var until = HealthBoard.CooledUntil(fault.RetryAfter, now);
            var opened = false;
            switch (scope)
            {
                case FaultScope.Model when fault.CredentialIsDead:
                    var refused = Open(credential);
                    refused.Mark.Until = long.MaxValue;
                    refused.Words = LastWords.Of(Provider.Name, fault, now);
                    break;
                case FaultScope.Model or FaultScope.Credential when !fault.CredentialIsDead:
                    var one = Open(credential);
                    one.Words = LastWords.Of(Provider.Name, fault, now);
                    one.Mark.FailedAt = now;
                    one.Mark.Extend(scope == FaultScope.Model ? until : 0);

                    // Who says when to come back is taken at the word; who does not may be asked too often.
                    opened = until == 0 && MayPass(fault.Kind) && one.Circuit.Failed(now, Board.Breaker, probe);
                    break;
                case FaultScope.Endpoint or FaultScope.Provider:
                    Volatile.Write(ref _words, LastWords.Of(Provider.Name, fault, now));
                    _whole.FailedAt = now;
                    _whole.Extend(until);
                    opened = MayPass(fault.Kind) && _circuit.Failed(now, Board.Breaker, probe);
                    break;
                default:
                    return true; // dead for every model: its provider keeps that
            }

            Tell(probe);
            Recompute();
            return until != 0 || opened || fault.CredentialIsDead;
        }
    }

    internal void ProbeAnswered(string credential, Probe probe)
    {
        lock (_lock)
        {
            Close(credential, Board.Now(), probe);
        }
    }

    internal void GiveBack(string credential, Probe probe)
    {
        lock (_lock)
        {
            _circuit.GiveBack(probe);
            _credentials.GetValueOrDefault(credential)?.Circuit.GiveBack(probe);
            Tell(probe);
        }
    }

    internal void Forget(Predicate<string> credential)
    {
        lock (_lock)
        {
            var kept = new Dictionary<string, CredentialHealth>(StringComparer.Ordinal);
            foreach (var (id, one) in _credentials)
            {
                if (!credential(id))
                {
                    kept[id] = one;
                }
            }

            _credentials = kept;
            Recompute();
        }
    }

    /// <summary>Something stands against it that is not over. A circuit that waits for a probe is over: what nobody asks for any more would wait for ever.</summary>
    internal bool IsTroubledAt(long now)
    {
        lock (_lock)
        {
            if (_whole.EndsAt >= now || _circuit.Until > now)
            {
                return true;
            }

            foreach (var one in _credentials.Values)
            {
                if (one.Mark.EndsAt >= now || one.Circuit.Until > now)
                {
                    return true;
                }
            }

            return false;
        }
    }

    internal void Retire() => Volatile.Write(ref _retired, true);

    /// <summary>Marks and circuits that still count, for a restart.</summary>
    internal void Save(List<SavedMark> marks, long now)
    {
        lock (_lock)
        {
            SavedMark.Add(marks, Id, credential: null, _whole, _circuit, now);
            foreach (var (id, one) in _credentials)
            {
                SavedMark.Add(marks, Id, id, one.Mark, one.Circuit, now);
            }
        }
    }

    internal void Restore(SavedMark saved)
    {
        lock (_lock)
        {
            var (mark, circuit) = saved.Credential is null ? (_whole, _circuit) : Open(saved.Credential) is var one ? (one.Mark, one.Circuit) : default;
            mark.Extend(saved.Until);
            if (saved.OpenedAt != 0)
            {
                circuit.Restore(saved.OpenedAt, saved.OpenUntil, saved.AskableFrom, saved.Openings);
            }

            Recompute();
        }
    }

    // What does not pass by itself opens no circuit: a model that is not there and a refused key cost one quick answer each, and their own
    // words say what to mend, which "failed too often" does not.
    private static bool MayPass(ErrorKind kind) =>
        kind is not (ErrorKind.ModelNotFound or ErrorKind.NoEndpoint or ErrorKind.Authentication or ErrorKind.Permission or ErrorKind.Credits or ErrorKind.RegionRestricted);

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);

    // While a probe runs nobody else is sent there; how long it takes nobody knows, so whoever waits for it looks again in a second.
    private static (long Until, long AskableFrom) OpenUntil(Circuit circuit, long now) =>
        circuit.IsClosed ? (0, 0)
        : circuit.IsProbedAt(now) ? (Math.Max(circuit.Until, now + TimeSpan.TicksPerSecond), circuit.ProbeUntil)
        : (circuit.Until, circuit.AskableFrom);

    private bool IsCalmAt(long now)
    {
        var seen = Volatile.Read(ref _troubleUntil);
        if (seen != 0 && seen < now)
        {
            Interlocked.CompareExchange(ref _troubleUntil, 0, seen);
        }

        Provider.Calm(now);
        return IsCalm;
    }

    private void Close(string credential, long startedAt, Probe? probe)
    {
        var one = _credentials.GetValueOrDefault(credential)?.Circuit;
        if (!_circuit.Remembers && one is not { Remembers: true })
        {
            return;
        }

        var wasOpen = !_circuit.IsClosed || one is { IsClosed: false };
        _circuit.Succeeded(startedAt, probe);
        one?.Succeeded(startedAt, probe);
        if (wasOpen)
        {
            _waiters.Tell();
            Board.Changed();
        }

        Recompute();
    }

    private void Tell(Probe? probe)
    {
        if (probe is not null)
        {
            _waiters.Tell();
        }
    }

    private CredentialHealth Open(string credential)
    {
        if (_credentials.TryGetValue(credential, out var known))
        {
            return known;
        }

        var one = new CredentialHealth();
        _credentials = new Dictionary<string, CredentialHealth>(_credentials, StringComparer.Ordinal) { [credential] = one };
        return one;
    }

    private void Recompute()
    {
        // An open circuit is trouble until a probe has closed it, whatever the clock says.
        var until = _circuit.IsClosed ? _whole.EndsAt : long.MaxValue;
        foreach (var one in _credentials.Values)
        {
            until = Math.Max(until, one.Circuit.IsClosed ? one.Mark.EndsAt : long.MaxValue);
        }

        Volatile.Write(ref _troubleUntil, until);
    }
}
