using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Commands.Talking;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Resilience;
using Sluice.Server.Hosting;
using Sluice.Storage.Identity;

namespace Sluice.Commands.Drills;

/// <summary>One scenario at one provider: a Sluice of its own, in this process, over simulators dressed as the configured providers.</summary>
/// <param name="sources">The configuration as <c>serve</c> would read it.</param>
/// <param name="snapshot">The same, loaded.</param>
internal sealed class Drill(ConfigSources sources, ConfigSnapshot snapshot)
{
    private const int MostErrors = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Breaks <paramref name="broken"/>, lets agents work, and looks at what became of them.</summary>
    public async Task<DrillResult> RunAsync(Scenario scenario, ProviderSettings broken, IReadOnlyList<string> models, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-drill-");
        try
        {
            await using var providers = await DressedProviders.StartAsync(snapshot, cancellation);
            var own = sources with { DataFolder = folder.FullName, Storage = "sqlite:" + Path.Combine(folder.FullName, "sluice.db"), Urls = ["http://127.0.0.1:0"] };
            await using var sluice = await SluiceServer.CreateAsync(new ServeOptions { Sources = () => own, Load = providers.Load, Drain = TimeSpan.FromSeconds(1), LowestLog = LogLevel.Error });
            await sluice.StartAsync();
            providers.Break(scenario, broken);

            var url = new Uri(sluice.Urls[0].TrimEnd('/') + "/");
            using var http = AdminClient.NewHttp(url, Patience);
            var seen = await new AgentTraffic(http, sluice.FirstKey!).SendAsync(models, cancellation);
            using var admin = new AdminClient(url, AdminKeyFile.Read(folder.FullName), folder.FullName);
            var ledger = new LedgerView(admin, TimeProvider.System);
            var rows = new List<JsonElement>();
            foreach (var answer in seen)
            {
                if (answer.RequestId is { } id && await ledger.SettledAsync(id, cancellation) is { } row)
                {
                    rows.Add(row);
                }
            }

            return Sum(scenario, broken, models, seen, rows, providers);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private DrillResult Sum(Scenario scenario, ProviderSettings broken, IReadOnlyList<string> models, IReadOnlyList<SeenAnswer> seen, List<JsonElement> rows, DressedProviders providers)
    {
        var attempts = rows.SelectMany(row => Output.List(row, "attempts")).ToList();
        var failed = seen.Where(answer => answer.Fault is not null).ToList();
        var refused = failed.Where(answer => answer.Status != 200).ToList();
        var cut = failed.Where(answer => answer.Status == 200).ToList();
        var unexpected = failed.Where(answer => Survives(scenario, broken, answer.Model) && !(scenario.MayStrikeAfterContent && answer.Status == 200)).ToList();
        return new DrillResult(
            scenario.Name,
            broken.Name,
            models,
            seen.Count,
            seen.Count - failed.Count,
            rows.Count(row => Output.Integer(row, "status") == 200 && Output.List(row, "attempts") is { Count: > 1 } tries && Output.Text(tries[^1], "outcome") == "answered"),
            refused.GroupBy(answer => answer.Status).OrderBy(group => group.Key).ToDictionary(group => group.Key.ToString(CultureInfo.InvariantCulture), group => group.Count(), StringComparer.Ordinal),
            cut.Count,
            unexpected.Count,
            providers.CallsTo(broken.Name),
            snapshot.Providers.Where(other => other.Name != broken.Name).Sum(other => providers.CallsTo(other.Name)),
            (long)seen.Max(answer => answer.Elapsed.TotalMilliseconds),
            Usd(attempts),
            Usd(attempts.Where(attempt => Output.Text(attempt, "outcome") != "answered")),
            [.. models.Where(model => !Survives(scenario, broken, model)).Select(model => Missing(scenario, broken, model))],
            [.. failed.GroupBy(answer => Gist(answer.Fault!)).OrderByDescending(group => group.Count()).Take(MostErrors).Select(Seen)]);
    }

    private static string Seen(IGrouping<string, SeenAnswer> group) =>
        string.Create(CultureInfo.InvariantCulture, $"{group.Count()} × {group.Key} ({string.Join(", ", group.Select(answer => answer.Client).Distinct(StringComparer.Ordinal))})");

    // Behind the cause stand the attempts in brackets and the remedy, which differ from request to request.
    private static string Gist(string fault) => fault.IndexOf(" (", StringComparison.Ordinal) is > 0 and var end ? fault[..end] : fault;

    // A refused key leaves the provider's other keys; everything else takes the provider as a whole.
    private bool Survives(Scenario scenario, ProviderSettings broken, string model) =>
        (scenario.Name == "dead-key" && broken.Credentials.Count > 1) || (Resolve(model) is { } resolved && FallbackPaths.Survives(snapshot, resolved, broken.Name));

    private static string Missing(Scenario scenario, ProviderSettings broken, string model) =>
        $"{model}: nothing but {broken.Name} serves it. Give it an endpoint at another provider, or a fallback: 'fallbacks: {{ {model}: [another/model] }}'"
        + (scenario.Name == "dead-key" ? $", or {broken.Name} a second key." : ".");

    private ResolvedModel? Resolve(string model) => snapshot.Catalogue.Resolve(model);

    private static string Usd(IEnumerable<JsonElement> attempts) =>
        attempts.Sum(attempt => decimal.TryParse(Output.Text(attempt, "cost_usd"), NumberStyles.Number, CultureInfo.InvariantCulture, out var usd) ? usd : 0m)
            .ToString("0.#########", CultureInfo.InvariantCulture);
}
