using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission;

/// <summary>What came of asking to be let in: a permit, or the limit that kept the request out.</summary>
/// <param name="Permit">Set where it was let in.</param>
/// <param name="Way">By which of the ways asked for.</param>
/// <param name="Lack">Where it waited or was refused: for what.</param>
/// <param name="Waited">How long.</param>
public readonly record struct Entry(Permit? Permit, int Way, Shortage? Lack, TimeSpan Waited);
