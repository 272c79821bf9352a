using Sluice.Core.Health;
using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Ordering;

/// <summary>How an endpoint stands among those of its model as to tool calls.</summary>
internal enum ToolStanding
{
    /// <summary>Too few requests to tell.</summary>
    Unknown,

    /// <summary>As good as the others.</summary>
    Good,

    /// <summary>Clearly worse than the others, or clearly slower.</summary>
    Worse,
}

/// <summary>
/// The standings for the sort <c>exacto</c>: by the share of answers whose tool calls could be run, and by throughput, each against the median
/// of the model's endpoints. Figures are OpenRouter's (its documentation of Auto Exacto), but that it also knows scores of benchmarks.
/// </summary>
internal static class ToolStandings
{
    /// <summary>Attempts of the last half hour below which nothing is said of an endpoint.</summary>
    public const int LeastRequests = 100;

    /// <summary>Answers with tool calls of the last two hours below which nothing is said of it.</summary>
    public const int LeastAnswers = 200;

    /// <summary>Endpoints below which none is worse than the others: of two that differ, who is the odd one out?</summary>
    public const int LeastPeers = 4;

    /// <summary>Keys of endpoints of which something is known are at most this: below all keys of other sorts that may stand beside them.</summary>
    public const double KnownKey = -1e12;

    // How many deviations below the median are too many.
    private const double SuccessDeviations = 2;
    private const double ThroughputDeviations = 1.5;

    // Where nearly all are the same, the median deviation is next to nothing, and who is off by a hair must not be put last for it.
    private const double LeastSuccessDeviation = 0.01;
    private const double LeastThroughputShare = 0.05;

    // A normal distribution's standard deviation by its median deviation.
    private const double Sigma = 1.4826;

    /// <summary>
    /// The standing of each endpoint and the key to sort it by, lower first: the share that failed in whole percent, then throughput. Null where
    /// nothing is known of any.
    /// </summary>
    public static (ToolStanding Standing, double Key)[]? Of(EndpointFacts[] endpoints, SpeedReading speeds, IHealth health)
    {
        var standings = new (ToolStanding Standing, double Key)[endpoints.Length];
        var successes = new double[endpoints.Length];
        var known = new List<int>();
        for (var i = 0; i < endpoints.Length; i++)
        {
            var use = health.ToolUse(endpoints[i].Endpoint);
            if (use.Requests >= LeastRequests && use.Calls.Answers >= LeastAnswers)
            {
                known.Add(i);
                successes[i] = use.Calls.Success!.Value;
                standings[i] = (ToolStanding.Good, KeyOf(successes[i], speeds[i]));
            }
        }

        if (known.Count >= LeastPeers)
        {
            var rates = known.FindAll(i => speeds[i] is { TokensPerSecond: > 0 }).ConvertAll(i => speeds[i]!.TokensPerSecond);
            var leastSuccess = Bound(known.ConvertAll(i => successes[i]), SuccessDeviations, static _ => LeastSuccessDeviation);
            var leastRate = rates.Count < LeastPeers ? 0 : Bound(rates, ThroughputDeviations, static median => median * LeastThroughputShare);
            foreach (var i in known)
            {
                if (successes[i] < leastSuccess || speeds[i]?.TokensPerSecond < leastRate)
                {
                    standings[i].Standing = ToolStanding.Worse;
                }
            }
        }

        return known.Count > 0 ? standings : null;
    }

    // Percent that failed, less a part of one percent for throughput; far enough below zero, and near enough to keep the parts apart.
    private static double KeyOf(double success, EndpointSpeed? speed) =>
        KnownKey + Math.Round((1 - success) * 100) - (speed is { TokensPerSecond: > 0 and var rate } ? rate / (rate + 100) : 0) - 101;

    private static double Bound(List<double> values, double deviations, Func<double, double> least)
    {
        var median = Median(values);
        var deviation = Sigma * Median(values.ConvertAll(value => Math.Abs(value - median)));
        return median - (deviations * Math.Max(deviation, least(median)));
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        var half = values.Count / 2;
        return values.Count % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }
}
