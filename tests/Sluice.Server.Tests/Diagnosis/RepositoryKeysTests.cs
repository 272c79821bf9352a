using System.Diagnostics;
using Sluice.Commands.Doctor;
using Sluice.Testing;

namespace Sluice.Server.Tests.Diagnosis;

/// <summary>Keys in files that git tracks are found and never printed.</summary>
public sealed class RepositoryKeysTests : IDisposable
{
    // Put together here, so that this file itself does not hold one.
    private static readonly string FakeKey = "sk-ant-" + "api03-Zx9mQ2vL7tRw4KpN8sYb3HcJ6fDg1";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task B20_KeyInATrackedFile_WarnsWithItsPlaceAlone()
    {
        Git("init", "-q");
        await File.WriteAllTextAsync(_folder.PathOf("settings.py"), $"import os\nKEY = '{FakeKey}'\n");
        await File.WriteAllTextAsync(_folder.PathOf("clean.py"), "KEY = os.environ['ANTHROPIC_API_KEY']  # sk-ant-your-key-goes-here-xxxxxxxxxxxx\n");
        Git("add", ".");

        var line = (await RepositoryKeys.LookAsync(_folder.Path, TestContext.Current.CancellationToken))!;

        Assert.Equal(("secrets", "warn", "What looks like a key stands in files that git tracks: settings.py:2 (Anthropic)."), (line.Check, line.Verdict, line.Found));
        Assert.DoesNotContain(FakeKey[10..], line.ToString(), StringComparison.Ordinal);
        Assert.Contains("Revoke these keys", line.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task B20_KeyInAFileThatIsNotTracked_IsNobodysElse()
    {
        Git("init", "-q");
        await File.WriteAllTextAsync(_folder.PathOf(".env"), $"ANTHROPIC_API_KEY={FakeKey}\n");
        await File.WriteAllTextAsync(_folder.PathOf("readme.md"), "hello\n");
        Git("add", "readme.md");

        Assert.Equal("No key of a provider in 1 files that git tracks.", (await RepositoryKeys.LookAsync(_folder.Path, TestContext.Current.CancellationToken))!.Found);
    }

    [Fact]
    public async Task B20_FolderInNoRepository_SaysNothing() => Assert.Null(await RepositoryKeys.LookAsync(_folder.Path, TestContext.Current.CancellationToken));

    private void Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", _folder.Path, .. arguments]));
            git!.WaitForExit();
            Assert.Equal(0, git.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no git on this machine.");
        }
    }
}
