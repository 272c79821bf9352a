using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Server.Explain;

namespace Sluice.Server.Admission;

/// <summary>Whose limits a caller's request counts against, and how they stand.</summary>
internal static class CallerLimits
{
    /// <summary>Whom it is counted for.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="project">As the request or else its key says.</param>
    /// <param name="plan">What it asks for.</param>
    public static CallerScopes ScopesOf(Caller caller, string? project, Plan plan) =>
        new(caller.KeyId, caller.User, caller.Team, project, plan.Model?.Id, FreeModels.Has(plan));

    /// <summary>What is allowed and what is left, for whoever asks before sending.</summary>
    public static IReadOnlyList<PlanLimit> Of(AdmissionControl admission, CallerScopes caller) =>
        [.. admission.Read(caller).Select(use => new PlanLimit(use.Scope.ToString(), use.Kind.NameOf(), use.Limit) { Left = Math.Max(0, use.Left) })];
}
