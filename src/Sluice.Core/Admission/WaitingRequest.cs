using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>One request that waits, for people.</summary>
/// <param name="Flow">In whose name.</param>
/// <param name="Lack">What for.</param>
/// <param name="Waited">How long by now.</param>
public sealed record WaitingRequest(Flow Flow, Shortage Lack, TimeSpan Waited);

/// <summary>How one scope stands, for people.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Limits">As they stand.</param>
/// <param name="Held">Requests under way.</param>
/// <param name="Waiting">Requests that wait in its line.</param>
public sealed record ScopeUse(LimitScope Scope, LimitSet Limits, long Held, int Waiting);

/// <summary>How one limit of a scope stands.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Kind">Which.</param>
/// <param name="Limit">Its size.</param>
/// <param name="Left">What could be taken now; below zero where more was used than expected.</param>
public sealed record LimitUse(LimitScope Scope, LimitKind Kind, long Limit, long Left);
