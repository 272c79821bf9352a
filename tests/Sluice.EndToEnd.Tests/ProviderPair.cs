using System.Text;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests;

/// <summary>A real Sluice in front of two simulated providers that serve the same models, <c>first</c> before <c>second</c>.</summary>
internal sealed class ProviderPair : IAsyncDisposable
{
    /// <summary>A model that real clients know.</summary>
    public const string Claude = "claude-sonnet-4-6";

    /// <summary>Keys that Sluice shows its providers: no client's key may ever arrive there.</summary>
    public const string FirstKey = "provider-key-of-first";

    /// <summary>See <see cref="FirstKey"/>.</summary>
    public const string SecondKey = "provider-key-of-second";

    private ProviderPair(SimulatorHost first, SimulatorHost second, SluiceProcess sluice) => (First, Second, Sluice) = (first, second, sluice);

    public SimulatorHost First { get; }

    public SimulatorHost Second { get; }

    public SluiceProcess Sluice { get; }

    /// <param name="firstKind">Of <see cref="UpstreamKinds"/>.</param>
    /// <param name="secondKind">The same for the second.</param>
    /// <param name="models">Model ids, each at both.</param>
    public static Task<ProviderPair> StartAsync(string firstKind = "anthropic", string secondKind = "anthropic", params IReadOnlyList<string> models) =>
        StartAsync(firstKind, secondKind, firstTokenSeconds: null, models);

    /// <param name="firstKind">See above.</param>
    /// <param name="secondKind">See above.</param>
    /// <param name="firstTokenSeconds">The first provider's patience; null is Sluice's own, which is minutes.</param>
    /// <param name="models">Model ids, each at both.</param>
    public static async Task<ProviderPair> StartAsync(string firstKind, string secondKind, int? firstTokenSeconds, IReadOnlyList<string> models)
    {
        var first = await SimulatorHost.StartAsync(new SimulatorOptions());
        var second = await SimulatorHost.StartAsync(new SimulatorOptions());
        try
        {
            var config = new StringBuilder("providers:\n");
            config.AppendLine(Provider("first", firstKind, first.Address, FirstKey, firstTokenSeconds is { } seconds ? $", timeouts: {{ first_token: {seconds}s }}" : ""));
            config.AppendLine(Provider("second", secondKind, second.Address, SecondKey));
            config.AppendLine("models:");
            foreach (var model in models.Count == 0 ? [Claude] : models)
            {
                config.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"  - id: {model}");
                config.AppendLine("    endpoints:");
                config.AppendLine(Endpoint("first", model));
                config.AppendLine(Endpoint("second", model));
            }

            return new ProviderPair(first, second, await SluiceProcess.StartAsync(new SluiceOptions { Config = config.ToString() }));
        }
        catch
        {
            await first.DisposeAsync();
            await second.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Sluice.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }

    /// <summary>A line of <c>providers:</c>; <paramref name="settings"/> are further members, with their comma before them.</summary>
    public static string Provider(string name, string kind, Uri address, string key, string settings = "") => UpstreamKinds.Named(kind).Provider(name, address, key, settings);

    private static string Endpoint(string provider, string model) =>
        $"      - {{ provider: {provider}, model: {model}, price: {{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }} }}";
}
