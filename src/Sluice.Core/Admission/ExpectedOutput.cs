using System.Collections.Concurrent;

namespace Sluice.Core.Admission;

/// <summary>
/// How much output a request is likely to bring. Agents ask for 32,000 tokens and get three hundred: reserved by what they ask for, a minute's
/// output would be gone after a dozen requests. So what a model's answers usually are, and two deviations more, but never more than asked for.
/// </summary>
public sealed class ExpectedOutput
{
    /// <summary>For a model that has not answered yet.</summary>
    public const long Unknown = 1_000;

    // Names may come from clients; more models than this nobody configures.
    private const int MostModels = 4_096;

    // About the last twenty answers.
    private const double Share = 0.1;

    private readonly ConcurrentDictionary<string, Usual> _models = new(StringComparer.Ordinal);

    /// <summary>Tokens to reserve.</summary>
    /// <param name="model">Canonical id.</param>
    /// <param name="most">The request's own bound; null where it names none.</param>
    public long Of(string model, long? most)
    {
        var usual = _models.TryGetValue(model, out var known) ? (long)Math.Ceiling(known.Mean + (2 * known.Deviation)) : Unknown;
        return Math.Clamp(usual, 1, Math.Max(1, most ?? long.MaxValue));
    }

    /// <summary>An answer ended.</summary>
    public void Learn(string model, long output)
    {
        if (_models.Count < MostModels || _models.ContainsKey(model))
        {
            _models.AddOrUpdate(
                model,
                static (_, first) => new Usual(first, first / 2.0),
                static (_, known, next) => new Usual(known.Mean + (Share * (next - known.Mean)), known.Deviation + (Share * (Math.Abs(next - known.Mean) - known.Deviation))),
                output);
        }
    }

    private sealed record Usual(double Mean, double Deviation);
}
