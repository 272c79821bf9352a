using System.Globalization;
using System.Text;
using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>One real Sluice over one simulator as a provider of each wire. Every capture has models of its own, so that what arrives of it is told apart from the others'.</summary>
public sealed class EveryProvider : IAsyncLifetime
{
    private SluiceProcess? _sluice;
    private HttpClient? _client;

    public SimulatorHost Simulator { get; private set; } = null!;

    public HttpClient Client => _client ?? throw new InvalidOperationException("Not started.");

    /// <summary>What a client asks for.</summary>
    internal static string Model(Wire upstream, int number) => $"{Name(upstream)}/{number}";

    /// <summary>What arrives.</summary>
    internal static string UpstreamModel(Wire upstream, int number) => upstream switch
    {
        // Some of what is sent hangs on the family or the version in the name.
        Wire.Gemini => $"gemini-2.5-any-{number}",
        Wire.Converse => $"amazon.nova-any-{number}",
        _ => $"any-{Name(upstream)}-{number}",
    };

    internal static string Key(Wire upstream) => Name(upstream) + "-key";

    public async ValueTask InitializeAsync()
    {
        // The conversations in captures were had elsewhere: their thinking is not signed by this simulator.
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions { VerifySignatures = false });
        var at = Simulator.Address.ToString().TrimEnd('/');
        var config = new StringBuilder("routing: { retries: 0 }\nproviders:\n");
        foreach (var (wire, block) in ((Wire, string)[])[
            (Wire.Messages, $"kind: anthropic, base_url: \"{at}\""),
            (Wire.Chat, $"kind: openai, base_url: \"{at}/v1\""),
            (Wire.Responses, $"kind: openai-responses, base_url: \"{at}/v1\""),
            (Wire.Gemini, $"kind: gemini, base_url: \"{at}\""),
            (Wire.Converse, $"kind: bedrock, base_url: \"{at}\", region: us-east-1")])
        {
            config.AppendLine(CultureInfo.InvariantCulture, $"  - {{ name: {Name(wire)}, {block}, api_keys: [{Key(wire)}] }}");
        }

        config.AppendLine("models:");
        for (var number = 0; number < CaptureTests.Count; number++)
        {
            foreach (var wire in Enum.GetValues<Wire>())
            {
                config.AppendLine(CultureInfo.InvariantCulture,
                    $"  - {{ id: {Model(wire, number)}, endpoints: [{{ provider: {Name(wire)}, model: {UpstreamModel(wire, number)}, price: {{ input: 1, output: 2 }} }}] }}");
            }
        }

        _sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = config.ToString() });
        _client = _sluice.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_sluice is not null)
        {
            await _sluice.DisposeAsync();
        }

        await Simulator.DisposeAsync();
    }

    private static string Name(Wire upstream) => upstream.ToString().ToLowerInvariant();
}
