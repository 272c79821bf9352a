using System.CommandLine;
using Sluice.Commands;
using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Admin;

/// <summary><c>sluice models check</c>: all names of a script or a settings file at once.</summary>
[Collection(nameof(CommandTests))]
public sealed class ModelsCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task C11_FileWithASlip_FailsAndNamesTheRightModel()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            providers: [{ name: router, kind: openrouter, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }]
            """);
        await File.WriteAllTextAsync(_folder.PathOf("names"), "# of the pipeline\nanthropic/claude-opus-4-7\n\nanthropic/claude-sonet-4.6\ndeepseek/deepseek-v4-flash:fre\n");
        await File.WriteAllTextAsync(_folder.PathOf("right"), "anthropic/claude-opus-4-7\n");

        var slip = await RunAsync(gateway, "names");
        var right = await RunAsync(gateway, "right");

        Assert.Equal(1, slip.Code);
        Assert.Contains("1 of 3 names cannot be served here.", slip.Error, StringComparison.Ordinal);
        var lines = slip.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("anthropic/claude-opus-4-7: anthropic/claude-opus-4.7 (spelling), by router/anthropic/claude-opus-4.7", lines[0]);
        Assert.StartsWith("anthropic/claude-sonet-4.6: unknown; did you mean anthropic/claude-sonnet-4.6", lines[1], StringComparison.Ordinal);
        Assert.Equal("deepseek/deepseek-v4-flash:fre: deepseek/deepseek-v4-flash (spelling), by router/deepseek/deepseek-v4-flash:free", lines[2]);
        Assert.Equal((0, ""), (right.Code, right.Error));
        Assert.Equal(0, gateway.B.Record.Count);
    }

    private Task<(int Code, string Output, string Error)> RunAsync(GatewayUnderTest gateway, string file) => CapturedConsole.RunAsync(() => CommandTree.RunAsync(
        CommandTree.Build(new Command("serve")), ["models", "check", _folder.PathOf(file), "--url", gateway.Url.ToString(), "--admin-key", GatewayUnderTest.AdminKey]));
}
