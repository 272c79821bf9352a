using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>The Node SDKs of Responses, Gemini and OpenRouter on providers of their own kind and of others: they must not be able to tell which.</summary>
[Trait("Category", Installed.Category)]
public sealed class EveryKindNodeSdkTests(EveryKind gateway) : IClassFixture<EveryKind>
{
    private const string OpenAI = "openai-sdk.mjs";
    private const string Google = "google-genai.mjs";
    private const string OpenRouter = "openrouter-sdk.mjs";

    [Theory]
    [InlineData(OpenAI, "responses", "openai-responses")]
    [InlineData(OpenAI, "responses", "anthropic")]
    [InlineData(OpenAI, "responsesStream", "openai-responses")]
    [InlineData(OpenAI, "responsesStream", "gemini")]
    [InlineData(Google, "plain", "gemini")]
    [InlineData(Google, "plain", "anthropic")]
    [InlineData(Google, "stream", "gemini")]
    [InlineData(Google, "stream", "openai")]
    [InlineData(OpenRouter, "plain", "bedrock")]
    [InlineData(OpenRouter, "stream", "openrouter")]
    [InlineData(OpenRouter, "stream", "anthropic")]
    public async Task NodeSdk_Echo_SaysWhatItWasTold(string script, string call, string kind)
    {
        var result = await RunAsync(script, call, kind + "/echo");

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("Say hello.", result.Value.GetProperty("text").GetString());
        if (result.Value.TryGetProperty("usage", out var usage))
        {
            var name = script switch { OpenAI => "output_tokens", Google => "candidatesTokenCount", _ => "completionTokens" };
            Assert.Equal(gateway.Simulator.Record.Last.Usage!.Output, usage.GetProperty(name).GetInt32());
        }
    }

    // Its stream begins with what its filter says of the prompt: a chunk without choices.
    [Theory]
    [InlineData("stream")]
    [InlineData("streamCollected")]
    [InlineData("streamWithoutUsage")]
    public async Task NodeSdk_AzuresChatStream_IsTakenWithItsFirstChunk(string call)
    {
        var result = await RunAsync(OpenAI, call, "azure/echo");

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("Say hello.", result.Value.GetProperty("text").GetString());
        Assert.Equal("stop", result.Value.GetProperty("finishReason").GetString());
    }

    // The models think first, and the strict simulator wants the proof of it back.
    [Theory]
    [InlineData(OpenAI, "openai-responses")]
    [InlineData(OpenAI, "anthropic")]
    [InlineData(OpenAI, "openai")]
    [InlineData(Google, "gemini")]
    [InlineData(Google, "anthropic")]
    [InlineData(Google, "openai-responses")]
    [InlineData(OpenRouter, "openrouter")]
    [InlineData(OpenRouter, "vertex")]
    public async Task NodeSdk_ThinkingToolLoop_CallsTheToolAndThenAnswers(string script, string kind)
    {
        var result = await RunAsync(script, script == OpenAI ? "responsesTools" : "tools", kind + "/think");

        Assert.True(result.Ok, result.ToString());
        Assert.Equal("notes.txt", result.Value.GetProperty("call").GetProperty("input").GetProperty("file_path").GetString());
        Assert.Contains("HERON-4711", result.Value.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("anthropic")]
    public async Task NodeSdk_GeminiCountTokens_GivesANumber(string kind)
    {
        var result = await RunAsync(Google, "count", kind + "/echo");

        Assert.True(result.Ok, result.ToString());
        Assert.InRange(result.Value.GetProperty("totalTokens").GetInt32(), 1, 100);
    }

    [Fact]
    public async Task NodeSdk_GeminiModels_ListsWhatIsServed()
    {
        var result = await RunAsync(Google, "models", "gemini/echo");

        Assert.True(result.Ok, result.ToString());
        Assert.Contains("models/anthropic/echo", result.Value.EnumerateArray().Select(m => m.GetString()));
    }

    [Fact]
    public async Task NodeSdk_OpenRouterModels_ListsAlsoModelsOfWhichNothingIsKnown()
    {
        var result = await RunAsync(OpenRouter, "models", "gemini/echo");

        Assert.True(result.Ok, result.ToString());
        var model = result.Value.EnumerateArray().Single(m => m.GetProperty("id").GetString() == "anthropic/any");
        Assert.Equal(("-1", "-1"), (model.GetProperty("prompt").GetString(), model.GetProperty("completion").GetString()));
    }

    private Task<NodeSdkResult> RunAsync(string script, string call, string model)
    {
        Installed.OrSkip();
        return NodeSdkClient.RunAsync(script, call, gateway.Sluice.Url, gateway.Sluice.ClientKey, model);
    }
}
