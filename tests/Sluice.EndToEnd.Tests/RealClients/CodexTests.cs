using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The real Codex, which speaks Responses alone, on a provider of every kind. It must not be able to tell which.</summary>
[Trait("Category", Installed.Category)]
public sealed class CodexTests(EveryKind gateway) : IClassFixture<EveryKind>
{
    [Theory]
    [InlineData("responses", "/v1/responses")]
    [InlineData("anthropic", "/v1/messages")]
    [InlineData("chat", "/v1/chat/completions")]
    [InlineData("openrouter", "/api/v1/chat/completions")]
    [InlineData("gemini", "/v1beta/models/any:streamGenerateContent")]
    [InlineData("vertex", "/v1/projects/p-1/locations/global/publishers/google/models/any:streamGenerateContent")]
    [InlineData("azure", "/openai/v1/responses")]
    [InlineData("bedrock", "/model/any/converse-stream")]
    public async Task Codex_OnAnyKind_ReadsTheFileAndTellsTheMarkerInTwoCalls(string kind, string path)
    {
        var (result, calls) = await RunAsync(kind, kind + "/any");

        AssertToldTheMarker(result, calls);
        Assert.All(calls, call => Assert.Equal((path, true), (call.Path, call.AsksForStream())));
    }

    private async Task<(CodexResult Result, IReadOnlyList<ReceivedRequest> Calls)> RunAsync(string kind, string model, bool builtIn = false)
    {
        Installed.OrSkip();
        var before = gateway.Simulator.ModelCalls(EveryKind.KeyOf(kind)).Count;
        var result = await CodexClient.RunAsync(new CodexRun(gateway.Sluice.Url, gateway.Sluice.ClientKey, model) { BuiltInProvider = builtIn });
        return (result, [.. gateway.Simulator.ModelCalls(EveryKind.KeyOf(kind)).Skip(before)]);
    }

    private void AssertToldTheMarker(CodexResult result, IReadOnlyList<ReceivedRequest> calls, int expected = 2)
    {
        var story = $"{result}\n--- calls\n{gateway.Simulator.Describe()}\n{gateway.Sluice.Transcript()}";
        Assert.True(result.ExitCode == 0 && result.Errors.Count == 0, story);
        Assert.True(result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal), story);
        Assert.True(calls.Count == expected && calls.All(c => c.Status == 200), story);
    }
}
