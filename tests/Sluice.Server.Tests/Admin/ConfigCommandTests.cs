using System.CommandLine;
using System.Text.Json;
using Sluice.Commands;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>In the collection of the other commands: they capture the console.</summary>
[Collection(nameof(CommandTests))]
public sealed class ConfigCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Check_GoodFile_SaysWhatItHoldsAndItsWarnings()
    {
        var (code, output, error) = await CheckAsync("providers: [{ name: a, kind: anthropic, api_keys: [key-of-a] }]\ntelemetry: { log_bodies: true }\n");

        Assert.Equal(0, code);
        Assert.Matches(@"^Good: .*sluice\.yaml\. 1 provider, \d+ models that can be served\.", output);
        Assert.Matches("^warning: telemetry.*", error);
    }

    [Fact]
    public async Task Check_BrokenFile_SaysEveryErrorAndExitsWith2()
    {
        var (code, output, error) = await CheckAsync("providers: [{ name: a, kind: anthropc }]\nroutng: { sort: price }\n");

        Assert.Equal((2, ""), (code, output));
        Assert.Equal(2, error.Split("error: sluice.yaml:", StringSplitOptions.None).Length - 1);
        Assert.Contains("anthropic", error, StringComparison.Ordinal);
        Assert.Contains("routing", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_MissingFile_ExitsWith2()
    {
        var (code, _, error) = await RunAsync("config", "check", "--config", _folder.PathOf("nowhere.yaml"));

        Assert.Equal(2, code);
        Assert.Contains("nowhere.yaml", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_PrintsJsonAlone()
    {
        var (code, output, error) = await RunAsync("config", "schema");

        Assert.Equal((0, ""), (code, error));
        using var schema = JsonDocument.Parse(output);
        Assert.True(schema.RootElement.GetProperty("properties").TryGetProperty("providers", out _));
    }

    public void Dispose() => _folder.Dispose();

    private Task<(int Code, string Output, string Error)> CheckAsync(string yaml)
    {
        File.WriteAllText(_folder.PathOf("sluice.yaml"), yaml);
        return RunAsync("config", "check", "--config", _folder.PathOf("sluice.yaml"));
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) =>
        CapturedConsole.RunAsync(() => CommandTree.RunAsync(CommandTree.Build(new Command("serve")), arguments));
}
