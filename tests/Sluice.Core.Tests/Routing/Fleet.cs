using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Testing;

namespace Sluice.Core.Tests.Routing;

/// <summary>One endpoint of a fleet as a test writes it.</summary>
internal sealed record Ship(string Provider)
{
    public string Model { get; init; } = "x/one";

    public decimal? Price { get; init; } = 1;

    public PriceSheet? Sheet { get; init; }

    public ModelTraits Traits { get; init; } = ModelTraits.Unknown;

    public ProviderKind Kind { get; init; } = ProviderKind.OpenAI;

    public string Url { get; init; } = "http://127.0.0.1:1/v1";

    public string? Region { get; init; }

    public DataPolicy Policy { get; init; } = new();

    public long? Context { get; init; }

    public long? MaxOutput { get; init; }

    public string? Quantization { get; init; }

    public string? Tag { get; init; }

    public RequestParameters? Parameters { get; init; }

    public EndpointSpeed? Speed { get; init; }

    /// <summary>Requests of half an hour, answers with tool calls of two hours, and how many of these failed.</summary>
    public (int Requests, int Answers, int Failed) Tools { get; init; }

    /// <summary>Tiers that it is offered in as well, with their prices.</summary>
    public (string Tier, decimal? Price)[] Tiers { get; init; } = [];
}

/// <summary>Endpoints with all that filters and orders look at; health says what the test set.</summary>
internal sealed class Fleet : IHealth
{
    private readonly Dictionary<string, EndpointToolUse> _toolUse = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EndpointSpeed?> _speeds = new(StringComparer.Ordinal);

    public Fleet(params Ship[] ships)
        : this(7, ships)
    {
    }

    public Fleet(long seed, params Ship[] ships)
    {
        Affinity = new SessionAffinity(Time);
        Planner = new Planner(this, Affinity, Time, seed);
        var models = new Dictionary<string, ResolvedModel>(StringComparer.OrdinalIgnoreCase);
        foreach (var group in ships.GroupBy(ship => ship.Model))
        {
            var model = new Model(group.Key) { Traits = group.First().Traits };
            models[group.Key] = new ResolvedModel(model, [.. group.Select(ship => Endpoint(ship, model))], "exact");
        }

        foreach (var ship in ships)
        {
            _toolUse[ship.Provider] = new EndpointToolUse(ship.Tools.Requests, new ToolCallCounts(ship.Tools.Answers - ship.Tools.Failed, ship.Tools.Failed, 0, 0));
            _speeds[$"{ship.Provider}/{UpstreamOf(ship)}"] = ship.Speed;
        }

        Snapshot = new ConfigSnapshot
        {
            Server = new ServerSettings(),
            Providers = [.. ships.DistinctBy(ship => ship.Provider).Select(Settings)],
            Catalogue = new Models(models),
        };
    }

    public ManualTimeProvider Time { get; } = new();

    public Planner Planner { get; }

    public SessionAffinity Affinity { get; }

    public ConfigSnapshot Snapshot { get; set; }

    /// <summary>Providers that failed in the last 30 seconds.</summary>
    public HashSet<string> Failed { get; } = new(StringComparer.Ordinal);

    /// <summary>Providers, or endpoints by their ids, that are not asked now, and why.</summary>
    public Dictionary<string, Exclusion> Out { get; } = new(StringComparer.Ordinal);

    /// <summary>Sets what is measured of an endpoint.</summary>
    public void Measure(string endpoint, EndpointSpeed speed) => _speeds[endpoint] = speed;

    /// <summary>How often a speed was asked for.</summary>
    public int SpeedsAsked { get; private set; }

    public Plan Plan(ProviderPreferences preferences, RequestNeeds needs = default, string model = "x/one", params string[] fallbacks) =>
        Planner.Plan(Snapshot, new RoutingRequest(model) { Preferences = preferences, Needs = needs, FallbackModels = fallbacks });

    public string[] Order(ProviderPreferences preferences, RequestNeeds needs = default, string model = "x/one", params string[] fallbacks) =>
        Providers(Plan(preferences, needs, model, fallbacks));

    public string[] Order(RequestNeeds needs) => Order(ProviderPreferences.None, needs);

