using Sluice.Core.Admission;
using Sluice.Core.Catalogue;
using Sluice.Core.Guardrails;
using Sluice.Core.Routing.Auto;
using Sluice.Core.Routing.Rules;

namespace Sluice.Core.Configuration;

/// <summary>
/// The whole configuration, validated and compiled: immutable, swapped as one, read once at the start of a request.
/// </summary>
public sealed record ConfigSnapshot
{
    /// <summary>What listens.</summary>
    public required ServerSettings Server { get; init; }

    /// <summary>Providers by slug, in the file's order.</summary>
    public required IReadOnlyList<ProviderSettings> Providers { get; init; }

    /// <summary>Models, aliases and endpoints, compiled from the file and the built-in catalogue for these providers.</summary>
    public required CatalogueTable Catalogue { get; init; }

    /// <summary>Further models to try for a model, by canonical id; <c>*</c> for any model without its own chain.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Fallbacks { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>Which requests go to other models than they ask for.</summary>
    public RuleTable Rules { get; init; } = RuleTable.Empty;

    /// <summary>What <c>sluice/auto</c> and its like choose among.</summary>
    public AutoTable Auto { get; init; } = AutoTable.Empty;

    /// <summary>Order, affinity, retries.</summary>
    public RoutingSettings Routing { get; init; } = new();

    /// <summary>When silent client streams get a sign of life.</summary>
    public KeepAliveSettings KeepAlive { get; init; } = new();

    /// <summary>When an endpoint that keeps failing is left alone.</summary>
    public BreakerSettings Breaker { get; init; } = new();

    /// <summary>Limits of callers, shares, and how long requests wait.</summary>
    public AdmissionSettings Admission { get; init; } = new();

    /// <summary>What no prompt may hold.</summary>
    public GuardrailTable Guardrails { get; init; } = GuardrailTable.Empty;

    /// <summary>How long thinking is kept for clients that forget it, since it was last needed; zero: not at all.</summary>
    public TimeSpan KeepReasoning { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a request may take in all, where no rule says otherwise; zero for as long as its attempts may.</summary>
    public TimeSpan RequestTimeout { get; init; }

    /// <summary>A conversation that overflowed, and that no larger window can take, is shortened in its middle.</summary>
    public bool ShortensContext { get; init; }

    /// <summary>Which answers are kept.</summary>
    public CacheSettings Cache { get; init; } = new();

    /// <summary>How inference callers prove who they are.</summary>
    public AuthSettings Auth { get; init; } = new();

    /// <summary>Who is told how Sluice does.</summary>
    public TelemetrySettings Telemetry { get; init; } = new();

    /// <summary>Sections that were accepted though nothing acts on them yet, and other remarks; one sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Hash over the file and everything substituted into it; changes exactly when the snapshot would.</summary>
    public string ContentHash { get; init; } = "";

    /// <summary>Finds a provider by slug.</summary>
    public ProviderSettings? Provider(string name)
    {
        foreach (var provider in Providers)
        {
            if (provider.Name == name)
            {
                return provider;
            }
        }

        return null;
    }
}

/// <summary>What listens and how much it takes.</summary>
public sealed record ServerSettings
{
    /// <summary>Addresses to listen on.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:8787"];

    /// <summary>Largest request body, in bytes.</summary>
    public long MaxBody { get; init; } = 32L * 1024 * 1024;

    /// <summary>All request bodies held at once, in bytes; null is a quarter of the machine's memory.</summary>
    public long? MaxBuffered { get; init; }

    /// <summary>The data folder, absolute.</summary>
    public string DataFolder { get; init; } = "";

    /// <summary><c>sqlite:PATH</c>, the path absolute, or <c>postgres://…</c>, which may hold a password.</summary>
    public string Storage { get; init; } = "";

    /// <summary>Ledger durability: true syncs every group of records to the disk (<c>ledger.durability: power</c>).</summary>
    public bool SyncLedger { get; init; }
}

/// <summary>How inference callers prove who they are.</summary>
public sealed record AuthSettings
{
    /// <summary>True: any key or none is taken (<c>auth.mode: open</c>; loopback addresses only).</summary>
    public bool Open { get; init; }

    /// <summary>The admin key from the file or the environment; null where one is made and kept in the data folder.</summary>
    public string? AdminKey { get; init; }
}

/// <summary>Order, affinity, retries.</summary>
public sealed record RoutingSettings
{
    /// <summary>How endpoints of one model are ordered.</summary>
    public RouteSort Sort { get; init; } = RouteSort.Order;

    /// <summary>A session stays where it last succeeded.</summary>
    public bool SessionAffinity { get; init; } = true;

    /// <summary>How often a failed candidate is tried again after every candidate was tried once.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Share of traffic that such repeats may add, process-wide; at least 10 a minute are always allowed.</summary>
    public decimal RetryBudget { get; init; } = 0.10m;

    /// <summary>How long a candidate may show nothing before the next one is asked as well; zero for never.</summary>
    public TimeSpan Hedge { get; init; }
}

/// <summary>How endpoints of one model are ordered.</summary>
public enum RouteSort
{
    /// <summary>As the file lists the providers, then by price.</summary>
    Order,

    /// <summary>Drawn with weight 1/price², recent outages last.</summary>
    Balanced,

    /// <summary>Cheapest first.</summary>
    Price,

    /// <summary>Most tokens per second first.</summary>
    Throughput,

    /// <summary>Quickest first token first.</summary>
    Latency,

    /// <summary>Most reliable tool calls first; only a request asks for it.</summary>
    Exacto,
}

/// <summary>When silent client streams get a sign of life.</summary>
public sealed record KeepAliveSettings
{
    /// <summary>Silence before the first one; also when the status gate opens.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Between further ones.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>Who is told how Sluice does.</summary>
public sealed record TelemetrySettings
{
    /// <summary>Metrics may be read at <c>/metrics</c>.</summary>
    public bool Prometheus { get; init; } = true;
}
