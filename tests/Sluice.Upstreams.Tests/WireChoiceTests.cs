using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Upstreams.Kinds;
using static Sluice.Protocols.WireProtocol;

namespace Sluice.Upstreams.Tests;

public sealed class WireChoiceTests
{
    [Theory]
    [InlineData(ProviderKind.Anthropic, "m", OpenAIChat, AnthropicMessages)]
    [InlineData(ProviderKind.OpenAI, "m", AnthropicMessages, OpenAIChat)]
    [InlineData(ProviderKind.OpenAI, "m", OpenAIResponses, OpenAIChat)]
    [InlineData(ProviderKind.OpenRouter, "m", Gemini, OpenAIChat)]
    [InlineData(ProviderKind.OpenAIResponses, "m", OpenAIChat, OpenAIResponses)]
    [InlineData(ProviderKind.Gemini, "m", AnthropicMessages, Gemini)]
    [InlineData(ProviderKind.Simulator, "m", Gemini, Gemini)]
    [InlineData(ProviderKind.Simulator, "m", OpenAIResponses, OpenAIResponses)]
    [InlineData(ProviderKind.Simulator, "m", OpenAICompletions, OpenAIChat)]
    [InlineData(ProviderKind.Azure, "my-gpt", OpenAICompletions, OpenAIChat)]
    [InlineData(ProviderKind.Vertex, "gemini-2.5-pro", AnthropicMessages, Gemini)]
    [InlineData(ProviderKind.Vertex, "claude-opus-4-6", AnthropicMessages, AnthropicMessages)]
    [InlineData(ProviderKind.Vertex, "claude-opus-4-6", Gemini, AnthropicMessages)]
    [InlineData(ProviderKind.Vertex, "meta/llama-3.3-70b-instruct-maas", AnthropicMessages, OpenAIChat)]
    [InlineData(ProviderKind.Azure, "my-gpt", OpenAIResponses, OpenAIResponses)]
    [InlineData(ProviderKind.Azure, "my-gpt", OpenAIChat, OpenAIChat)]
    [InlineData(ProviderKind.Azure, "my-gpt", AnthropicMessages, OpenAIChat)]
    [InlineData(ProviderKind.Azure, "claude-sonnet-4-6", OpenAIChat, AnthropicMessages)]
    [InlineData(ProviderKind.Bedrock, "us.anthropic.claude-sonnet-4-6", AnthropicMessages, AnthropicMessages)]
    [InlineData(ProviderKind.Bedrock, "us.anthropic.claude-sonnet-4-6", OpenAIChat, BedrockConverse)]
    [InlineData(ProviderKind.Bedrock, "amazon.nova-pro-v1:0", AnthropicMessages, BedrockConverse)]
    public void Wire_IsTheClientsOwnWhereTheEndpointSpeaksIt(ProviderKind kind, string model, WireProtocol client, WireProtocol expected) =>
        Assert.Equal(expected, ProviderKinds.WireOf(Calls.Candidate(Calls.Provider(kind, new Uri("https://h.example")), model), client));

    [Fact]
    public void Bedrock_ArnOfAnInferenceProfile_IsClaudeByItsCanonicalName()
    {
        var provider = Calls.Provider(ProviderKind.Bedrock, new Uri("https://h.example"));

        Assert.Equal(AnthropicMessages, ProviderKinds.WireOf(Calls.Candidate(provider, "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", "anthropic/claude-opus-4.6"), AnthropicMessages));
        Assert.Equal(BedrockConverse, ProviderKinds.WireOf(Calls.Candidate(provider, "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", "meta/llama"), AnthropicMessages));
    }

    [Theory]
    [InlineData("https://r.openai.azure.com", "2024-10-21", OpenAIChat)]
    [InlineData("https://r.openai.azure.com", "2025-04-01-preview", OpenAIResponses)]
    [InlineData("https://r.openai.azure.com/openai/v1", "2024-10-21", OpenAIResponses)]
    [InlineData("https://r.openai.azure.com", "preview", OpenAIResponses)]
    public void Azure_Responses_AreSpokenWhereTheVersionKnowsThem(string baseUrl, string version, WireProtocol expected) =>
        Assert.Equal(expected, ProviderKinds.WireOf(Calls.Candidate(Calls.Provider(ProviderKind.Azure, new Uri(baseUrl)) with { Cloud = new AzureSettings { ApiVersion = version } }, "d"), OpenAIResponses));

    [Fact]
    public void Azure_FoundrysModels_SpeakChatAlone() =>
        Assert.Equal(OpenAIChat, ProviderKinds.WireOf(Calls.Candidate(Calls.Provider(ProviderKind.Azure, new Uri("https://r.services.ai.azure.com/models")), "DeepSeek-V3"), OpenAIResponses));

    [Theory]
    [InlineData(ProviderKind.Anthropic, "m", AnthropicMessages, true)]
    [InlineData(ProviderKind.Anthropic, "m", Gemini, true)]
    [InlineData(ProviderKind.Gemini, "m", AnthropicMessages, true)]
    [InlineData(ProviderKind.OpenAI, "m", OpenAIChat, false)]
    [InlineData(ProviderKind.OpenAIResponses, "m", OpenAIResponses, true)]
    [InlineData(ProviderKind.Gemini, "m", Gemini, true)]
    [InlineData(ProviderKind.Vertex, "gemini-2.5-pro", Gemini, true)]
    [InlineData(ProviderKind.Vertex, "claude-opus-4-6", AnthropicMessages, true)]
    [InlineData(ProviderKind.Vertex, "meta/llama-4-maverick", OpenAIChat, false)]
    [InlineData(ProviderKind.Bedrock, "anthropic.claude-opus-4-6-v1", AnthropicMessages, true)]
    [InlineData(ProviderKind.Bedrock, "eu.anthropic.claude-opus-4-6-v1", Gemini, true)]
    [InlineData(ProviderKind.Bedrock, "amazon.nova-pro-v1:0", Gemini, false)]
    [InlineData(ProviderKind.Bedrock, "arn:aws:bedrock:us-east-1:1234:application-inference-profile/abc", AnthropicMessages, false)]
    [InlineData(ProviderKind.Azure, "claude-opus-4-6", AnthropicMessages, true)]
    [InlineData(ProviderKind.Azure, "my-gpt", OpenAIResponses, false)]
    [InlineData(ProviderKind.Simulator, "m", AnthropicMessages, true)]
    [InlineData(ProviderKind.Simulator, "m", OpenAIChat, false)]
    public void Count_IsAskedOnlyWhereItsAddressIs(ProviderKind kind, string model, WireProtocol client, bool expected) =>
        Assert.Equal(expected, ProviderKinds.CanCount(Calls.Candidate(Calls.Provider(kind, new Uri("https://h.example")), model), client));

    [Fact]
    public void EveryKind_HasAFile() =>
        Assert.Equal(Enum.GetValues<ProviderKind>().Length, Enum.GetValues<ProviderKind>().Select(ProviderKinds.Of).Distinct().Count());
}
