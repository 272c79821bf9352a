using System.Text.Json;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The official Node SDKs against a real Sluice: most agents are built on one of them.</summary>
[Trait("Category", Installed.Category)]
public sealed class NodeSdkTests(SimulatorGateway gateway) : IClassFixture<SimulatorGateway>
{
    private const string Anthropic = "anthropic-sdk.mjs";
    private const string OpenAI = "openai-sdk.mjs";

    [Theory]
    [InlineData(Anthropic, "plain")]
    [InlineData(Anthropic, "stream")]
    [InlineData(OpenAI, "plain")]
    [InlineData(OpenAI, "stream")]
    [InlineData(OpenAI, "streamWithoutUsage")]
    public async Task NodeSdk_Echo_SaysWhatItWasTold(string script, string call)
    {
        var result = await RunAsync(script, call, SimulatedModels.Echo);

        Assert.True(result.Ok, result.ToString());
        Assert.Contains("hello", result.Value.GetProperty("text").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task NodeSdk_AnthropicStream_OpensAndClosesTheMessage()
    {
        var result = await RunAsync(Anthropic, "stream", SimulatedModels.Echo);

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("message_start", result.Value.GetProperty("first").GetString());
        Assert.Equal("message_stop", result.Value.GetProperty("last").GetString());
        Assert.True(result.Value.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task NodeSdk_ChatStream_SendsUsageOnlyWhenAsked()
    {
        var asked = await RunAsync(OpenAI, "stream", SimulatedModels.Echo);
        var unasked = await RunAsync(OpenAI, "streamWithoutUsage", SimulatedModels.Echo);

        Assert.True(asked.Value.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0, asked.ToString());
        Assert.Equal(JsonValueKind.Null, unasked.Value.GetProperty("usage").ValueKind);
    }

    [Theory]
    [InlineData(Anthropic)]
    [InlineData(OpenAI)]
    public async Task NodeSdk_ToolLoop_CallsTheToolAndThenAnswers(string script)
    {
        var result = await RunAsync(script, "tools", SimulatedModels.Tools);

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("Read", result.Value.GetProperty("call").GetProperty("name").GetString());
        Assert.Contains("HERON-4711", result.Value.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Anthropic)]
    [InlineData(OpenAI)]
    public async Task NodeSdk_InvalidRequest_GetsTheClientsOwnError(string script)
    {
        var result = await RunAsync(script, "invalid", SimulatedModels.Echo);

        Assert.False(result.Ok);
        Assert.Equal("BadRequestError", result.Value.GetProperty("name").GetString());
        Assert.Equal(400, result.Value.GetProperty("status").GetInt32());
        Assert.Equal("client", result.Value.GetProperty("source").GetString());
        Assert.StartsWith("gen-", result.Value.GetProperty("requestId").GetString(), StringComparison.Ordinal);
    }

    private Task<NodeSdkResult> RunAsync(string script, string call, string model)
    {
        Installed.OrSkip();
        return NodeSdkClient.RunAsync(script, call, gateway.Url, gateway.Key, model);
    }
}
