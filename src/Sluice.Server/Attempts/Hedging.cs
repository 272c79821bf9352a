using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Attempts;

/// <summary>
/// Whether a second candidate is asked while the first has shown nothing yet (<c>routing.hedge</c>). It costs the input twice, so never for
/// requests that must not repeat, never of a place that is not well, and within the budget of repeats: a hedge adds to the load as they do.
/// </summary>
internal static class Hedging
{
    /// <summary>The request may be hedged at all. Cheap; false wherever hedging is off.</summary>
    public static bool IsPossible(InferenceRequest request) =>
        request.Snapshot.Routing.Hedge > TimeSpan.Zero
        && request.Plan.Candidates.Count > 1
        && request.Surface.Operation == SurfaceOperation.Generate
        && request is { Envelope.ContinuesAnswer: false, Facts: { NoRetry: false, IsRepeat: false } };

    /// <summary>The time has come, there is somebody to ask, and the budget allows it: one hedge of it is taken.</summary>
    public static bool MayBegin(InferenceRequest request, AttemptServices services) =>
        Backoff.IsWorthIt(TimeSpan.Zero, TimeSpan.Zero, services.Time.GetUtcNow() - request.StartedAt, request.Facts.Patience)
        && !services.FailedRequests.Has(request)
        && request.Plan.Candidates.Any(candidate => IsFree(request, candidate, services.Health))
        && services.RetryBudget.TryTake(request.Snapshot.Routing.RetryBudget);

    /// <summary>The candidate was not asked yet, and nothing stands against it.</summary>
    public static bool IsFree(InferenceRequest request, Candidate candidate, IHealth health) =>
        !request.Attempts.Exists(a => a.Candidate == candidate) && health.Excluded(candidate.Endpoint, candidate.Credential) is null;
}
