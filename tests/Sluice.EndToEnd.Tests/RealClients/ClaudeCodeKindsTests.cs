using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// The real Claude Code on a provider of every kind. It does not know these models, and therefore sends them all that its newest own one takes.
/// </summary>
[Trait("Category", Installed.Category)]
public sealed class ClaudeCodeKindsTests(EveryKind gateway) : IClassFixture<EveryKind>
{
    [Theory]
    [MemberData(nameof(UpstreamKinds.Names), MemberType = typeof(UpstreamKinds))]
    public async Task ClaudeCode_OnAnyKind_TellsTheMarkerInTwoCalls(string kind)
    {
        Installed.OrSkip();
        var loop = await ToolLoop.BeginAsync(gateway, kind);

        // Its own retries would show as more calls than two.
        var result = await ClaudeCodeClient.RunAsync(new ClaudeCodeRun(gateway.Sluice.Url, gateway.Sluice.ClientKey) { Model = loop.Model, Retries = null });

        Assert.True(result.ExitCode == 0 && !result.IsError && result.Turns == 2 && result.Text?.Contains(ClaudeCodeRun.Marker, StringComparison.Ordinal) == true, loop.Story(result));
        await loop.AssertTookTwoCallsAsync(Wire.Messages, ClaudeCodeRun.Marker, result);
    }
}
