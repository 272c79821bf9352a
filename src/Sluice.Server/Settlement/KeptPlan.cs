using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Server.Admission;
using Sluice.Server.Attempts;
using Sluice.Server.Budgets;
using Sluice.Server.Explain;

namespace Sluice.Server.Settlement;

/// <summary>The plan as the ledger keeps it; see <see cref="PlanJson.WriteKept"/>.</summary>
internal static class KeptPlan
{
    /// <summary>Null when there was nothing to choose and nothing to explain, which is the usual case.</summary>
    public static string? Write(InferenceRequest request)
    {
        var plan = request.Plan;
        if (plan.Candidates.Count <= 1 && plan.LeftOut.Count == 0 && plan.Notes.Count == 0 && plan.Rule is null && plan.Auto is null && !AdmissionJson.IsWorthTelling(request.Admission)
            && request.PassedOver.Count == 0 && !BudgetJson.IsWorthTelling(request))
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            PlanJson.WriteKept(json, request);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
