using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Server.Admin;

namespace Sluice.Server.Operations;

/// <summary>Says what runs now, from the configuration in force and the health of its endpoints.</summary>
internal sealed class StatusSource(ConfigWatcher configuration, IHealth health, DateTimeOffset startedAt, TimeProvider time) : IStatusSource
{
    private static readonly string Version = typeof(StatusSource).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <inheritdoc/>
    public StatusReport Read()
    {
        var current = configuration.Current;
        var models = new Dictionary<string, int>(StringComparer.Ordinal);
        var failing = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var model in current.Catalogue.Servable)
        {
            foreach (var endpoint in model.Endpoints)
            {
                models[endpoint.Provider] = models.GetValueOrDefault(endpoint.Provider) + 1;
                failing[endpoint.Provider] = failing.GetValueOrDefault(endpoint.Provider) + (health.FailedRecently(endpoint) ? 1 : 0);
            }
        }

        return new StatusReport(Version, startedAt, (long)(time.GetUtcNow() - startedAt).TotalSeconds,
            [.. current.Providers.Select(p => Describe(p, models.GetValueOrDefault(p.Name), failing.GetValueOrDefault(p.Name)))],
            [.. current.Warnings, .. configuration.LastErrors.Select(e => "The configuration file has an error and was not taken: " + e), .. configuration.LastFaults]);
    }

    private static ProviderStatus Describe(ProviderSettings provider, int models, int failing) =>
        failing > 0
            ? new ProviderStatus(provider.Name, ProviderKindNames.WordOf(provider.Kind), "failing", models, $"{failing} of its models failed in the last 30 seconds.")
            : new ProviderStatus(provider.Name, ProviderKindNames.WordOf(provider.Kind), "ok", models, Detail: null);
}
