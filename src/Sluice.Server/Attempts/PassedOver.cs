using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Attempts;

/// <summary>A candidate that was not asked when its turn came, since something had changed after the plan was made.</summary>
/// <param name="Candidate">Whom.</param>
/// <param name="Why">In one sentence without its subject: <c>its circuit has opened since</c>.</param>
/// <param name="At">UTC.</param>
internal sealed record PassedOver(Candidate Candidate, string Why, DateTimeOffset At)
{
    /// <summary>Another request's probe was on its way there: what it hears may be worth waiting for.</summary>
    public bool IsProbed { get; private init; }

    /// <summary>The same after the probe was heard of.</summary>
    public PassedOver Heard() => this with { IsProbed = false };

    /// <summary>Notes that a candidate's circuit kept the request out, and says what the client is told if nobody else answers.</summary>
    public static GatewayError ByCircuit(InferenceRequest request, Candidate candidate, AttemptServices services, bool isHedge)
    {
        var now = services.Time.GetUtcNow();
        var exclusion = services.Health.Excluded(candidate.Endpoint, candidate.Credential);
        var rest = (exclusion?.FreeFrom ?? default) - now;
        var isProbed = exclusion is { IsProbed: true };
        Note(request, new PassedOver(candidate, Reason(request, isProbed, isHedge), now) { IsProbed = isProbed && !isHedge });
        return OpenCircuits.Refusal(request.Envelope.Model!, rest, services.Health.WordsFor(candidate.Endpoint, candidate.Credential));
    }

    private static string Reason(InferenceRequest request, bool isProbed, bool isHedge) =>
        isProbed ? "its circuit is open and another request is its probe"
        : isHedge ? "its circuit is not closed and a hedge is no probe"
        : request.Surface.Operation == SurfaceOperation.CountTokens ? "its circuit is not closed and a count of tokens is no probe"
        : "its circuit has opened since the plan was made";

    // Once for each candidate, as it was the last time: a request that waits may come by again and again.
    private static void Note(InferenceRequest request, PassedOver one)
    {
        request.PassedOver.RemoveAll(other => other.Candidate == one.Candidate);
        request.PassedOver.Add(one);
    }
}