    public static string[] Providers(Plan plan) => [.. plan.Candidates.Select(candidate => candidate.Provider.Name)];

    /// <summary>Ids of the endpoints, without the upstream's name of the model: <c>a</c>, <c>a#flex</c>.</summary>
    public static string[] Endpoints(Plan plan) => [.. plan.Candidates.Select(candidate => candidate.Endpoint.Id.Replace("/up", "", StringComparison.Ordinal))];

    public static EndpointSpeed Speed(double rate, double seconds) =>
        new(10, seconds, rate, new Percentiles(seconds, seconds, seconds, seconds), new Percentiles(rate, rate, rate, rate));

    public void Succeeded(ModelEndpoint endpoint, Credential? credential, AttemptSpeed speed = default, Probe? probe = null)
    {
    }

    void IHealth.Failed(ModelEndpoint endpoint, Credential? credential, UpstreamFault fault, Probe? probe)
    {
    }

    public bool TryEnter(ModelEndpoint endpoint, Credential? credential, bool mayProbe, out Probe? probe)
    {
        probe = null;
        return true;
    }

    void IHealth.CalledTools(ModelEndpoint endpoint, ToolCallOutcome outcome)
    {
    }

    EndpointToolUse IHealth.ToolUse(ModelEndpoint endpoint) => _toolUse.GetValueOrDefault(endpoint.Provider);

    public Task<bool> ProbeHeardAsync(ModelEndpoint endpoint, Credential? credential, TimeSpan longest, CancellationToken cancellation) => Task.FromResult(false);

    public EndpointHealth Of(ModelEndpoint endpoint) => throw new NotSupportedException("A fleet keeps no places.");

    public bool FailedRecently(ModelEndpoint endpoint) => Failed.Contains(endpoint.Provider);

    public bool FailedRecently(ModelEndpoint endpoint, Credential? credential) => Failed.Contains(endpoint.Provider);

    public Exclusion? Excluded(ModelEndpoint endpoint, Credential? credential) => Out.TryGetValue(endpoint.Provider, out var exclusion) || Out.TryGetValue(endpoint.Id, out exclusion) ? exclusion : null;

    public LastWords? WordsFor(ModelEndpoint endpoint, Credential? credential) => null;

    EndpointSpeed? IHealth.Speed(ModelEndpoint endpoint)
    {
        SpeedsAsked++;
        return _speeds.GetValueOrDefault(endpoint.Id);
    }

    private static string UpstreamOf(Ship ship) => ship.Tag is null ? "up" : "up-" + ship.Tag;

    private static ModelEndpoint Endpoint(Ship ship, Model model) =>
        new ModelEndpoint(model, ship.Provider, UpstreamOf(ship), ship.Sheet ?? Flat(ship.Price))
        {
            ContextLength = ship.Context,
            MaxOutputTokens = ship.MaxOutput,
            Quantization = ship.Quantization,
            Tag = ship.Tag,
            Parameters = ship.Parameters,
        }.OfferedIn(ship.Tiers.Select(tier => (tier.Tier, Flat(tier.Price))));

    private static PriceSheet? Flat(decimal? price) => price is null ? null : new PriceSheet { Input = price, Output = price };

    private static ProviderSettings Settings(Ship ship) => new()
    {
        Name = ship.Provider,
        Kind = ship.Kind,
        BaseUrl = new Uri(ship.Url),
        Region = ship.Region,
        DataPolicy = ship.Policy,
        Dialect = ship.Kind == ProviderKind.OpenRouter ? Protocols.OpenAIChat.ChatDialect.OpenRouter : Protocols.OpenAIChat.ChatDialect.Generic,
        Credentials = [new Credential(ship.Provider + "#1", "secret of " + ship.Provider)],
    };

    private sealed class Models(Dictionary<string, ResolvedModel> models) : CatalogueTable
    {
        public override IReadOnlyList<ResolvedModel> Servable => [.. models.Values];

        public override ResolvedModel? Resolve(string name)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            return models.TryGetValue(colon < 0 ? name : name[..colon], out var found) ? found with { Variant = colon < 0 ? null : name[(colon + 1)..] } : null;
        }

        public override IReadOnlyList<string> Suggest(string name) => [];
    }
}
