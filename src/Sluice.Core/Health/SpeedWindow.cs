using Sluice.Core.Routing;

namespace Sluice.Core.Health;

/// <summary>
/// How fast an endpoint was: moving averages, and percentiles over the last five minutes from at most 128 attempts. What was worked out is
/// kept and worked out anew at most once a second, so that reading costs next to nothing. Writes hold the owner's lock; so does the reader that
/// finds the kept one too old.
/// </summary>
internal sealed class SpeedWindow
{
    private const int MostSamples = 128;

    // Of each new attempt in the averages: after ten attempts nine tenths of an average are those ten.
    private const double Weight = 0.2;

    // An answer that came in one burst tells how fast the network is, not the model.
    private static readonly TimeSpan ShortestStream = TimeSpan.FromMilliseconds(10);
    private static readonly long Age = TimeSpan.FromMinutes(5).Ticks;
    private static readonly long KeptFor = TimeSpan.TicksPerSecond;

    private readonly Sample[] _samples = new Sample[MostSamples];
    private int _next;
    private int _count;
    private double? _firstToken;
    private double? _tokensPerSecond;
    private Kept _kept = new(null, 0);

    /// <summary>True when the attempt could be measured.</summary>
    public bool Add(AttemptSpeed speed, long now)
    {
        if (speed.FirstToken is not { } first || first < TimeSpan.Zero)
        {
            return false;
        }

        var rest = speed.Total - first;
        double? rate = speed.OutputTokens > 1 && rest >= ShortestStream ? speed.OutputTokens / rest.TotalSeconds : null;
        if (_count > 0 && _samples[(_next + MostSamples - 1) % MostSamples].At < now - Age)
        {
            // After five silent minutes the averages say nothing about now.
            _count = 0;
            _firstToken = _tokensPerSecond = null;
        }

        _samples[_next] = new Sample(now, (float)first.TotalSeconds, rate is { } r ? (float)r : float.NaN);
        _next = (_next + 1) % MostSamples;
        _count = Math.Min(_count + 1, MostSamples);
        _firstToken = Mix(_firstToken, first.TotalSeconds);
        _tokensPerSecond = rate is { } measured ? Mix(_tokensPerSecond, measured) : _tokensPerSecond;
        return true;
    }

    /// <summary>The speed if it was worked out lately enough; no lock needed.</summary>
    public bool TryReadKept(long now, out EndpointSpeed? speed)
    {
        var kept = Volatile.Read(ref _kept);
        speed = kept.Speed;
        return now >= kept.At && now - kept.At < KeptFor;
    }

    /// <summary>Works it out. Under the owner's lock.</summary>
    public EndpointSpeed? Read(long now)
    {
        var latencies = new List<float>(_count);
        var rates = new List<float>(_count);
        for (var i = 0; i < _count; i++)
        {
            var sample = _samples[(_next - 1 - i + MostSamples) % MostSamples];
            if (sample.At < now - Age)
            {
                break;
            }

            latencies.Add(sample.FirstToken);
            if (!float.IsNaN(sample.TokensPerSecond))
            {
                rates.Add(sample.TokensPerSecond);
            }
        }

        latencies.Sort();
        rates.Sort((a, b) => b.CompareTo(a));
        var speed = latencies.Count == 0
            ? null
            : new EndpointSpeed(latencies.Count, _firstToken ?? 0, rates.Count == 0 ? 0 : _tokensPerSecond ?? 0, Percentiles(latencies), Percentiles(rates));
        Volatile.Write(ref _kept, new Kept(speed, now));
        return speed;
    }

    private static double Mix(double? average, double value) => average is { } before ? before + (Weight * (value - before)) : value;

    // Nearest rank. Sorted from good to bad: the 90th is what nine of ten attempts reach at least.
    private static Percentiles Percentiles(List<float> sorted) =>
        new(Rank(sorted, 50), Rank(sorted, 75), Rank(sorted, 90), Rank(sorted, 99));

    private static double? Rank(List<float> sorted, int percent) =>
        sorted.Count == 0 ? null : sorted[Math.Max(0, (int)Math.Ceiling(percent / 100d * sorted.Count) - 1)];

    private readonly record struct Sample(long At, float FirstToken, float TokensPerSecond);

    private sealed record Kept(EndpointSpeed? Speed, long At);
}
