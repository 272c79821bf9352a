namespace Sluice.Core.Routing;

/// <summary>
/// Bounds how often failed candidates are tried again, process-wide: under a total outage repeats would otherwise multiply the load that
/// caused it. First tries of further candidates are failover and do not count. Thread-safe.
/// </summary>
/// <param name="time">For the window of one minute.</param>
public sealed class RetryBudget(TimeProvider time)
{
    /// <summary>Repeats that are allowed in any minute, however little the traffic.</summary>
    public const int AlwaysAllowed = 10;

    // A minute in slices: what is older than the window falls out slice by slice.
    private const int Slices = 6;
    private static readonly long SliceTicks = TimeSpan.FromSeconds(10).Ticks;

    private readonly Lock _lock = new();
    private readonly long[] _requests = new long[Slices];
    private readonly long[] _repeats = new long[Slices];
    private long _slice;

    /// <summary>Counts one request of a client.</summary>
    public void CountRequest()
    {
        lock (_lock)
        {
            _requests[Turn()]++;
        }
    }

    /// <summary>Takes one repeat; false when the budget of this minute is spent.</summary>
    /// <param name="share">Repeats allowed for each request of the last minute, for example 0.10.</param>
    public bool TryTake(decimal share)
    {
        lock (_lock)
        {
            var now = Turn();
            long requests = 0;
            long repeats = 0;
            for (var i = 0; i < Slices; i++)
            {
                requests += _requests[i];
                repeats += _repeats[i];
            }

            if (repeats >= Math.Max(AlwaysAllowed, share * requests))
            {
                return false;
            }

            _repeats[now]++;
            return true;
        }
    }

    /// <summary>The index of the slice that is now, after emptying those that passed unused.</summary>
    private int Turn()
    {
        var slice = time.GetUtcNow().UtcTicks / SliceTicks;
        for (var passed = Math.Max(_slice + 1, slice - Slices + 1); passed <= slice; passed++)
        {
            _requests[passed % Slices] = 0;
            _repeats[passed % Slices] = 0;
        }

        // A clock set back keeps counting where it was.
        _slice = Math.Max(_slice, slice);
        return (int)(_slice % Slices);
    }
}
