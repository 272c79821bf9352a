using System.CommandLine;
using Sluice.Core.Configuration;
using Sluice.Core.Resilience;

namespace Sluice.Commands;

/// <summary><c>sluice config check|schema</c>: works on files alone, no running Sluice is asked.</summary>
internal static class ConfigCommand
{
    public static Command Create() => new("config", "The configuration file: check it, or print its schema.")
    {
        Check(),
        Schema(),
    };

    private static Command Check()
    {
        var config = new Option<string?>("--config") { Description = "Configuration file; ./sluice.yaml where it exists" };
        var resilience = new Option<bool>("--resilience") { Description = "Go through the fallback checklist too: what happens when something fails" };
        var command = new Command("check", "Load the configuration as serve would and say everything that is wrong with it.") { config, resilience };
        command.SetAction(parsed => Report(ProcessSources.Read(parsed.GetValue(config)), parsed.GetValue(resilience)));
        return command;
    }

    private static Command Schema()
    {
        var command = new Command("schema", "Print the JSON schema of the configuration file, for editors.");
        command.SetAction(_ => Console.Out.Write(ConfigReference.JsonSchema()));
        return command;
    }

    private static int Report(ConfigSources sources, bool resilience)
    {
        var result = ConfigLoader.Load(sources);
        foreach (var error in result.Errors)
        {
            Console.Error.WriteLine($"error: {error}");
        }

        if (result.Snapshot is not { } snapshot)
        {
            return 2;
        }

        foreach (var warning in snapshot.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        var from = sources.FilePath ?? "no file, the environment alone";
        Output.Line($"Good: {from}. {Count(snapshot.Providers.Count, "provider")}, {Count(snapshot.Catalogue.Servable.Count, "model")} that can be served.");
        return resilience ? Checklist(snapshot) : 0;
    }

    private static int Checklist(ConfigSnapshot snapshot)
    {
        var findings = ResilienceCheck.Of(snapshot);
        foreach (var finding in findings)
        {
            Output.Line($"{Word(finding.Level),-7}  {finding.Layer}: {finding.What}{(finding.Remedy is null ? "" : " " + finding.Remedy)}");
        }

        return findings.Any(finding => finding.Level == ResilienceLevel.Missing) ? 1 : 0;
    }

    private static string Word(ResilienceLevel level) => level switch
    {
        ResilienceLevel.Good => "good",
        ResilienceLevel.Weak => "weak",
        _ => "missing",
    };

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
