using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Server.Admin;

/// <summary>What runs now.</summary>
/// <param name="Version">Of Sluice.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="UptimeSeconds">Whole seconds.</param>
/// <param name="Providers">In configured order.</param>
/// <param name="Warnings">One sentence each, the configuration's included.</param>
public sealed record StatusReport(string Version, DateTimeOffset StartedAt, long UptimeSeconds, IReadOnlyList<ProviderStatus> Providers, IReadOnlyList<string> Warnings)
{
    /// <summary>Requests that wait for limits, the longest first; at most a hundred of them.</summary>
    public IReadOnlyList<WaitingStatus> Waiting { get; init; } = [];

    /// <summary>How many wait in all.</summary>
    public int WaitingCount { get; init; }

    /// <summary>The nodes that share the database, the oldest first; empty where this process has its store alone.</summary>
    public IReadOnlyList<NodeStatus> Nodes { get; init; } = [];

    /// <summary>Where the ledger is, and what of the journal is not in it yet.</summary>
    public LedgerStatus? Ledger { get; init; }

    /// <summary>Since when the shared database is away, UTC; null while it is there.</summary>
    public DateTimeOffset? StoreAwaySince { get; init; }
}

/// <summary>The ledger's store now.</summary>
/// <param name="Store">A path, or host and database; nothing that would open it.</param>
/// <param name="Unshipped">Records that it does not have yet; some at all times under load.</param>
/// <param name="UnshippedBytes">Their size in the journal.</param>
/// <param name="Fault">Why it does not take them; null while it does.</param>
public sealed record LedgerStatus(string Store, long Unshipped, long UnshippedBytes, string? Fault);

/// <summary>One running Sluice. Times are of the database's clock.</summary>
/// <param name="Id">Of this start.</param>
/// <param name="Host">Name of its machine.</param>
/// <param name="Version">Of Sluice.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="SeenAt">When it last said that it lives.</param>
/// <param name="IsThis">It is the one that answers.</param>
public sealed record NodeStatus(string Id, string Host, string Version, DateTimeOffset StartedAt, DateTimeOffset SeenAt, bool IsThis);

/// <summary>One request that waits.</summary>
/// <param name="Owner">Whose share it is: a user, or what <c>fairness.by</c> says.</param>
/// <param name="Session">The agent conversation.</param>
/// <param name="Priority"><c>interactive</c> or <c>background</c>.</param>
/// <param name="Limit">What it waits for: <c>provider:a concurrency 4</c>.</param>
/// <param name="WaitedSeconds">How long by now.</param>
public sealed record WaitingStatus(string Owner, string? Session, string Priority, string Limit, double WaitedSeconds);

/// <summary>How a provider's configured limits stand.</summary>
/// <param name="Held">Calls under way.</param>
/// <param name="Concurrency">How many may be; 0 is no limit.</param>
/// <param name="Waiting">Requests that stand in its line.</param>
public sealed record LimitsStatus(long Held, long Concurrency, int Waiting);

/// <summary>One provider now.</summary>
/// <param name="Name">Slug.</param>
/// <param name="Kind">As in the configuration.</param>
/// <param name="State">One word: <c>ok</c>; <c>failing</c> where some model is not; where no model is asked, why: <c>open</c>, <c>cooling</c>, <c>dead</c>.</param>
/// <param name="Models">How many models it can serve.</param>
/// <param name="Detail">One sentence, where the state needs one.</param>
public sealed record ProviderStatus(string Name, string Kind, string State, int Models, string? Detail)
{
    /// <summary>Of all its models together.</summary>
    public UptimeStatus Uptime { get; init; } = new(null, null, null);

    /// <summary>Null where it has no limits.</summary>
    public LimitsStatus? Limits { get; init; }

    /// <summary>Its models that were asked within a day or are not well; the others are.</summary>
    public IReadOnlyList<EndpointStatus> Endpoints { get; init; } = [];

    /// <summary>Its credentials, in configured order.</summary>
    public IReadOnlyList<CredentialStatus> Credentials { get; init; } = [];
}

/// <summary>Share of attempts that were answered, 0 to 1; null where none was made. What was refused for a credential does not count.</summary>
public sealed record UptimeStatus(
    [property: JsonPropertyName("5m")] double? FiveMinutes,
    [property: JsonPropertyName("30m")] double? HalfHour,
    [property: JsonPropertyName("1d")] double? Day);

/// <summary>One model at one provider now. Counts are of the last five minutes.</summary>
/// <param name="Model">Canonical id.</param>
/// <param name="UpstreamModel">The provider's own name of it.</param>
/// <param name="State"><c>ok</c>, <c>failing</c>, <c>open</c>, <c>cooling</c>, <c>dead</c>.</param>
/// <param name="Circuit"><c>closed</c>, <c>open</c>, <c>half_open</c>.</param>
/// <param name="OpenUntil">When an open circuit lets a probe through.</param>
/// <param name="CoolingUntil">When the first credential may be asked again.</param>
public sealed record EndpointStatus(string Model, string UpstreamModel, string State, string Circuit, DateTimeOffset? OpenUntil, DateTimeOffset? CoolingUntil)
{
    /// <summary>Of its attempts.</summary>
    public UptimeStatus Uptime { get; init; } = new(null, null, null);

    /// <summary>Attempts answered.</summary>
    public int Succeeded { get; init; }

    /// <summary>Attempts failed for the provider's or the network's reasons.</summary>
    public int Failed { get; init; }

    /// <summary>Attempts refused for the credential.</summary>
    public int Limited { get; init; }

    /// <summary>By kind of error, the most frequent first.</summary>
    public IReadOnlyList<FailureCount> Failures { get; init; } = [];

    /// <summary>Null while nothing was measured.</summary>
    public SpeedStatus? Speed { get; init; }
}

/// <summary>How often something failed in one way.</summary>
public sealed record FailureCount(string Kind, int Count);

/// <summary>How fast it was in the last five minutes.</summary>
/// <param name="Samples">Attempts measured.</param>
/// <param name="FirstTokenSeconds">Moving average.</param>
/// <param name="TokensPerSecond">Moving average, after the first token.</param>
/// <param name="FirstTokenP90">Seconds that nine of ten did not exceed.</param>
/// <param name="TokensPerSecondP90">What nine of ten reached.</param>
public sealed record SpeedStatus(int Samples, double FirstTokenSeconds, double TokensPerSecond, double? FirstTokenP90, double? TokensPerSecondP90);

/// <summary>One credential now, for every model. Counts are of the last five minutes.</summary>
/// <param name="Id">Safe to show.</param>
/// <param name="State"><c>ok</c>, <c>cooling</c>, <c>dead</c>.</param>
/// <param name="CoolingUntil">Null unless cooling.</param>
/// <param name="Succeeded">Attempts answered.</param>
/// <param name="Failed">Attempts failed for the provider's or the network's reasons.</param>
/// <param name="Limited">Attempts refused for it.</param>
public sealed record CredentialStatus(string Id, string State, DateTimeOffset? CoolingUntil, int Succeeded, int Failed, int Limited);

/// <summary>Says what runs now.</summary>
public interface IStatusSource
{
    /// <summary>A fresh report; from memory, quick.</summary>
    StatusReport Read();
}

/// <summary><c>/status</c></summary>
internal static class StatusApi
{
    public static Task ReadAsync(HttpContext http) =>
        AdminAnswer.JsonAsync(http, http.RequestServices.GetRequiredService<IStatusSource>().Read(), AdminJson.Default.StatusReport);
}
