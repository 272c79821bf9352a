using System.Text;
using System.Text.Json;
using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The real Codex, which speaks Responses alone, on a provider of every kind. It must not be able to tell which.</summary>
[Trait("Category", Installed.Category)]
public sealed class CodexTests(EveryKind gateway) : IClassFixture<EveryKind>
{
    [Theory]
    [MemberData(nameof(UpstreamKinds.Names), MemberType = typeof(UpstreamKinds))]
    public async Task Codex_OnAnyKind_ReadsTheFileAndTellsTheMarkerInTwoCalls(string kind)
    {
        Installed.OrSkip();
        var loop = await ToolLoop.BeginAsync(gateway, kind);

        // Its own retries would show as more calls than two.
        var result = await CodexClient.RunAsync(new CodexRun(gateway.Sluice.Url, gateway.Sluice.ClientKey, loop.Model) { Retries = null });

        Assert.True(result.ExitCode == 0 && result.Errors.Count == 0 && result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal) == true, loop.Story(result));
        await loop.AssertTookTwoCallsAsync(Wire.Responses, CodexClient.Marker, result);
    }

    // Codex sends these models no tools but in its input, in namespaces, and the one that reads files takes JavaScript as free text.
    [Theory]
    [InlineData("gpt-6-astra", "openai-responses", "\"custom_tool_call\"")]
    [InlineData("gpt-6-luna", "anthropic", "\"functions__exec\"")]
    [InlineData("gpt-6-sol", "openai", "\"functions__exec\"")]
    [InlineData("gpt-6.1-sol", "gemini", "\"functions__exec\"")]
    public async Task F09_CodexWithAModelThatItKnows_RunsItsScriptAndTellsTheMarker(string model, string kind, string calledAs)
    {
        var (result, calls) = await RunAsync(kind, model);

        AssertToldTheMarker(result, calls);
        Assert.Contains(calledAs, Encoding.UTF8.GetString(calls[1].Body!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai-responses", "encrypted_content")]
    [InlineData("anthropic", "signature")]
    [InlineData("gemini", "thoughtSignature")]
    public async Task Codex_ThinkingModelOverTwoTurns_GivesEveryProofBack(string kind, string proof)
    {
        Installed.OrSkip();
        using var codex = CodexClient.Open(new CodexRun(gateway.Sluice.Url, gateway.Sluice.ClientKey, kind + "/think"));
        var before = gateway.CallsOf(kind).Count;

        var first = await codex.AskAsync("Read notes.txt and tell me the marker.");
        var second = await codex.AskAsync("Read notes.txt again and tell me the marker.");

        var calls = gateway.CallsOf(kind).Skip(before).ToList();
        AssertToldTheMarker(first, calls, expected: 4);
        AssertToldTheMarker(second, calls, expected: 4);

        // One proof for each of the three answers before the last call.
        using var last = JsonDocument.Parse(calls[3].Body!);
        Assert.True(Count(last.RootElement, proof) >= 3, Encoding.UTF8.GetString(calls[3].Body!));
    }

    [Fact]
    public async Task Codex_BuiltInProvider_IsRefusedItsWebSocketAndGoesOnByPost()
    {
        var (result, calls) = await RunAsync("openai-responses", "gpt-6-astra", builtIn: true);

        AssertToldTheMarker(result, calls);
    }

    private static int Count(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Sum(m => (m.NameEquals(name) && m.Value.ValueKind == JsonValueKind.String ? 1 : 0) + Count(m.Value, name)),
        JsonValueKind.Array => value.EnumerateArray().Sum(v => Count(v, name)),
        _ => 0,
    };

    private async Task<(CodexResult Result, IReadOnlyList<ReceivedRequest> Calls)> RunAsync(string kind, string model, bool builtIn = false)
    {
        Installed.OrSkip();
        var before = gateway.CallsOf(kind).Count;
        var result = await CodexClient.RunAsync(new CodexRun(gateway.Sluice.Url, gateway.Sluice.ClientKey, model) { BuiltInProvider = builtIn });
        return (result, [.. gateway.CallsOf(kind).Skip(before)]);
    }

    private void AssertToldTheMarker(CodexResult result, IReadOnlyList<ReceivedRequest> calls, int expected = 2)
    {
        var story = $"{result}\n--- calls\n{gateway.Simulator.Describe()}\n{gateway.Sluice.Transcript()}";
        Assert.True(result.ExitCode == 0 && result.Errors.Count == 0, story);
        Assert.True(result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal), story);
        Assert.True(calls.Count == expected && calls.All(c => c.Status == 200), story);
    }
}
