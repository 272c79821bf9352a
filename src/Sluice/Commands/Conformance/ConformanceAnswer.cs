namespace Sluice.Commands.Conformance;

/// <summary>What <c>sluice conformance --json</c> prints.</summary>
/// <param name="Provider">As asked.</param>
/// <param name="Model">The provider's own name of it.</param>
/// <param name="Client">The format that was spoken to Sluice.</param>
/// <param name="Features">In the order in which they ran.</param>
/// <param name="CostUsd">Of all of them by the ledger, exact; null where it could not be read.</param>
internal sealed record ConformanceAnswer(string Provider, string Model, string Client, IReadOnlyList<FeatureResult> Features, string? CostUsd);

/// <summary>One row.</summary>
/// <param name="Feature">What was tried.</param>
/// <param name="Outcome">passed, degraded, refused, failed or skipped.</param>
/// <param name="Reason">One line; empty where it passed.</param>
/// <param name="Degraded">What <c>x-sluice-degraded</c> said.</param>
/// <param name="Requests">For <c>sluice explain</c>.</param>
/// <param name="CostUsd">Of these requests, exact; null where it could not be read.</param>
internal sealed record FeatureResult(string Feature, string Outcome, string Reason, IReadOnlyCollection<string> Degraded, IReadOnlyList<string> Requests, string? CostUsd);
