using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The real Claude Code against a real Sluice with nothing configured.</summary>
[Trait("Category", Installed.Category)]
public sealed class ClaudeCodeTests(SimulatorGateway gateway) : IClassFixture<SimulatorGateway>
{
    [Theory]
    [InlineData("json", false)]
    [InlineData("json", true)]
    [InlineData("stream-json", false)]
    public async Task ClaudeCode_Offline_ReadsTheFileAndTellsTheMarker(string outputFormat, bool asApiKey)
    {
        Installed.OrSkip();

        var result = await ClaudeCodeClient.RunAsync(new ClaudeCodeRun(gateway.Url, gateway.Key) { OutputFormat = outputFormat, AsApiKey = asApiKey });

        Assert.True(result.ExitCode == 0 && !result.IsError, result.ToString());
        Assert.Contains(ClaudeCodeRun.Marker, result.Text, StringComparison.Ordinal);
        Assert.Equal(2, result.Turns);
    }

    [Fact]
    public async Task ClaudeCode_UnknownKey_SaysSo()
    {
        Installed.OrSkip();

        var result = await ClaudeCodeClient.RunAsync(new ClaudeCodeRun(gateway.Url, "sk-not-a-key-of-this-gateway-000000"));

        Assert.True(result.IsError, result.ToString());
        Assert.Contains("401", result.Text, StringComparison.Ordinal);
        Assert.Contains("Sluice does not know this API key", result.Text, StringComparison.Ordinal);
    }
}
