using System.Globalization;
using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Ledger;
using Sluice.Core.Nodes;
using Sluice.Server.Admin;
using Sluice.Server.Admission;
using Sluice.Storage;

namespace Sluice.Server.Operations;

/// <summary>Says what runs now, from the configuration in force and the health of its endpoints.</summary>
internal sealed class StatusSource(ConfigWatcher configuration, HealthReader health, AdmissionControl admission, BudgetBook budgets, ISharedStore? shared, Func<LedgerStanding> ledger, DateTimeOffset startedAt, TimeProvider time) : IStatusSource
{
    // A page for people: how many more wait is told beside it.
    private const int MostWaiting = 100;

    // The first of the marks at which people want to hear of a budget; all of them are shown by `sluice budgets list`.
    private const int NearTheEnd = 50;
    private const int MostBudgets = 20;

    // More than a store that keeps up ever lacks; seconds of work for one that is coming back.
    private const long ManyUnshipped = 64 * 1000 * 1000;

    private static readonly string Version = typeof(StatusSource).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <inheritdoc/>
    public StatusReport Read()
    {
        var current = configuration.Current;
        var standing = ledger();
        return new StatusReport(Version, startedAt, (long)(time.GetUtcNow() - startedAt).TotalSeconds,
            [.. health.Read().Select(Describe)],
            [.. current.Warnings, .. configuration.LastErrors.Select(e => "The configuration file has an error and was not taken: " + e), .. configuration.LastFaults, .. StoreAway(), .. Spool(standing), .. BudgetsNearTheirEnd()])
        {
            Waiting = [.. admission.ReadWaiting().Take(MostWaiting).Select(Describe)],
            WaitingCount = admission.Gate.Waiting,
            Nodes = [.. (shared?.Nodes ?? []).Select(node => new NodeStatus(node.Id, node.Host, node.Version, node.StartedAt, node.SeenAt, node.Id == shared!.Node))],
            Ledger = new LedgerStatus(standing.Store, standing.Unshipped, standing.UnshippedBytes, standing.Fault),
            StoreAwaySince = shared?.Standing.AwaySince,
        };
    }

    private IEnumerable<string> StoreAway() => shared?.Standing is { AwaySince: { } since, Reason: var reason }
        ? [string.Create(CultureInfo.InvariantCulture, $"Since {since.UtcDateTime:HH:mm:ss} UTC: {reason} Requests are served with what is known; changes are refused until it is back.")]
        : [];

    private static IEnumerable<string> Spool(LedgerStanding standing) => standing.Fault is { } fault
        ? [string.Create(CultureInfo.InvariantCulture, $"The ledger's store does not take the journal, which holds {standing.UnshippedBytes / 1_000_000.0:0.#} MB for it and grows: {fault}")]
        : standing.UnshippedBytes >= ManyUnshipped
            ? [string.Create(CultureInfo.InvariantCulture, $"The ledger's store is behind: the journal holds {standing.UnshippedBytes / 1_000_000.0:0.#} MB that it has not taken.")]
            : [];

    private IEnumerable<string> BudgetsNearTheirEnd() =>
        from standing in budgets.Read().Where(standing => standing.PercentSpent >= NearTheEnd).OrderByDescending(standing => standing.PercentSpent).Take(MostBudgets)
        select string.Create(CultureInfo.InvariantCulture, $"The {(standing.Budget.IsHard ? "hard" : "soft")} budget of {standing.Budget.Name} is spent to {standing.PercentSpent} percent.");

    private static WaitingStatus Describe(WaitingRequest waiting) => new(
        waiting.Flow.Owner, waiting.Flow.Session, waiting.Flow.IsBackground ? "background" : "interactive", LimitErrors.NameOf(waiting.Lack), Math.Round(waiting.Waited.TotalSeconds, 1));

    private ProviderStatus Describe(ProviderStanding standing)
    {
        var provider = standing.Provider;
        return new ProviderStatus(provider.Name, ProviderKindNames.WordOf(provider.Kind), standing.State, standing.Endpoints.Count, Detail(standing))
        {
            Uptime = Uptime(standing.Count),
            Limits = admission.ReadProvider(provider.Name) is { } use ? new LimitsStatus(use.Held, use.Limits.Concurrency, use.Waiting) : null,
            Endpoints = [.. standing.Endpoints.Where(e => e.State != "ok" || HasTraffic(e)).Select(Describe)],
            Credentials = [.. provider.Credentials.Select(c => Describe(health.Read(provider, c)))],
        };
    }

    private static bool HasTraffic(EndpointStanding endpoint) => endpoint.Place.Count(HealthWindow.Day) != default;

    private static EndpointStatus Describe(EndpointStanding endpoint)
    {
        var place = endpoint.Place;
        var recent = place.Count(HealthWindow.FiveMinutes);
        return new EndpointStatus(endpoint.Endpoint.Model.Id, endpoint.Endpoint.UpstreamModel, endpoint.State, CircuitNames.Of(endpoint.Circuit), endpoint.OpenUntil, endpoint.CoolingUntil)
        {
            Uptime = Uptime(place.Count),
            Succeeded = recent.Succeeded,
            Failed = recent.Failed,
            Limited = recent.Limited,
            Failures = [.. place.Failures(HealthWindow.FiveMinutes).Select(f => new FailureCount(AttemptCause.Of(f.Kind), f.Count))],
            Speed = place.Speed() is { } speed ? new SpeedStatus(speed.Samples, speed.FirstTokenSeconds, speed.TokensPerSecond, speed.Latency.P90, speed.Throughput.P90) : null,
        };
    }

    private static CredentialStatus Describe(CredentialStanding standing)
    {
        var state = standing.Excluded?.Cause switch
        {
            ExclusionCause.Dead => "dead",
            ExclusionCause.Cooldown => "cooling",
            _ => "ok",
        };
        return new CredentialStatus(standing.Id, state, state == "cooling" ? standing.Excluded!.Value.Until : null, standing.FiveMinutes.Succeeded, standing.FiveMinutes.Failed, standing.FiveMinutes.Limited);
    }

    private static UptimeStatus Uptime(Func<HealthWindow, OutcomeCounts> count) =>
        new(count(HealthWindow.FiveMinutes).Uptime, count(HealthWindow.HalfHour).Uptime, count(HealthWindow.Day).Uptime);

    private static string? Detail(ProviderStanding standing)
    {
        List<string> said = [];
        Say("failing", "failed in the last 30 seconds");
        Say("open", "failed too often: their circuits are open");
        Say("cooling", "cool down at the provider's wish");
        Say("dead", "have no credential that the provider takes");
        return said.Count == 0 ? null : $"Of its models {string.Join("; ", said)}.";

        void Say(string state, string what)
        {
            if (standing.Endpoints.Count(e => e.State == state) is > 0 and var count)
            {
                said.Add($"{count} {what}");
            }
        }
    }
}
