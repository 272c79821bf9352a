using Microsoft.AspNetCore.Http;
using Sluice.Core.Admission;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Core.Tokens;
using Sluice.Protocols.Native;
using Sluice.Server.Admission;
using Sluice.Server.Budgets;
using Sluice.Server.Identity;
using Sluice.Server.Routing;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Explain;

/// <summary>Plans a request that nobody sends. It takes the steps of <c>InferencePipeline</c> up to the plan and no further.</summary>
internal sealed class WhatIf(Func<ConfigSnapshot> snapshot, Planner planner, IAffinity affinity, EstimateCorrection estimates, AdmissionControl admission, BudgetBook budgets, TimeProvider time)
{
    /// <summary>The explained plan, or what is wrong with the body.</summary>
    /// <param name="caller">Whose request it would be.</param>
    /// <param name="surface">How the client would speak.</param>
    /// <param name="model">Instead of the body's own; null takes that.</param>
    /// <param name="body">As a client would send it.</param>
    public (PlanExplanation? Explained, string? Error) Explain(Caller caller, Surface surface, string? model, ReadOnlyMemory<byte> body)
    {
        var (envelope, invalid) = surface.Scan(contentType: null, body);
        if (envelope is null)
        {
            return (null, invalid!.Message);
        }

        envelope = RoutingRequests.WithModel(envelope);
        envelope = envelope with { Model = model ?? envelope.Model };
        if (string.IsNullOrEmpty(envelope.Model))
        {
            return (null, "Neither 'model' nor the body names a model.");
        }

        var current = snapshot();
        var facts = ClientFacts.Read(new DefaultHttpContext().Request, caller, envelope, surface.Operation);
        var (routing, misread) = RoutingRequests.Of(caller, facts, envelope, body.Span, surface with { IsOpenRouters = false });
        if (routing is null)
        {
            return (null, misread!.Message);
        }

        var session = SessionKey.Of(routing.Session, caller.User, envelope, body.Span);
        var plan = planner.Plan(current, RoutingRequests.WithPrompt(routing, current, envelope, body) with { Session = session.ForPlan(affinity) });
        var scopes = CallerLimits.ScopesOf(caller, facts.Project, plan);
        return (new PlanExplanation(surface, envelope, plan, session, current)
        {
            Affinity = affinity,
            Estimates = estimates,
            Now = time.GetUtcNow(),
            MaxPrice = routing.Preferences.MaxPrice,
            CallersLimits = [.. CallerLimits.Of(admission, scopes), .. CallerBudgets.Of(budgets, scopes)],
        }, null);
    }
}
