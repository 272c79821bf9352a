using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The real OpenClaw in each of its modes on a provider of every kind. It must not be able to tell which.</summary>
[Trait("Category", Installed.Category)]
public sealed class OpenClawTests(OpenClawOnEveryKind fixture) : IClassFixture<OpenClawOnEveryKind>
{
    public static MatrixTheoryData<string, string> ModesAndKinds => new(OpenClawGateway.Modes, UpstreamKinds.All.Select(kind => kind.Name));

    [Theory]
    [MemberData(nameof(ModesAndKinds))]
    public async Task OpenClaw_AnyModeOnAnyKind_TellsTheMarkerInTwoCalls(string mode, string kind)
    {
        Installed.OrSkip();
        var loop = await ToolLoop.BeginAsync(fixture.Gateway, kind);

        var turn = await fixture.OpenClaw.AskAsync(mode, loop.Model);

        Assert.True(turn.Status == 200 && turn.Text?.Contains(OpenClawRun.Marker, StringComparison.Ordinal) == true, loop.Story(turn) + fixture.OpenClaw.Transcript);
        await loop.AssertTookTwoCallsAsync(WireOf(mode), OpenClawRun.Marker, turn);
    }

    // The same without its server, as pipelines run it.
    [Fact]
    public async Task OpenClaw_WithoutItsServer_TellsTheMarkerInTwoCalls()
    {
        Installed.OrSkip();
        var loop = await ToolLoop.BeginAsync(fixture.Gateway, "anthropic");

        var result = await OpenClawClient.RunAsync(new OpenClawRun(fixture.Gateway.Sluice.Url, fixture.Gateway.Sluice.ClientKey, "openai-completions", loop.Model));

        Assert.True(result.ExitCode == 0 && result.Text?.Contains(OpenClawRun.Marker, StringComparison.Ordinal) == true && result.Turns == 2, loop.Story(result));
        await loop.AssertTookTwoCallsAsync(Wire.Chat, OpenClawRun.Marker, result);
    }

    private static Wire WireOf(string mode) => mode switch
    {
        "openai-completions" => Wire.Chat,
        "openai-responses" => Wire.Responses,
        "anthropic-messages" => Wire.Messages,
        "google-generative-ai" => Wire.Gemini,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, message: null),
    };
}
