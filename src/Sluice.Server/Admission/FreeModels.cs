using Sluice.Core.Routing;

namespace Sluice.Server.Admission;

/// <summary>Which requests count to <c>limits.free</c>.</summary>
internal static class FreeModels
{
    /// <summary>The model is a free variant, or whoever is asked first takes nothing for it.</summary>
    public static bool Has(Plan plan) =>
        plan.Candidates is [var first, ..]
        && (first.Endpoint.Model.Id.EndsWith(":free", StringComparison.Ordinal) || first.Endpoint.UpstreamModel.EndsWith(":free", StringComparison.Ordinal)
            || first.Endpoint.Price is { Input: 0, Output: 0 });
}
