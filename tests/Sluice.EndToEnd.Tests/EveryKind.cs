using System.Globalization;
using System.Text;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>
/// One real Sluice for a test class, over one simulator as a provider of every kind. Models are called <c>KIND/NAME</c>, where NAME is one of the
/// simulator's; each kind has a provider key of its own, so that its calls can be told from the others'.
/// </summary>
public sealed class EveryKind : IAsyncLifetime
{
    private static readonly (string Kind, string Settings)[] Kinds =
    [
        ("responses", "kind: openai-responses, base_url: \"{0}/v1\""),
        ("anthropic", "kind: anthropic, base_url: \"{0}\""),
        ("chat", "kind: openai, base_url: \"{0}/v1\""),
        ("openrouter", "kind: openrouter, base_url: \"{0}/api/v1\""),
        ("gemini", "kind: gemini, base_url: \"{0}\""),
        ("vertex", "kind: vertex, base_url: \"{0}\", project: p-1, location: global"),
        ("azure", "kind: azure, base_url: \"{0}\""),
        ("bedrock", "kind: bedrock, region: us-east-1, base_url: \"{0}\""),
    ];

    /// <summary>Names that Codex knows, each at another kind: it then sends other tools, in another place.</summary>
    private static readonly (string Model, string Kind)[] KnownToCodex = [("gpt-6-astra", "responses"), ("gpt-6-luna", "anthropic"), ("gpt-6-sol", "chat"), ("gpt-6.1-sol", "gemini")];

    private SluiceProcess? _sluice;

    public SimulatorHost Simulator { get; private set; } = null!;

    public SluiceProcess Sluice => _sluice ?? throw new InvalidOperationException("Not started.");

    /// <summary>The key that the provider of this kind is shown.</summary>
    public static string KeyOf(string kind) => "provider-key-of-" + kind;

    public async ValueTask InitializeAsync()
    {
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions());
        var config = new StringBuilder("providers:\n");
        foreach (var (kind, settings) in Kinds)
        {
            var filled = settings.Replace("{0}", Simulator.Address.ToString().TrimEnd('/'), StringComparison.Ordinal);
            config.AppendLine(CultureInfo.InvariantCulture, $"  - {{ name: {kind}, {filled}, api_keys: [{KeyOf(kind)}] }}");
        }

        config.AppendLine("models:");
        foreach (var (kind, _) in Kinds)
        {
            foreach (var name in (string[])["echo", "tools", "think", "any"])
            {
                config.AppendLine(Model($"{kind}/{name}", kind, name == "any" ? name : "sim/" + name));
            }
        }

        foreach (var (model, kind) in KnownToCodex)
        {
            config.AppendLine(Model(model, kind, model));
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

    private static string Model(string id, string kind, string upstream) =>
        $"  - {{ id: {id}, endpoints: [{{ provider: {kind}, model: {upstream}, price: {{ input: 1, output: 2 }} }}] }}";
}
