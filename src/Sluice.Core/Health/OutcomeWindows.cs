using Sluice.Protocols.Errors;

namespace Sluice.Core.Health;

/// <summary>The windows in which outcomes are counted.</summary>
public enum HealthWindow
{
    /// <summary>30 s.</summary>
    HalfMinute,

    /// <summary>5 minutes.</summary>
    FiveMinutes,

    /// <summary>30 minutes.</summary>
    HalfHour,

    /// <summary>24 hours.</summary>
    Day,
}

/// <summary>Outcomes of attempts within one window.</summary>
/// <param name="Succeeded">Answered.</param>
/// <param name="Failed">Failed for the provider's or the network's reasons.</param>
/// <param name="Limited">Refused for the credential: rate limit, quota, key, credit. Says nothing about whether the provider is up.</param>
public readonly record struct OutcomeCounts(int Succeeded, int Failed, int Limited)
{
    /// <summary>Share of attempts that the provider answered, 0 to 1; null where none was made.</summary>
    public double? Uptime => Succeeded + Failed == 0 ? null : (double)Succeeded / (Succeeded + Failed);
}

/// <summary>
/// Counts outcomes in rolling windows of fixed slices: bounded whatever the traffic. A window holds its full length and at most one slice more.
/// Writes and reads hold the owner's lock.
/// </summary>
internal sealed class OutcomeWindows
{
    private const int Succeeded = 0;
    private const int Limited = 1;
    private const int FirstKind = 2;
    private static readonly int Width = FirstKind + Enum.GetValues<ErrorKind>().Length;

    // Length of a slice and how many make the window: 30 s, 5 min, 30 min, 1 day.
    private static readonly (long Slice, int Count)[] Shapes =
    [
        (TimeSpan.FromSeconds(5).Ticks, 6),
        (TimeSpan.FromSeconds(30).Ticks, 10),
        (TimeSpan.FromMinutes(3).Ticks, 10),
        (TimeSpan.FromHours(1).Ticks, 24),
    ];

    private readonly Ring[] _rings = [new(Shapes[0].Count), new(Shapes[1].Count), new(Shapes[2].Count), new(Shapes[3].Count)];

    public void AddSuccess(long now) => Add(now, Succeeded);

    public void AddFailure(long now, ErrorKind kind, bool concernsCredential)
    {
        Add(now, FirstKind + (int)kind);
        if (concernsCredential)
        {
            Add(now, Limited);
        }
    }

    public OutcomeCounts Count(HealthWindow window, long now)
    {
        var sums = Sum(window, now);
        var failures = 0;
        for (var i = FirstKind; i < Width; i++)
        {
            failures += sums[i];
        }

        return new OutcomeCounts(sums[Succeeded], failures - sums[Limited], sums[Limited]);
    }

    /// <summary>Failures by kind, the most frequent first; kinds that did not occur are left out.</summary>
    public IReadOnlyList<(ErrorKind Kind, int Count)> Failures(HealthWindow window, long now)
    {
        var sums = Sum(window, now);
        var found = new List<(ErrorKind Kind, int Count)>();
        for (var i = FirstKind; i < Width; i++)
        {
            if (sums[i] > 0)
            {
                found.Add(((ErrorKind)(i - FirstKind), sums[i]));
            }
        }

        found.Sort((a, b) => b.Count.CompareTo(a.Count));
        return found;
    }

    private void Add(long now, int column)
    {
        for (var i = 0; i < _rings.Length; i++)
        {
            _rings[i].Slice(now / Shapes[i].Slice)[column]++;
        }
    }

    private int[] Sum(HealthWindow window, long now)
    {
        var sums = new int[Width];
        _rings[(int)window].AddTo(sums, now / Shapes[(int)window].Slice);
        return sums;
    }

    /// <summary>One window: as many whole slices as it is long, and the one that is being filled.</summary>
    private sealed class Ring(int count)
    {
        private readonly int[] _counts = new int[(count + 1) * Width];
        private long _newest = long.MinValue;

        public Span<int> Slice(long number)
        {
            // A clock that was set back counts into the newest slice: nothing is lost, and nothing is counted twice.
            Advance(Math.Max(number, _newest));
            return At(_newest);
        }

        public void AddTo(int[] sums, long number)
        {
            if (_newest == long.MinValue)
            {
                return;
            }

            for (var slice = Math.Max(number, _newest) - count; slice <= _newest; slice++)
            {
                var counts = At(slice);
                for (var i = 0; i < Width; i++)
                {
                    sums[i] += counts[i];
                }
            }
        }

        private void Advance(long number)
        {
            if (_newest == long.MinValue || number - _newest > count)
            {
                Array.Clear(_counts);
            }
            else
            {
                for (var slice = _newest + 1; slice <= number; slice++)
                {
                    At(slice).Clear();
                }
            }

            _newest = number;
        }

        private Span<int> At(long slice) => _counts.AsSpan((int)(slice % (count + 1)) * Width, Width);
    }
}
