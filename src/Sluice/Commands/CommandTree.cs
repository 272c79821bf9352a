using System.CommandLine;

namespace Sluice.Commands;

/// <summary>The whole command line.</summary>
internal static class CommandTree
{
    /// <summary>Builds it around <paramref name="serve"/>.</summary>
    public static RootCommand Build(Command serve)
    {
        var options = new AdminClientOptions();
        return new RootCommand("Sluice: a gateway between coding agents and model providers.")
        {
            serve,
            KeysCommand.Create(options),
            IdentitiesCommand.Create(options, "users", "user", "Developers: who spends."),
            IdentitiesCommand.Create(options, "teams", "team", "Teams of developers."),
            IdentitiesCommand.Create(options, "projects", "project", "Projects: what the money is spent on."),
            LimitsCommand.Create(options),
            BudgetsCommand.Create(options),
            ReportCommand.Create(options),
            AdviseCommand.Create(options),
            ExplainCommand.Create(options),
            WhatIfCommand.Create(options),
            DoctorCommand.Create(options),
            StatusCommand.Create(options),
            ModelsCommand.Create(options),
            ConformanceCommand.Create(options),
            SetupCommand.Create(options),
            ConfigCommand.Create(),
            DrillCommand.Create(),
        };
    }

    /// <summary>Parses and runs.</summary>
    /// <returns>0, or 1 for a fault, or 2 for bad usage.</returns>
    public static async Task<int> RunAsync(RootCommand root, string[] args, CancellationToken cancellation = default)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(cancellationToken: cancellation);
        }

        foreach (var error in parsed.Errors)
        {
            await Console.Error.WriteLineAsync("sluice: " + error.Message);
        }

        await Console.Error.WriteLineAsync("'sluice --help', or --help behind a command, shows what there is.");
        return 2;
    }
}
