using System.Text.Json;
using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// The real Gemini CLI reads a file with a tool and tells what is in it, on its own format and on every other. It exits with 0 on truncated answers,
/// so the calls that arrived count too.
/// </summary>
[Trait("Category", Installed.Category)]
public sealed class GeminiCliTests(EveryKind gateway) : IClassFixture<EveryKind>
{
    [Theory]
    [MemberData(nameof(UpstreamKinds.Names), MemberType = typeof(UpstreamKinds))]
    public async Task GeminiCli_OnAnyKind_TellsTheMarkerInTwoStreamedCalls(string kind)
    {
        Installed.OrSkip();
        var loop = await ToolLoop.BeginAsync(gateway, kind);

        // Its own retries would show as more calls than two.
        var result = await RunAsync(new GeminiCliRun(gateway.Sluice.Url, gateway.Sluice.ClientKey) { Model = loop.Model, Attempts = null });

        AssertToldTheMarker(result);
        await loop.AssertTookTwoCallsAsync(Wire.Gemini, GeminiCliRun.Marker, result);
    }

    [Fact]
    public async Task F06_GeminiCli_NativeSignature_ComesBackIntact()
    {
        Installed.OrSkip();
        var before = gateway.CallsOf("gemini").Count;

        var result = await RunAsync(new GeminiCliRun(gateway.Sluice.Url, gateway.Sluice.ClientKey) { Model = "gemini-3.1-pro-preview" });

        // The simulator refuses calls of this family without their signature, and signatures that are not its own.
        AssertToldTheMarker(result);
        var calls = gateway.CallsOf("gemini").Skip(before).ToList();
        Assert.True(calls.Count == 2 && calls[1].Status == 200, gateway.Simulator.Describe());
        using var body = JsonDocument.Parse(calls[1].Body!);
        var call = Assert.Single(Parts(body), part => part.TryGetProperty("functionCall", out _));
        Assert.NotEmpty(call.GetProperty("thoughtSignature").GetString()!);
    }

    [Fact]
    public async Task F06_GeminiCli_SignedThinkingOfAnAnthropicProvider_ComesBackIntact()
    {
        Installed.OrSkip();
        var before = gateway.CallsOf("anthropic").Count;

        var result = await RunAsync(new GeminiCliRun(gateway.Sluice.Url, gateway.Sluice.ClientKey) { Model = "anthropic/think" });

        AssertToldTheMarker(result);
        var calls = gateway.CallsOf("anthropic").Skip(before).ToList();
        Assert.True(calls.Count == 2 && calls[1].Status == 200, gateway.Simulator.Describe());
        using var body = JsonDocument.Parse(calls[1].Body!);
        var answer = Assert.Single(body.RootElement.GetProperty("messages").EnumerateArray(), message => message.GetProperty("role").GetString() == "assistant");
        Assert.Equal(["thinking", "tool_use"], answer.GetProperty("content").EnumerateArray().Select(block => block.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task GeminiCli_ModelNotNamed_ClassifiesTheTaskWithoutAStreamFirst()
    {
        Installed.OrSkip();
        var before = gateway.Simulator.ModelCalls().Count;

        var result = await RunAsync(new GeminiCliRun(gateway.Sluice.Url, gateway.Sluice.ClientKey));

        AssertToldTheMarker(result);
        var calls = gateway.Simulator.ModelCalls().Skip(before).ToList();
        Assert.True(calls.Count == 3, gateway.Simulator.Describe());
        Assert.Equal([false, true, true], calls.Select(Calls.AsksForStream));
        Assert.Equal(["gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-3.8-flash"], calls.Select(call => call.Model));
    }

    [Fact]
    public async Task GeminiCli_SignedInAsToVertex_TellsTheMarker()
    {
        Installed.OrSkip();
        var before = gateway.Simulator.ModelCalls().Count;

        var result = await RunAsync(new GeminiCliRun(gateway.Sluice.Url, gateway.Sluice.ClientKey) { Model = "gemini-3.8-flash", AsVertex = true });

        AssertToldTheMarker(result);
        Assert.True(gateway.Simulator.ModelCalls().Count - before == 2, gateway.Simulator.Describe());
    }

    [Fact]
    public async Task GeminiCli_UnknownKey_SaysSo()
    {
        Installed.OrSkip();

        var result = await RunAsync(new GeminiCliRun(gateway.Sluice.Url, "sk-not-a-key-of-this-gateway-000000") { Model = "gemini-3.8-flash" });

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Sluice does not know this API key", result.Error, StringComparison.Ordinal);
    }

    private static Task<GeminiCliResult> RunAsync(GeminiCliRun run) => GeminiCliClient.RunAsync(run);

    private static IEnumerable<JsonElement> Parts(JsonDocument body) =>
        body.RootElement.GetProperty("contents").EnumerateArray().SelectMany(content => content.GetProperty("parts").EnumerateArray());

    private void AssertToldTheMarker(GeminiCliResult result)
    {
        var story = $"{result}\n--- provider\n{gateway.Simulator.Describe()}\n{gateway.Sluice.Transcript()}";
        Assert.True(result.ExitCode == 0, story);
        Assert.True(result.Text?.Contains(GeminiCliRun.Marker, StringComparison.Ordinal), story);
    }
}
