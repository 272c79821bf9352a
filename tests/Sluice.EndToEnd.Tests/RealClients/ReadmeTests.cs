using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The README's first command in a fresh clone with an empty home, up to Claude Code's first answer.</summary>
[Trait("Category", Installed.Category)]
[Collection(Alone)]
public sealed class ReadmeTests
{
    /// <summary>It takes times and builds, so nothing may run beside it.</summary>
    internal const string Alone = "alone on the machine";

    [Fact]
    public async Task Readme_FirstCommand_LeadsToClaudeCodesFirstAnswer()
    {
        Installed.OrSkip();
        using var home = new TemporaryFolder();
        var environment = ProcessRunner.BareEnvironment(home.Path);
        foreach (var name in (string[])["DOTNET_ROOT", "NUGET_PACKAGES"])
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                environment[name] = value;
            }
        }

        if (ClientsCache.Offline)
        {
            // An empty home restores every package anew; without a network only what this machine already has can be used.
            environment.TryAdd("NUGET_PACKAGES", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"));
        }

        var script = Path.Combine(RepositoryRoot.Path, "tests", "readme-try.sh");
        var result = await ProcessRunner.RunAsync(new ProcessSpec("/bin/sh", script) { Environment = environment, Timeout = TimeSpan.FromMinutes(9) });

        // ./test prints these times at its end.
        await File.WriteAllTextAsync(Path.Combine(RepositoryRoot.Path, ".cache", "readme-try.txt"), result.Output);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("later start to first answer", result.Output, StringComparison.Ordinal);
    }
}

[CollectionDefinition(ReadmeTests.Alone, DisableParallelization = true)]
public sealed class AloneOnTheMachine;
