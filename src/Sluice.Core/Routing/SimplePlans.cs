using System.Collections.Concurrent;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Protocols.Formats;

namespace Sluice.Core.Routing;

/// <summary>With one endpoint, one credential and no fallback there is nothing to decide: the same plan serves until the snapshot or its health changes.</summary>
internal sealed class SimplePlans(ConfigSnapshot? snapshot)
{
    // Clients invent names; the dictionary must not grow with them.
    private const int MostKept = 1024;

    private readonly ConcurrentDictionary<string, Plan> _plans = new(StringComparer.Ordinal);

    public ConfigSnapshot? Snapshot { get; } = snapshot;

    public Plan? Find(ConfigSnapshot snapshot, RoutingRequest request, IHealth health) =>
        ReferenceEquals(Snapshot, snapshot) && IsPlain(request)
        && _plans.TryGetValue(request.Model, out var plan)
        && health.Excluded(plan.Candidates[0].Endpoint, plan.Candidates[0].Credential) is null
            ? plan
            : null;

    /// <summary>The plan of a model with one endpoint serves every plain request for it.</summary>
    public static bool Takes(RoutingRequest request, Plan plan) =>
        IsPlain(request) && plan.Candidates.Count == 1 && plan.Candidates[0].Provider.Credentials.Count <= 1;

    public void Keep(string model, Plan plan)
    {
        if (_plans.Count < MostKept)
        {
            _plans[model] = plan with { Candidates = [plan.Candidates[0] with { Reason = "only endpoint" }] };
        }
    }

    // The request asks for nothing that could change what is planned.
    private static bool IsPlain(RoutingRequest request) =>
        request.AllowedModels.Count == 0 && request.FallbackModels.Count == 0 && request.ServiceTier is null && ReferenceEquals(request.Preferences, ProviderPreferences.None)
        && request.Needs.Makes == Products.Text;
}
