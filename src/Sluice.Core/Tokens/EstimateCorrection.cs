using System.Collections.Concurrent;
using Sluice.Core.Catalogue;

namespace Sluice.Core.Tokens;

/// <summary>
/// How far the estimate from bytes is off, learned for each model family from what its upstreams report: models of a family share a vocabulary,
/// and the agents of one installation send much the same. The correction aims a little above the truth.
/// </summary>
/// <remarks>
/// Reading takes no lock; learning locks one family. Windows are by number of answers, so no clock is needed. Nothing survives a restart:
/// a few answers teach it again.
/// </remarks>
public sealed class EstimateCorrection
{
    // Answers that a family remembers: enough for a steady quantile, few enough to follow a new model within a morning's work.
    private const int Window = 128;

    // Before this many the estimate stands as it is.
    private const int Needed = 5;

    // The share of answers that the correction would have covered.
    private const double Covered = 0.95;

    // A family whose answers lie further apart than this is not to be charged for its rarest ones.
    private const double MostAboveMedian = 1.3;

    // What lies outside is no matter of vocabularies.
    private const double Least = 0.5;
    private const double Most = 3;

    // Below it what vendors add unseen weighs more than the text.
    private const long SmallestLearned = 256;

    // A client may make up names where a provider takes any, so both tables are bounded: what comes later is not corrected.
    private const int MostFamilies = 512;
    private const int MostModels = 4096;

    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Family> _models = new(StringComparer.Ordinal);
    private int _familyCount;
    private int _modelCount;

    /// <summary>The estimate as the family's answers have taught it.</summary>
    /// <param name="model">The canonical id, <c>author/slug</c>.</param>
    /// <param name="estimated">Tokens, from the bytes alone.</param>
    public long Correct(string model, long estimated) =>
        Find(model) is { } family ? (long)Math.Ceiling(estimated * family.Factor) : estimated;

    /// <summary>Learns from one settled answer.</summary>
    /// <param name="model">The canonical id, <c>author/slug</c>.</param>
    /// <param name="estimated">Tokens, from the bytes alone, not corrected.</param>
    /// <param name="reported">All input tokens that the upstream reported, cached or not.</param>
    public void Learn(string model, long estimated, long reported)
    {
        if (estimated >= SmallestLearned && reported > 0)
        {
            FindOrAdd(model)?.Learn(Math.Clamp((double)reported / estimated, Least, Most));
        }
    }

    private Family? Find(string model)
    {
        if (_models.TryGetValue(model, out var known))
        {
            return known;
        }

        if (_families.IsEmpty || !_families.TryGetValue(FamilyOf(model), out var family))
        {
            return null;
        }

        // Names are taken apart once for each model.
        if (Volatile.Read(ref _modelCount) < MostModels && _models.TryAdd(model, family))
        {
            Interlocked.Increment(ref _modelCount);
        }

        return family;
    }

    private Family? FindOrAdd(string model)
    {
        if (Find(model) is { } known)
        {
            return known;
        }

        if (Interlocked.Increment(ref _familyCount) > MostFamilies)
        {
            Interlocked.Decrement(ref _familyCount);
            return null;
        }

        return _families.GetOrAdd(FamilyOf(model), static _ => new Family());
    }

    // "anthropic/claude-opus-4.8" and "anthropic/claude-opus-5" are both "anthropic/claude-opus"; "openai/o3" has nothing but a version.
    private static string FamilyOf(string model)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        var family = ModelFamilies.Of(model[(slash + 1)..]);
        return family.Length == 0 ? model : string.Concat(model.AsSpan(0, slash + 1), family);
    }

    private sealed class Family
    {
        private readonly Lock _learning = new();
        private readonly double[] _arrived = new double[Window];
        private readonly double[] _sorted = new double[Window];
        private int _count;
        private int _next;
        private double _factor = 1;

        public double Factor => Volatile.Read(ref _factor);

        public void Learn(double ratio)
        {
            lock (_learning)
            {
                if (_count == Window)
                {
                    Forget(_arrived[_next]);
                }

                _arrived[_next] = ratio;
                _next = (_next + 1) % Window;
                Insert(ratio);
                if (_count >= Needed)
                {
                    var covering = _sorted[(int)Math.Ceiling(_count * Covered) - 1];
                    Volatile.Write(ref _factor, Math.Clamp(Math.Min(covering, _sorted[_count / 2] * MostAboveMedian), Least, Most));
                }
            }
        }

        private void Forget(double ratio)
        {
            var at = Array.BinarySearch(_sorted, 0, _count, ratio);
            _count--;
            Array.Copy(_sorted, at + 1, _sorted, at, _count - at);
        }

        private void Insert(double ratio)
        {
            var at = Array.BinarySearch(_sorted, 0, _count, ratio);
            at = at < 0 ? ~at : at;
            Array.Copy(_sorted, at, _sorted, at + 1, _count - at);
            _sorted[at] = ratio;
            _count++;
        }
    }
}
