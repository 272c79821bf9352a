using System.CommandLine;
using System.CommandLine.Help;
using System.Text;
using Sluice.Commands;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary><c>docs/cli.md</c>, made from the command tree: what scripts may lean on shows in the diff.</summary>
public sealed class CommandLinePageTests
{
    private const string Head = """
        # Command line

        `./sluice COMMAND`. Commands that print data take `--json` and then print JSON alone to standard output; everything else goes to standard
        error. Exit codes: 0 done, 1 a fault, 2 bad usage or bad configuration. `--help` behind any command shows what stands here.

        Commands other than `serve`, `config` and `drill` ask a running Sluice through its admin API (`doctor` looks at the configuration where
        none runs). On the machine that serves they find it by themselves, in the data folder; elsewhere say `--url` and `--admin-key`, or set `SLUICE_URL` and `SLUICE_ADMIN_KEY`. A flag wins over the environment, the
        environment over `.env` of the working folder. An address on another machine that `.env` names is not given an admin key that comes from the
        environment. These are the common options:

        | | |
        |---|---|

        """;

    // Said once: every command that speaks to a running Sluice has them.
    private static readonly IReadOnlyList<string> Common = ["--url", "--admin-key", "--data", "--json"];

    [Fact]
    public void Page_InTheTree_IsWhatTheCommandsTake()
    {
        var page = new StringBuilder(Head);
        var commands = CommandTree.Build(ServeCommand.Create()).Subcommands;
        foreach (var option in commands.Single(command => command.Name == "status").Options.Where(option => Common.Contains(option.Name)))
        {
            AddOption(page, option);
        }

        foreach (var command in commands)
        {
            Add(page, "sluice", command);
        }

        var difference = ApprovedPage.Difference("docs/cli.md", page.ToString());
        Assert.True(difference is null, difference);
    }

    private static void Add(StringBuilder page, string parent, Command command)
    {
        var path = $"{parent} {command.Name}";
        page.Append($"\n## `{path}{string.Concat(command.Arguments.Select(argument => $" {argument.Name}"))}`\n\n{command.Description}\n");
        var shown = command.Options.Where(option => option is not HelpOption).ToList();
        if (Common.All(name => shown.Exists(option => option.Name == name)))
        {
            shown.RemoveAll(option => Common.Contains(option.Name));
            page.Append("Takes the common options.\n");
        }

        if (shown.Count + command.Arguments.Count > 0)
        {
            page.Append("\n| | |\n|---|---|\n");
        }

        foreach (var argument in command.Arguments)
        {
            page.Append($"| `{argument.Name}` | {Cell(argument.Description)} |\n");
        }

        foreach (var option in shown)
        {
            AddOption(page, option);
        }

        foreach (var inner in command.Subcommands)
        {
            Add(page, path, inner);
        }
    }

    private static void AddOption(StringBuilder page, Option option) =>
        page.Append($"| `{option.Name}` | {Cell(option.Description)}{(option.Required ? " (required)" : "")} |\n");

    private static string Cell(string? text)
    {
        Assert.False(string.IsNullOrWhiteSpace(text));
        return text.Replace("|", "\\|", StringComparison.Ordinal);
    }
}
