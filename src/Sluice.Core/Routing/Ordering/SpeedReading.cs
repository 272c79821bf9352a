using Sluice.Core.Configuration;
using Sluice.Core.Health;

namespace Sluice.Core.Routing.Ordering;

/// <summary>How fast the endpoints of a model were at one moment, by their positions.</summary>
/// <param name="at">Timestamp of the moment.</param>
/// <param name="speeds">Null where an endpoint has not been measured lately.</param>
internal sealed class SpeedReading(long at, EndpointSpeed?[] speeds)
{
    /// <summary>The key of an endpoint that the sort's measure is not known of.</summary>
    public const double Unmeasured = double.MaxValue;

    private Ranking? _byThroughput;
    private Ranking? _byLatency;

    public long At { get; } = at;

    public EndpointSpeed? this[int position] => speeds[position];

    /// <summary>Fastest first; those that were not measured come last, as they are listed.</summary>
    public Ranking By(RouteSort sort) => sort == RouteSort.Throughput
        ? _byThroughput ??= Ranking.By(Array.ConvertAll(speeds, static speed => speed is { TokensPerSecond: > 0 and var rate } ? -rate : Unmeasured))
        : _byLatency ??= Ranking.By(Array.ConvertAll(speeds, static speed => speed is { FirstTokenSeconds: > 0 and var seconds } ? seconds : Unmeasured));

    /// <summary>Some endpoint was measured in this way.</summary>
    public bool IsAnyMeasured(RouteSort sort) => By(sort).Entries is [{ Key: not Unmeasured }, ..];
}
