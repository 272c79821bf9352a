using Sluice.Core.Routing;

namespace Sluice.Core.Health;

/// <summary>How fast one attempt was.</summary>
/// <param name="FirstToken">From sending to the first content; null where nothing came or the answer was not streamed.</param>
/// <param name="Total">From sending to the end.</param>
/// <param name="OutputTokens">Reported; 0 where none were.</param>
public readonly record struct AttemptSpeed(TimeSpan? FirstToken, TimeSpan Total, long OutputTokens);

/// <summary>How fast an endpoint was in the last five minutes.</summary>
/// <param name="Samples">Attempts measured; few say little.</param>
/// <param name="FirstTokenSeconds">Moving average, later attempts weighing more.</param>
/// <param name="TokensPerSecond">Moving average; of the time after the first token.</param>
/// <param name="Latency">Seconds to the first token, by percentile.</param>
/// <param name="Throughput">Tokens per second, by percentile of attempts: p90 is what nine of ten reach at least.</param>
public sealed record EndpointSpeed(int Samples, double FirstTokenSeconds, double TokensPerSecond, Percentiles Latency, Percentiles Throughput);
