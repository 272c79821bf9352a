using System.Globalization;
using Sluice.Commands;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Admin;
using Sluice.Storage.Identity;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Hosting;

/// <summary>Starts that fail: what they leave behind. In the collection of the commands: one test captures the console.</summary>
[Collection(nameof(CommandTests))]
public sealed class StartTests
{
    private const string Yaml = """
        server: { urls: ["http://127.0.0.1:0"] }
        providers: [{ name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }]
        """;

    [Fact]
    public async Task Create_ThatFailsAfterTheStoreIsOpen_LeavesNoLockAndNoKeyThatNobodySaw()
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        var inTheWay = Path.Combine(AdminKeyFile.PathIn(folder.DataFolder), "in-the-way");
        Directory.CreateDirectory(inTheWay);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => folder.OpenAsync());
        Assert.Contains(folder.DataFolder, refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsUsage);

        Directory.Delete(Path.GetDirectoryName(inTheWay)!, recursive: true);
        await using var server = await folder.OpenAsync();
        Assert.NotNull(server.FirstKey);
    }

    // 192.0.2.1 is of nobody (RFC 5737): the port is the system's to choose, and binding fails.
    [Fact]
    public async Task Serve_ThatCannotBind_ShowsTheKeyThatItMade()
    {
        using var data = new TemporaryFolder();
        await File.WriteAllTextAsync(data.PathOf("sluice.yaml"), "providers: [{ name: a, kind: anthropic, api_keys: [key-of-a] }]\n");

        var (code, output, error) = await CapturedConsole.RunAsync(() =>
            CommandTree.RunAsync(CommandTree.Build(ServeCommand.Create()), ["serve", "--config", data.PathOf("sluice.yaml"), "--data", data.PathOf("data"), "--urls", "http://192.0.2.1:0"]));

        Assert.Equal(1, code);
        Assert.Contains("--urls", error, StringComparison.Ordinal);
        Assert.Single(output.Split('\n'), line => line.StartsWith("Your first API key", StringComparison.Ordinal));
        Assert.Matches("first API key, shown only now: sk-sluice-[0-9A-Za-z]{40}", output);
    }

    [Fact]
    public void Random_OfTwoProcesses_Differs()
    {
        var one = new SharedRandom(1);
        var two = new SharedRandom(2);

        Assert.NotEqual(one.NextDouble().ToString("R", CultureInfo.InvariantCulture), two.NextDouble().ToString("R", CultureInfo.InvariantCulture));
        Assert.Equal(new SharedRandom(1).NextInt64(), new SharedRandom(1).NextInt64());
    }

    // An unguarded generator that is torn by two threads answers nothing but zero from then on.
    [Fact]
    public void Random_DrawnByManyAtOnce_StaysRandom()
    {
        var random = new SharedRandom(7);

        Parallel.For(0, 100_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => random.NextDouble());

        Assert.Equal(20, Enumerable.Range(0, 20).Select(_ => random.NextDouble()).Distinct().Count());
    }
}
