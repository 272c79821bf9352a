using System.Globalization;
using Sluice.Core.Configuration;
using Sluice.Simulator;

namespace Sluice.Commands.Drills;

/// <summary>
/// Simulators dressed as the providers of a configuration: one for each, at its own loopback address, with as many invented keys as the provider
/// has. What a Sluice loads through <see cref="Load"/> can reach nothing else.
/// </summary>
internal sealed class DressedProviders : IAsyncDisposable
{
    // Silence is the one fault that costs real time; the configured waits are minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, SimulatorHost> _simulators = new(StringComparer.Ordinal);

    private DressedProviders()
    {
    }

    /// <summary>Starts a simulator for each provider.</summary>
    public static async Task<DressedProviders> StartAsync(ConfigSnapshot snapshot, CancellationToken cancellation)
    {
        var dressed = new DressedProviders();
        try
        {
            foreach (var provider in snapshot.Providers)
            {
                // Seeds apart: each refuses thinking that another has signed, as real providers do.
                dressed._simulators[provider.Name] = await SimulatorHost.StartAsync(new SimulatorOptions { Seed = dressed._simulators.Count + 1, MaxRecordedBodyBytes = 0 }, cancellation);
            }

            return dressed;
        }
        catch
        {
            await dressed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Calls that a provider has received.</summary>
    public long CallsTo(string provider) => _simulators[provider].Record.Count;

    /// <summary>Breaks a provider, as its dressed configuration names its keys.</summary>
    public void Break(Scenario scenario, ProviderSettings provider) => scenario.Break(_simulators[provider.Name].Script, Dress(provider));

    /// <summary>Loads a configuration, every provider of it dressed. One that appeared since the start is left out: nothing here may reach a real provider.</summary>
    public ConfigResult Load(ConfigSources sources)
    {
        var result = ConfigLoader.Load(sources);
        return result.Snapshot is not { } snapshot ? result : result with
        {
            Snapshot = snapshot with { Providers = [.. snapshot.Providers.Where(provider => _simulators.ContainsKey(provider.Name)).Select(Dress)] },
        };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var simulator in _simulators.Values)
        {
            await simulator.DisposeAsync();
        }
    }

    private ProviderSettings Dress(ProviderSettings provider)
    {
        var at = _simulators[provider.Name].Address;
        return provider with
        {
            // The built-in simulator has one address for all; as an OpenAI-compatible provider it can have its own and be broken.
            Kind = provider.Kind == ProviderKind.Simulator ? ProviderKind.OpenAI : provider.Kind,
            BaseUrl = new UriBuilder(provider.Kind == ProviderKind.Simulator ? at : provider.BaseUrl) { Scheme = at.Scheme, Host = at.Host, Port = at.Port }.Uri,
            Credentials = [.. Enumerable.Range(0, Math.Max(1, provider.Credentials.Count)).Select(i => Invent(provider, i))],
            Timeouts = new TimeoutSettings { Connect = Patience, FirstToken = Patience, Idle = Patience, Total = 10 * Patience },
            Cloud = provider.Cloud switch
            {
                AzureSettings azure => new AzureSettings { ApiVersion = azure.ApiVersion },
                BedrockSettings bedrock => new BedrockSettings { Region = bedrock.Region },
                VertexSettings vertex => new VertexSettings { Project = vertex.Project ?? "drill", Location = vertex.Location },
                _ => null,
            },
        };
    }

    private static Credential Invent(ProviderSettings provider, int index) =>
        new(index < provider.Credentials.Count ? provider.Credentials[index].Id : provider.Name + "#1", string.Create(CultureInfo.InvariantCulture, $"drill-key-{index + 1}-of-{provider.Name}"));
}
