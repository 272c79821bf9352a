using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sluice.Commands.Drills;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Server.Hosting;

namespace Sluice.Commands;

/// <summary><c>sluice drill SCENARIO</c>: works on the configuration alone; no running Sluice is asked and no provider is called.</summary>
internal static class DrillCommand
{
    private const string Everything = "everything";

    // Enough to meet every provider's chain; each costs twelve requests a drill.
    private const int MostModels = 4;

    public static Command Create()
    {
        var scenario = new Argument<string>("SCENARIO") { Description = string.Join(", ", Scenario.All.Select(one => one.Name)) + ", or everything" };
        var provider = new Option<string?>("--provider") { Description = "Who breaks [each configured provider in turn]" };
        var models = new Option<string[]>("--model") { Description = "A model that agents ask for; may be repeated [up to four that the provider serves, those of the file first]" };
        var config = new Option<string?>("--config") { Description = "Configuration file; ./sluice.yaml where it exists" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("drill", "Break a provider on purpose and see what agents would have seen: a Sluice of its own over simulators dressed as the configured providers. Nothing is sent to them.") { scenario, provider, models, config, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await RunAsync(parsed.GetRequiredValue(scenario), parsed.GetValue(provider), parsed.GetValue(models) ?? [], ProcessSources.Read(parsed.GetValue(config)), parsed.GetValue(json), cancellation);
            }
            catch (Exception e) when (e is CommandFailure or StartRefusedException)
            {
                await Console.Error.WriteLineAsync("sluice: " + e.Message);
                return e is CommandFailure { ExitCode: var code } ? code : 2;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(string named, string? provider, string[] models, ConfigSources sources, bool json, CancellationToken cancellation)
    {
        var scenarios = named == Everything ? Scenario.All : [.. Scenario.All.Where(one => one.Name == named)];
        if (scenarios.Count == 0)
        {
            throw new CommandFailure($"There is no drill '{named}'; there are {string.Join(", ", Scenario.All.Select(one => one.Name))} and {Everything}.", 2);
        }

        var loaded = ConfigLoader.Load(sources);
        if (loaded.Snapshot is not { } snapshot)
        {
            throw new CommandFailure(string.Join(Environment.NewLine, loaded.Errors), 2);
        }

        var broken = snapshot.Providers.Where(one => provider is null || one.Name == provider).ToList();
        if (broken.Count == 0)
        {
            throw new CommandFailure($"There is no provider '{provider}'; there are {string.Join(", ", snapshot.Providers.Select(one => one.Name))}.", 2);
        }

        var drill = new Drill(sources, snapshot);
        var results = new List<DrillResult>();
        foreach (var one in broken)
        {
            var asked = models.Length > 0 ? [.. models.Select(name => Known(snapshot, name))] : ModelsOf(snapshot, one);
            foreach (var scenario in asked.Count == 0 ? [] : scenarios)
            {
                var result = await drill.RunAsync(scenario, one, asked, cancellation);
                results.Add(result);
                if (!json)
                {
                    Print(scenario, one, result);
                }
            }
        }

        if (json)
        {
            Output.Json(JsonSerializer.SerializeToElement(new DrillAnswer(results), CommandJson.Default.DrillAnswer));
        }
        else if (results.Count > 0)
        {
            Output.Line("Waits were cut to a second for the drill; silence costs as long as the provider's 'timeouts' say.");
        }

        // What nobody could have prevented is no failure of the configuration: content that had gone out cannot be taken back.
        return results.Any(result => result.Missing.Count > 0 || result.Unexpected > 0) ? 1 : 0;
    }

    private static string Known(ConfigSnapshot snapshot, string model) =>
        snapshot.Catalogue.Resolve(model) is { Endpoints.Count: > 0 } ? model : throw new CommandFailure($"Nothing here serves the model '{model}'.", 2);

    // Those with a chain of their own first: what somebody wrote a chain for is what the team works with.
    private static List<string> ModelsOf(ConfigSnapshot snapshot, ProviderSettings provider) =>
    [
        .. snapshot.Catalogue.Servable
            .Where(model => model.Endpoints.Any(endpoint => endpoint.Provider == provider.Name) && Converses(model))
            .OrderByDescending(model => snapshot.Fallbacks.ContainsKey(model.Model.Id))
            .ThenByDescending(model => model.Endpoints.Count)
            .ThenByDescending(model => model.Model.Released)
            .ThenBy(model => model.Model.Id, StringComparer.Ordinal)
            .Take(MostModels)
            .Select(model => model.Model.Id),
    ];

    private static bool Converses(ResolvedModel model) => model.Model.Traits.Tools != false;

    private static void Print(Scenario scenario, ProviderSettings provider, DrillResult result)
    {
        Output.Line(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {provider.Name} {scenario.What}"));
        Output.Line($"  asked for   {string.Join(", ", result.Models)}");
        Output.Line(string.Create(CultureInfo.InvariantCulture, $"  clients     {result.Requests} requests, {result.Clean} answered ({result.Rescued} after a failed attempt), {result.Refused.Values.Sum()} refused{Statuses(result)}, {result.CutShort} cut short; slowest {result.SlowestMs} ms"));
        Output.Line(string.Create(CultureInfo.InvariantCulture, $"  calls       {result.CallsToBroken} to {provider.Name}, {result.CallsToOthers} to others"));
        Output.Line($"  cost        {result.CostUsd} $, {result.WasteUsd} $ of it for nothing");
        foreach (var error in result.Errors)
        {
            Output.Line($"  seen        {error}");
        }

        foreach (var missing in result.Missing)
        {
            Output.Line($"  missing     {missing}");
        }

        if (result.CutShort > 0 && scenario.MayStrikeAfterContent)
        {
            Output.Line("  note        What was cut short had content out already: nobody can take over then, and agents ask again.");
        }

        Output.Line("");
    }

    private static string Statuses(DrillResult result) =>
        result.Refused.Count == 0 ? "" : $" ({string.Join(", ", result.Refused.Select(pair => $"{pair.Value} × {pair.Key}"))})";
}
