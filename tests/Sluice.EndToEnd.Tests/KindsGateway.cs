using System.Globalization;
using System.Text;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>One real Sluice for a test class, over one strict simulator as a provider of every kind, each with the models named here.</summary>
public sealed class KindsGateway : IAsyncLifetime
{
    private static readonly string[] Kinds = ["gemini", "vertex", "anthropic", "openai", "openai-responses", "bedrock"];

    private SluiceProcess? _sluice;

    public SimulatorHost Simulator { get; private set; } = null!;

    public SluiceProcess Sluice => _sluice ?? throw new InvalidOperationException("Not started.");

    /// <summary>A client's name for the model of a kind of provider, with a slash in it.</summary>
    public static string Model(string kind) => "at-" + kind + "/coder";

    /// <summary>As <see cref="Model"/>, of a model that thinks before it calls a tool.</summary>
    public static string ThinkingModel(string kind) => "at-" + kind + "/thinker";

    /// <summary>The simulator's calls for this model, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> CallsOf(string model) =>
        [.. Simulator.ModelCalls().Where(call => call.Model == (model.EndsWith("/thinker", StringComparison.Ordinal) ? "sim/think" : Upstream(model)))];

    public async ValueTask InitializeAsync()
    {
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions());
        var config = new StringBuilder("providers:\n");
        foreach (var kind in Kinds)
        {
            config.AppendLine(ProviderPair.Provider(kind, kind, Simulator.Address, kind + "-key"));
        }

        config.AppendLine("models:");
        foreach (var kind in Kinds)
        {
            AddModel(config, Model(kind), kind, Upstream(Model(kind)));
        }

        AddModel(config, ThinkingModel("anthropic"), "anthropic", "sim/think");

        // What Gemini CLI asks for where nobody names a model: a small one first, then one of these.
        foreach (var name in (string[])["gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-3.1-pro-preview"])
        {
            AddModel(config, name, "gemini", name);
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

    // Google's models of this family sign their calls and want the signatures back; Bedrock's are told apart by their names.
    private static string Upstream(string model) => model switch
    {
        "at-gemini/coder" => "gemini-3-pro-preview",
        "at-vertex/coder" => "gemini-3-pro-on-vertex",
        "at-anthropic/coder" => "claude-sonnet-4-6",
        "at-openai/coder" => "deepseek-chat",
        "at-openai-responses/coder" => "gpt-5.2",
        "at-bedrock/coder" => "amazon.nova-pro-v1:0",
        _ => model,
    };

    private static void AddModel(StringBuilder config, string id, string provider, string model) => config.AppendLine(
        CultureInfo.InvariantCulture,
        $"  - {{ id: \"{id}\", endpoints: [{{ provider: {provider}, model: \"{model}\", price: {{ input: 1, output: 2 }} }}] }}");
}
