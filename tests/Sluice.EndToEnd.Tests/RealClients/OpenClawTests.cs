using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The real OpenClaw in each of its formats, on a provider of that format and on one of another.</summary>
[Trait("Category", Installed.Category)]
public sealed class OpenClawTests(KindsGateway gateway) : IClassFixture<KindsGateway>
{
    [Theory]
    [InlineData("openai-completions", "openai")]
    [InlineData("openai-completions", "anthropic")]
    [InlineData("openai-responses", "openai-responses")]
    [InlineData("openai-responses", "gemini")]
    [InlineData("anthropic-messages", "anthropic")]
    [InlineData("anthropic-messages", "openai-responses")]
    [InlineData("google-generative-ai", "gemini")]
    [InlineData("google-generative-ai", "bedrock")]
    public async Task OpenClaw_AnyFormat_TellsTheMarkerInTwoStreamedCalls(string api, string kind)
    {
        Installed.OrSkip();
        var model = KindsGateway.Model(kind);
        var before = gateway.CallsOf(model).Count;

        var result = await OpenClawClient.RunAsync(new OpenClawRun(gateway.Sluice.Url, gateway.Sluice.ClientKey, api, model));

        var story = $"{result}\n--- provider\n{gateway.Simulator.Describe()}\n{gateway.Sluice.Transcript()}";
        Assert.True(result.ExitCode == 0 && result.Text?.Contains(OpenClawRun.Marker, StringComparison.Ordinal) == true && result.Turns == 2, story);
        var calls = gateway.CallsOf(model).Skip(before).ToList();
        Assert.True(calls.Count == 2, story);
        Assert.All(calls, call => Assert.True(call.AsksForStream(), call.Path));
        Assert.All(calls, call => Assert.Equal(kind + "-key", call.Credential));
    }
}
