using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The official Node SDKs on a provider of their own format and on one of the other: they must not be able to tell which.</summary>
[Trait("Category", Installed.Category)]
public sealed class BothWaysNodeSdkTests(BothWays gateway) : IClassFixture<BothWays>
{
    private const string Anthropic = "anthropic-sdk.mjs";
    private const string OpenAI = "openai-sdk.mjs";

    [Theory]
    [InlineData(Anthropic, false)]
    [InlineData(Anthropic, true)]
    [InlineData(OpenAI, false)]
    [InlineData(OpenAI, true)]
    public async Task NodeSdk_ToolLoop_CallsTheToolAndThenAnswers(string script, bool upstreamIsChat)
    {
        var result = await RunAsync(script, "tools", BothWays.Model("tools", upstreamIsChat));

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("notes.txt", result.Value.GetProperty("call").GetProperty("input").GetProperty("file_path").GetString());
        Assert.Contains("HERON-4711", result.Value.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Anthropic, true)]
    [InlineData(OpenAI, false)]
    public async Task NodeSdk_TranslatedStream_CarriesTextAndUsage(string script, bool upstreamIsChat)
    {
        var result = await RunAsync(script, "stream", BothWays.Model("echo", upstreamIsChat));

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("Say hello.", result.Value.GetProperty("text").GetString());
        var usage = result.Value.GetProperty("usage");
        Assert.Equal(gateway.Simulator.Record.Last.Usage!.Output, usage.GetProperty(script == Anthropic ? "output_tokens" : "completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData(Anthropic, false)]
    [InlineData(Anthropic, true)]
    [InlineData(OpenAI, false)]
    [InlineData(OpenAI, true)]
    public async Task NodeSdk_StreamBreaksAfterText_Raises(string script, bool upstreamIsChat)
    {
        Installed.OrSkip();
        gateway.Simulator.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterText, after: 1));

        var result = await RunAsync(script, "stream", BothWays.Model("echo", upstreamIsChat));

        Assert.False(result.Ok, result.ToString());
    }

    [Theory]
    [InlineData(Anthropic, false)]
    [InlineData(Anthropic, true)]
    public async Task NodeSdk_CountTokens_GivesANumber(string script, bool upstreamIsChat)
    {
        var result = await RunAsync(script, "count", BothWays.Model("echo", upstreamIsChat));

        Assert.True(result.Ok, result.ToString());
        Assert.InRange(result.Value.GetProperty("input_tokens").GetInt32(), 1, 100);
    }

    [Theory]
    [InlineData(Anthropic)]
    [InlineData(OpenAI)]
    public async Task NodeSdk_Models_ListsWhatIsServed(string script)
    {
        var result = await RunAsync(script, "models", BothWays.Model("echo", chat: true));

        Assert.True(result.Ok, result.ToString());
        Assert.Contains(BothWays.Model("echo", chat: false), result.Value.EnumerateArray().Select(m => m.GetString()));
    }

    private Task<NodeSdkResult> RunAsync(string script, string call, string model)
    {
        Installed.OrSkip();
        return NodeSdkClient.RunAsync(script, call, gateway.Sluice.Url, gateway.Sluice.ClientKey, model);
    }
}
