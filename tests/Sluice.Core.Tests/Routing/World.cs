using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Testing;

namespace Sluice.Core.Tests.Routing;

/// <summary>A small configuration with a clock, a board and a planner, for the tests of routing and health.</summary>
internal sealed class World
{
    private readonly List<ProviderSettings> _providers = [];
    private readonly Dictionary<string, ResolvedModel> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _fallbacks = new(StringComparer.Ordinal);

    public World(long seed = 7)
    {
        Health = new HealthBoard(Time);
        Affinity = new SessionAffinity(Time);
        Planner = new Planner(Health, Affinity, Time, seed);
    }

    public ManualTimeProvider Time { get; } = new();

    public HealthBoard Health { get; }

    public SessionAffinity Affinity { get; }

    public Planner Planner { get; }

    public RoutingSettings Routing { get; set; } = new();

    public BreakerSettings Breaker { get; set; } = new();

    public ConfigSnapshot Snapshot => _snapshot ??= Build();

    private ConfigSnapshot? _snapshot;

    public World Provider(string name, int credentials = 1, ProviderKind kind = ProviderKind.OpenAI, string url = "http://127.0.0.1:1/v1", string secret = "secret-of-")
    {
        _snapshot = null;
        _providers.RemoveAll(p => p.Name == name);
        _providers.Add(new ProviderSettings
        {
            Name = name,
            Kind = kind,
            BaseUrl = new Uri(url),
            Credentials = [.. Enumerable.Range(1, credentials).Select(i => new Credential($"{name}#{i}", $"{secret}{name}-{i}"))],
        });
        return this;
    }

    public World Model(string id, params (string Provider, decimal? Price)[] endpoints) => Model(id, new Protocols.Formats.ModelTraits(), endpoints);

    public World Model(string id, Protocols.Formats.ModelTraits traits, params (string Provider, decimal? Price)[] endpoints)
    {
        _snapshot = null;
        var model = new Model(id) { Traits = traits };
        _models[id] = new ResolvedModel(
            model,
            [.. endpoints.Select(e => new ModelEndpoint(model, e.Provider, "up-" + id.Replace('/', '-'), e.Price is { } p ? new PriceSheet { Input = p, Output = p } : null))],
            "exact");
        return this;
    }

    public World Fallback(string model, params string[] chain)
    {
        _snapshot = null;
        _fallbacks[model] = chain;
        return this;
    }

    public ModelEndpoint Endpoint(string model, string provider) => _models[model].Endpoints.Single(e => e.Provider == provider);

    public Credential Credential(string id) => Snapshot.Providers.SelectMany(p => p.Credentials).Single(c => c.Id == id);

    public Plan Plan(string model, string? session = null) => Plan(new RoutingRequest(model) { Session = session });

    public Plan Plan(RoutingRequest request) => Planner.Plan(Snapshot, request);

    public string[] Order(string model, string? session = null) => Names(Plan(model, session));

    public static string[] Names(Plan plan) => [.. plan.Candidates.Select(c => c.Credential?.Id ?? c.Endpoint.Provider)];

    public void Fail(string model, string credential, ErrorKind kind = ErrorKind.UpstreamError, TimeSpan? hint = null, bool dead = false)
    {
        var provider = credential.Split('#')[0];
        Health.Failed(Endpoint(model, provider), Credential(credential), new UpstreamFault(FaultPhase.Status, new UpstreamError(kind, "no")) { RetryAfter = hint, CredentialIsDead = dead });
    }

    private ConfigSnapshot Build()
    {
        var snapshot = new ConfigSnapshot
        {
            Server = new ServerSettings(),
            Providers = [.. _providers],
            Catalogue = new SmallCatalogue(new Dictionary<string, ResolvedModel>(_models, StringComparer.Ordinal)),
            Fallbacks = new Dictionary<string, IReadOnlyList<string>>(_fallbacks, StringComparer.Ordinal),
            Routing = Routing,
            Breaker = Breaker,
        };
        Health.Reload(snapshot);
        return snapshot;
    }

    private sealed class SmallCatalogue(Dictionary<string, ResolvedModel> models) : CatalogueTable
    {
        public override IReadOnlyList<ResolvedModel> Servable => [.. models.Values];

        public override ResolvedModel? Resolve(string name)
        {
            var colon = name.IndexOf(':');
            var variant = colon < 0 ? null : name[(colon + 1)..];
            return models.TryGetValue(colon < 0 ? name : name[..colon], out var found) ? found with { Variant = variant } : null;
        }

        public override IReadOnlyList<string> Suggest(string name) => [.. models.Keys.Where(k => k[0] == name[0]).Take(3)];
    }
}
