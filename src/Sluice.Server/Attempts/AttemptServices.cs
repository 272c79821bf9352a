using Sluice.Core.Admission;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Health;
using Sluice.Core.Ledger;
using Sluice.Core.Reasoning;
using Sluice.Core.Routing;
using Sluice.Core.Tokens;
using Sluice.Server.Media;
using Sluice.Server.Settlement;
using Sluice.Server.ToolCalls;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>What every attempt loop works with; one for the process.</summary>
/// <param name="DrainOver">Cancelled when a stopping process can wait no longer for open requests.</param>
internal sealed record AttemptServices(
    UpstreamClient Upstreams, IHealth Health, IAffinity Affinity, ILedger Ledger, Settler Settler, RetryBudget RetryBudget, FailedRequests FailedRequests, RefusedBetas RefusedBetas, EstimateCorrection Estimates, IReasoningMemory Reasoning, AdmissionControl Admission, BudgetBook Budgets, JobIds Jobs, TimeProvider Time, Random Random,
    CancellationToken DrainOver)
{
    /// <summary>Counts how often tool calls can be run.</summary>
    public ToolCallMeter ToolCalls { get; } = new(Health);
}
