namespace Sluice.Core.Advice;

/// <summary>
/// A time in which a model at a provider failed for everybody. Its minutes are of three kinds: <see cref="Bridged"/>, <see cref="Passed"/>, and
/// those in which nobody asked.
/// </summary>
/// <param name="Provider">Whose.</param>
/// <param name="Model">Canonical.</param>
/// <param name="From">The first call that failed.</param>
/// <param name="To">The last.</param>
/// <param name="Minutes">Minutes of the clock that it touches.</param>
/// <param name="Bridged">Minutes in which requests were answered elsewhere, and none failed.</param>
/// <param name="Passed">Minutes in which at least one request failed for its client.</param>
/// <param name="Answered">Requests that were answered elsewhere.</param>
/// <param name="Failed">Requests that failed for their clients.</param>
public sealed record Outage(string Provider, string Model, DateTimeOffset From, DateTimeOffset To, int Minutes, int Bridged, int Passed, int Answered, int Failed);
