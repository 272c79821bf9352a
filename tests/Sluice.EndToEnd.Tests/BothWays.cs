using System.Text;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>
/// One real Sluice for a test class, over one simulator as two providers: one speaks Messages, one Chat. Each of the simulator's models is there
/// twice, so a client of either format can be served in its own and by a translation.
/// </summary>
public sealed class BothWays : IAsyncLifetime
{
    private SluiceProcess? _sluice;

    public SimulatorHost Simulator { get; private set; } = null!;

    public SluiceProcess Sluice => _sluice ?? throw new InvalidOperationException("Not started.");

    /// <summary>The name of a simulated model (<c>echo</c>, <c>tools</c>) at the provider that speaks a format.</summary>
    public static string Model(string name, bool chat) => (chat ? "chat/" : "messages/") + name;

    public async ValueTask InitializeAsync()
    {
        // The conversations in captures were had elsewhere: their thinking is not signed by this simulator.
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions { VerifySignatures = false });
        var config = new StringBuilder("providers:\n");
        config.AppendLine(ProviderPair.Provider("messages", "anthropic", Simulator.Address, "messages-key"));
        config.AppendLine(ProviderPair.Provider("chat", "openai", Simulator.Address, "chat-key"));

        // A rate limit makes its key rest: these keys are no other test's.
        config.AppendLine(ProviderPair.Provider("limited-messages", "anthropic", Simulator.Address, "limited-messages-key"));
        config.AppendLine(ProviderPair.Provider("limited-chat", "openai", Simulator.Address, "limited-chat-key"));
        config.AppendLine("models:");
        foreach (var name in (string[])["echo", "tools", "any", "limited"])
        {
            foreach (var provider in (string[])["messages", "chat"])
            {
                config.AppendLine(System.Globalization.CultureInfo.InvariantCulture,
                    $"  - {{ id: {provider}/{name}, endpoints: [{{ provider: {(name == "limited" ? "limited-" : "")}{provider}, model: {(name == "any" ? "any" : "sim/" + name)}, price: {{ input: 1, output: 2 }} }}] }}");
            }
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
}
