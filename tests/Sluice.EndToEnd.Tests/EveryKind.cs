using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>
/// One real Sluice for a test class, over one strict simulator as a provider of every kind. Models are called <c>KIND/NAME</c>; each kind has a
/// provider key of its own, so that its calls can be told from the others'.
/// </summary>
public sealed class EveryKind : IAsyncLifetime
{
    /// <summary>Names that clients know or ask for by themselves, each at one kind: Codex then sends other tools, in another place.</summary>
    private static readonly (string Model, string Kind)[] KnownToClients =
    [
        ("gpt-6-astra", "openai-responses"), ("gpt-6-luna", "anthropic"), ("gpt-6-sol", "openai"), ("gpt-6.1-sol", "gemini"),

        // What Gemini CLI asks for where nobody names a model: a small one first, then one of these.
        ("gemini-3.5-flash-lite", "gemini"), ("gemini-3.8-flash", "gemini"), ("gemini-3.1-pro-preview", "gemini"),
    ];

    private SluiceProcess? _sluice;

    public SimulatorHost Simulator { get; private set; } = null!;

    public SluiceProcess Sluice => _sluice ?? throw new InvalidOperationException("Not started.");

    /// <summary>The key that the provider of this kind is shown.</summary>
    public static string KeyOf(string kind) => "provider-key-of-" + kind;

    /// <summary>A client's name for the kind's usual model.</summary>
    public static string ModelOf(string kind) => kind + "/any";

    /// <summary>The calls that the provider of this kind received, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> CallsOf(string kind) => Simulator.ModelCalls(KeyOf(kind));

    /// <summary>Clients' requests for a model so far, those that were refused or failed too, as Sluice's own ledger has them.</summary>
    public async Task<long> RequestsForAsync(string model)
    {
        using var client = Sluice.CreateClient(Sluice.AdminKey);
        using var report = JsonDocument.Parse(await client.GetStringAsync(new Uri("/admin/api/report?by=model", UriKind.Relative)));
        return report.RootElement.GetProperty("rows").EnumerateArray()
            .Where(row => row.GetProperty("model").GetString() == model)
            .Sum(row => row.GetProperty("requests").GetInt64());
    }

    public async ValueTask InitializeAsync()
    {
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions());
        var config = new StringBuilder("providers:\n");
        foreach (var kind in UpstreamKinds.All)
        {
            config.AppendLine(kind.Provider(kind.Name, Simulator.Address, KeyOf(kind.Name)));
        }

        config.AppendLine("models:");
        foreach (var kind in UpstreamKinds.All)
        {
            AddModel(config, ModelOf(kind.Name), kind.Name, kind.Model);
            foreach (var name in kind.TakesAnyModel ? (string[])["echo", "think"] : [])
            {
                AddModel(config, $"{kind.Name}/{name}", kind.Name, "sim/" + name);
            }
        }

        foreach (var (model, kind) in KnownToClients)
        {
            AddModel(config, model, kind, model);
        }

        _sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = config.ToString() });
    }

    public async ValueTask DisposeAsync()
    {
        if (_sluice is not null)
        {
            await _sluice.DisposeAsync();
        }

        await Simulator.DisposeAsync();
    }

    private static void AddModel(StringBuilder config, string id, string provider, string model) => config.AppendLine(
        CultureInfo.InvariantCulture,
        $"  - {{ id: \"{id}\", endpoints: [{{ provider: {provider}, model: \"{model}\", price: {{ input: 1, output: 2 }} }}] }}");
}
