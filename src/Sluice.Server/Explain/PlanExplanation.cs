using Sluice.Core.Affinity;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Core.Tokens;
using Sluice.Protocols.Native;
using Sluice.Server.Routing;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Explain;

/// <summary>One plan with all that is needed to explain it.</summary>
/// <param name="Surface">How the client speaks.</param>
/// <param name="Envelope">What the request asks for.</param>
/// <param name="Plan">Where it may go.</param>
/// <param name="Session">The conversation.</param>
/// <param name="Snapshot">The configuration that the plan was made with.</param>
internal sealed record PlanExplanation(Surface Surface, Envelope Envelope, Plan Plan, SessionKey Session, ConfigSnapshot Snapshot)
{
    /// <summary>Where sessions are at home.</summary>
    public required IAffinity Affinity { get; init; }

    /// <summary>What is known of how far the estimate is off.</summary>
    public required EstimateCorrection Estimates { get; init; }

    /// <summary>For prices that change.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Price caps of the request; null where it has none.</summary>
    public PriceLimit? MaxPrice { get; init; }

    /// <summary>Limits and budgets of whoever sends it; empty where there are none.</summary>
    public IReadOnlyList<PlanLimit> CallersLimits { get; init; } = [];

    /// <summary>The session's home for the model of a candidate; null without one.</summary>
    public SessionHome? HomeFor(string model) =>
        Session.Value is { } session && Snapshot.Routing.SessionAffinity ? Affinity.Home(session, model) : null;
}
