using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission;

/// <summary>How one limit stands, as clients are told it so that they can pace themselves.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Limit">Its size.</param>
/// <param name="Remaining">What is left of it.</param>
/// <param name="Reset">When all of it is free again if nobody takes anything.</param>
public sealed record LimitStanding(LimitScope Scope, long Limit, long Remaining, TimeSpan Reset)
{
    /// <summary>What is left, 0 to 1.</summary>
    public double Share => (double)Remaining / Limit;
}
