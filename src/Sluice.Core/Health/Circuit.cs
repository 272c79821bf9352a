using Sluice.Core.Configuration;

namespace Sluice.Core.Health;

/// <summary>Whether an endpoint is asked at all.</summary>
public enum CircuitState
{
    /// <summary>It is.</summary>
    Closed,

    /// <summary>It failed too often; nobody asks it until its time is over.</summary>
    Open,

    /// <summary>Its time is over: one request at a time asks, as a probe, until one succeeds.</summary>
    HalfOpen,
}

/// <summary>
/// One circuit: closed → open after <c>breaker.failures</c> failures within <c>breaker.window</c> with no success between them → after
/// <c>breaker.open</c> (doubled each time that it opens again, up to <c>breaker.max_open</c>) half-open, where one probe asks. A success closes it
/// and ends the doubling; the probe's failure opens it again; what the probe's own request caused, or its client's leaving, gives the probe back.
/// <para>
/// An open circuit must not be worse than asking where there is nobody else to ask: the grown time only keeps requests with alternatives away.
/// A probe may start once per <c>breaker.open</c> whatever the circuit has grown to (<see cref="AskableFrom"/>), and a probe that has not
/// been heard of for that long no longer keeps the next one out.
/// </para>
/// <para>Writes hold the owner's lock. Reads of <see cref="IsClosed"/> and the times need none.</para>
/// </summary>
internal sealed class Circuit
{
    // Ticks of the failures since the last success, at most `failures` of them.
    private Queue<long>? _failures;
    private long _openedAt; // 0: closed
    private long _until;
    private long _askableFrom;
    private long _probeUntil;
    private int _openings;
    private Probe? _probe;

    /// <summary>Closed.</summary>
    public bool IsClosed => Volatile.Read(ref _openedAt) == 0;

    /// <summary>UTC ticks; 0 when closed.</summary>
    public long OpenedAt => Volatile.Read(ref _openedAt);

    /// <summary>When it is half-open: UTC ticks; 0 when closed.</summary>
    public long Until => Volatile.Read(ref _until);

    /// <summary>When a probe may start if nobody else can be asked: UTC ticks.</summary>
    public long AskableFrom => Volatile.Read(ref _askableFrom);

    /// <summary>How often it has opened since the last success.</summary>
    public int Openings => Volatile.Read(ref _openings);

    /// <summary>A success has something to change here.</summary>
    public bool Remembers => !IsClosed || _failures is { Count: > 0 };

    public CircuitState StateAt(long now) => IsClosed ? CircuitState.Closed : now < Until ? CircuitState.Open : CircuitState.HalfOpen;

    /// <summary>Until when a probe that is on its way keeps others out: UTC ticks; 0 without one.</summary>
    public long ProbeUntil => Volatile.Read(ref _probeUntil);

    /// <summary>A probe is on its way.</summary>
    public bool IsProbedAt(long now) => now < ProbeUntil;

    /// <summary>Takes leave to ask. Under the owner's lock.</summary>
    /// <param name="now">UTC ticks.</param>
    /// <param name="settings">In force.</param>
    /// <param name="probe">Given to the circuit's keeping when it is open; it becomes the one probe.</param>
    public bool TryEnter(long now, BreakerSettings settings, Probe probe)
    {
        if (IsClosed)
        {
            return true;
        }

        if (now < _askableFrom || IsProbedAt(now))
        {
            return false;
        }

        _probe = probe;
        Volatile.Write(ref _probeUntil, now + settings.Open.Ticks);
        return true;
    }

    /// <summary>A success of an attempt that began at <paramref name="startedAt"/>. Under the owner's lock.</summary>
    public void Succeeded(long startedAt, Probe? probe)
    {
        // What began before it opened and ends well now was lucky; the attempts that opened it began no later.
        if (IsClosed || probe is not null || startedAt >= _openedAt)
        {
            _failures?.Clear();
            Close();
        }
    }

    /// <summary>A failure. True when it opened the circuit. Under the owner's lock.</summary>
    public bool Failed(long now, BreakerSettings settings, Probe? probe)
    {
        if (!IsClosed)
        {
            // Attempts that were under way when it opened, and probes that were given up, must not make it longer.
            if (probe is null || !ReferenceEquals(probe, _probe))
            {
                return false;
            }

            Open(now, settings);
            return true;
        }

        _failures ??= new Queue<long>(Math.Min(settings.Failures, 8));
        while (_failures.TryPeek(out var oldest) && (oldest <= now - settings.Window.Ticks || _failures.Count >= settings.Failures))
        {
            _failures.Dequeue();
        }

        _failures.Enqueue(now);
        if (_failures.Count < settings.Failures)
        {
            return false;
        }

        _failures.Clear();
        Open(now, settings);
        return true;
    }

    /// <summary>The probe learned nothing; the next request may ask. Under the owner's lock.</summary>
    public void GiveBack(Probe probe)
    {
        if (ReferenceEquals(probe, _probe))
        {
            _probe = null;
            Volatile.Write(ref _probeUntil, 0);
        }
    }

    /// <summary>Stands as it stood before a restart. Under the owner's lock.</summary>
    public void Restore(long openedAt, long until, long askableFrom, int openings)
    {
        Volatile.Write(ref _openings, openings);
        Volatile.Write(ref _until, until);
        Volatile.Write(ref _askableFrom, askableFrom);
        Volatile.Write(ref _openedAt, openedAt);
    }

    private void Open(long now, BreakerSettings settings)
    {
        var longest = Math.Max(settings.MaxOpen.Ticks, settings.Open.Ticks);
        var open = Math.Min(longest, settings.Open.Ticks * Math.Pow(2, Math.Min(_openings, 30)));
        _probe = null;
        Volatile.Write(ref _probeUntil, 0);
        Volatile.Write(ref _openings, _openings + 1);
        Volatile.Write(ref _until, now + (long)open);
        Volatile.Write(ref _askableFrom, now + settings.Open.Ticks);

        // Last: who sees it open sees its times.
        Volatile.Write(ref _openedAt, now);
    }

    private void Close()
    {
        Volatile.Write(ref _openedAt, 0);
        Volatile.Write(ref _openings, 0);
        Volatile.Write(ref _until, 0);
        Volatile.Write(ref _probeUntil, 0);
        _probe = null;
    }
}
