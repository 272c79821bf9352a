using Sluice.Core.Configuration;
using Sluice.Protocols;

namespace Sluice.Upstreams.Tests;

public sealed class UpstreamAddressTests
{
    [Theory]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com", UpstreamOperation.Generate, "https://api.anthropic.com/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com/", UpstreamOperation.Generate, "https://api.anthropic.com/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com/v1", UpstreamOperation.Generate, "https://api.anthropic.com/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com/v1/", UpstreamOperation.CountTokens, "https://api.anthropic.com/v1/messages/count_tokens")]
    [InlineData(ProviderKind.Anthropic, "https://openrouter.ai/api", UpstreamOperation.Generate, "https://openrouter.ai/api/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "http://10.0.0.1:8080/team/a", UpstreamOperation.Generate, "http://10.0.0.1:8080/team/a/v1/messages")]
    [InlineData(ProviderKind.OpenAI, "https://api.openai.com/v1", UpstreamOperation.Generate, "https://api.openai.com/v1/chat/completions")]
    [InlineData(ProviderKind.OpenAI, "https://api.deepseek.com", UpstreamOperation.Generate, "https://api.deepseek.com/chat/completions")]
    [InlineData(ProviderKind.OpenAI, "http://127.0.0.1:11434/v1/", UpstreamOperation.Generate, "http://127.0.0.1:11434/v1/chat/completions")]
    [InlineData(ProviderKind.OpenAI, "https://h/v1?api-version=3", UpstreamOperation.Generate, "https://h/v1/chat/completions?api-version=3")]
    [InlineData(ProviderKind.OpenRouter, "https://openrouter.ai/api/v1", UpstreamOperation.Generate, "https://openrouter.ai/api/v1/chat/completions")]
    [InlineData(ProviderKind.OpenAIResponses, "https://api.openai.com/v1", UpstreamOperation.Generate, "https://api.openai.com/v1/responses")]
    [InlineData(ProviderKind.OpenAIResponses, "https://api.openai.com/v1/", UpstreamOperation.CountTokens, "https://api.openai.com/v1/responses/input_tokens")]
    public void BaseUrl_OfEachKind_GetsTheOperationsPath(ProviderKind kind, string baseUrl, UpstreamOperation operation, string expected)
    {
        var wire = kind switch { ProviderKind.Anthropic => WireProtocol.AnthropicMessages, ProviderKind.OpenAIResponses => WireProtocol.OpenAIResponses, _ => WireProtocol.OpenAIChat };

        Assert.Equal(expected, Address(Calls.Provider(kind, new Uri(baseUrl)), "m", wire, operation));
    }

    [Theory]
    [InlineData("https://generativelanguage.googleapis.com", "gemini-2.5-pro", UpstreamOperation.Generate, false, "/v1beta/models/gemini-2.5-pro:generateContent")]
    [InlineData("https://generativelanguage.googleapis.com", "gemini-2.5-pro", UpstreamOperation.Generate, true, "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse")]
    [InlineData("https://generativelanguage.googleapis.com", "gemini-2.5-pro", UpstreamOperation.CountTokens, true, "/v1beta/models/gemini-2.5-pro:countTokens")]
    [InlineData("https://generativelanguage.googleapis.com/v1", "gemini-2.5-pro", UpstreamOperation.Generate, false, "/v1/models/gemini-2.5-pro:generateContent")]
    [InlineData("https://generativelanguage.googleapis.com/v1beta/", "models/gemini-2.5-pro", UpstreamOperation.Generate, false, "/v1beta/models/gemini-2.5-pro:generateContent")]
    [InlineData("https://generativelanguage.googleapis.com", "tunedModels/mine", UpstreamOperation.Generate, false, "/v1beta/tunedModels/mine:generateContent")]
    [InlineData("https://generativelanguage.googleapis.com/team", "a/b:c?d=e#f", UpstreamOperation.Generate, false, "/team/v1beta/models/a%2Fb%3Ac%3Fd%3De%23f:generateContent")]
    public void Gemini_ModelAndStreaming_AreInThePath(string baseUrl, string model, UpstreamOperation operation, bool stream, string expected) =>
        Assert.Equal("https://generativelanguage.googleapis.com" + expected, Address(Calls.Provider(ProviderKind.Gemini, new Uri(baseUrl)), model, WireProtocol.Gemini, operation, stream));

    [Theory]
    [InlineData("gemini-2.5-pro", WireProtocol.Gemini, false, "/v1/projects/p-1/locations/us-east5/publishers/google/models/gemini-2.5-pro:generateContent")]
    [InlineData("publishers/google/models/gemini-2.5-pro", WireProtocol.Gemini, true, "/v1/projects/p-1/locations/us-east5/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse")]
    [InlineData("claude-sonnet-4-5@20250929", WireProtocol.AnthropicMessages, false, "/v1/projects/p-1/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict")]
    [InlineData("claude-sonnet-4-6", WireProtocol.AnthropicMessages, true, "/v1/projects/p-1/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-6:streamRawPredict")]
    [InlineData("meta/llama-4-maverick-17b-128e-instruct-maas", WireProtocol.OpenAIChat, true, "/v1/projects/p-1/locations/us-east5/endpoints/openapi/chat/completions")]
    public void Vertex_Publisher_FollowsTheWire(string model, WireProtocol wire, bool stream, string expected)
    {
        var provider = Calls.Provider(ProviderKind.Vertex, new Uri("https://us-east5-aiplatform.googleapis.com")) with { Cloud = new VertexSettings { Project = "p-1", Location = "us-east5" } };

        Assert.Equal("https://us-east5-aiplatform.googleapis.com" + expected, Address(provider, model, wire, stream: stream));
    }

    [Fact]
    public void Vertex_WithoutAProject_IsExpressMode()
    {
        var provider = Calls.Provider(ProviderKind.Vertex, new Uri("https://aiplatform.googleapis.com/v1")) with { Cloud = new VertexSettings { Location = "global" } };

        Assert.Equal("https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:generateContent", Address(provider, "gemini-2.5-flash", WireProtocol.Gemini));
    }

    [Theory]
    [InlineData("https://r.openai.azure.com", "2024-10-21", "gpt 4/o", WireProtocol.OpenAIChat, "https://r.openai.azure.com/openai/deployments/gpt%204%2Fo/chat/completions?api-version=2024-10-21")]
    [InlineData("https://r.openai.azure.com/openai", "2025-04-01-preview", "d", WireProtocol.OpenAIResponses, "https://r.openai.azure.com/openai/responses?api-version=2025-04-01-preview")]
    [InlineData("https://r.openai.azure.com", null, "d", WireProtocol.OpenAIChat, "https://r.openai.azure.com/openai/v1/chat/completions")]
    [InlineData("https://r.openai.azure.com", "v1", "d", WireProtocol.OpenAIResponses, "https://r.openai.azure.com/openai/v1/responses")]
    [InlineData("https://r.openai.azure.com/openai/v1/", "preview", "d", WireProtocol.OpenAIChat, "https://r.openai.azure.com/openai/v1/chat/completions?api-version=preview")]
    [InlineData("https://r.services.ai.azure.com/models", null, "DeepSeek-V3", WireProtocol.OpenAIChat, "https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview")]
    [InlineData("https://r.services.ai.azure.com/anthropic", null, "claude-sonnet-4-6", WireProtocol.AnthropicMessages, "https://r.services.ai.azure.com/anthropic/v1/messages")]
    [InlineData("https://r.services.ai.azure.com", "2024-10-21", "claude-sonnet-4-6", WireProtocol.AnthropicMessages, "https://r.services.ai.azure.com/anthropic/v1/messages")]
    public void Azure_Surface_FollowsBaseUrlVersionAndWire(string baseUrl, string? version, string model, WireProtocol wire, string expected)
    {
        var provider = Calls.Provider(ProviderKind.Azure, new Uri(baseUrl)) with { Cloud = new AzureSettings { ApiVersion = version } };

        Assert.Equal(expected, Address(provider, model, wire));
    }

    [Theory]
    [InlineData("anthropic.claude-sonnet-4-5-20250929-v1:0", WireProtocol.AnthropicMessages, false, "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke")]
    [InlineData("us.anthropic.claude-sonnet-4-5-20250929-v1:0", WireProtocol.AnthropicMessages, true, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream")]
    [InlineData("amazon.nova-pro-v1:0", WireProtocol.BedrockConverse, false, "/model/amazon.nova-pro-v1%3A0/converse")]
    [InlineData("arn:aws:bedrock:us-east-1:1234:application-inference-profile/abc", WireProtocol.BedrockConverse, true, "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1234%3Aapplication-inference-profile%2Fabc/converse-stream")]
    [InlineData("..", WireProtocol.BedrockConverse, false, "/model/%252E%252E/converse")]
    [InlineData("../../admin", WireProtocol.BedrockConverse, false, "/model/..%2F..%2Fadmin/converse")]
    [InlineData("@evil.example/", WireProtocol.BedrockConverse, false, "/model/%40evil.example%2F/converse")]
    public void Bedrock_ModelId_IsOneEscapedSegment(string model, WireProtocol wire, bool stream, string expected) =>
        Assert.Equal("https://bedrock-runtime.us-east-1.amazonaws.com" + expected,
            Address(Calls.Provider(ProviderKind.Bedrock, new Uri("https://bedrock-runtime.us-east-1.amazonaws.com")), model, wire, stream: stream));

    [Theory]
    [InlineData(WireProtocol.AnthropicMessages, UpstreamOperation.Generate, true, "/v1/messages")]
    [InlineData(WireProtocol.AnthropicMessages, UpstreamOperation.CountTokens, false, "/v1/messages/count_tokens")]
    [InlineData(WireProtocol.OpenAIChat, UpstreamOperation.Generate, true, "/v1/chat/completions")]
    [InlineData(WireProtocol.OpenAIResponses, UpstreamOperation.Generate, false, "/v1/responses")]
    [InlineData(WireProtocol.Gemini, UpstreamOperation.Generate, true, "/v1beta/models/sim%2Fecho:streamGenerateContent?alt=sse")]
    [InlineData(WireProtocol.BedrockConverse, UpstreamOperation.Generate, true, "/model/sim%2Fecho/converse-stream")]
    public void Simulator_EveryWire_IsOnItsOneHost(WireProtocol wire, UpstreamOperation operation, bool stream, string expected)
    {
        var provider = Calls.Provider(ProviderKind.Simulator, new Uri("http://sim.invalid"));

        Assert.Equal("http://127.0.0.1:7" + expected, Address(provider, "sim/echo", wire, operation, stream, new Uri("http://127.0.0.1:7")));
    }

    [Theory]
    [InlineData("?beta=true", "?beta=true")]
    [InlineData("beta=true", "?beta=true")]
    [InlineData("?key=sk-mine&beta=true", "?beta=true")]
    [InlineData("?beta=true&KEY=sk-mine", "?beta=true")]
    [InlineData("?k%65y=sk-mine", "")]
    [InlineData("?key", "")]
    [InlineData("?monkey=1", "?monkey=1")]
    [InlineData("?a=@evil.example/", "?a=@evil.example/")]
    [InlineData("?", "")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Query_OfANativeCall_GoesOnWithoutItsKey(string? query, string expected)
    {
        var call = Calls.Native(ProviderKind.Anthropic, new Uri("https://api.anthropic.com")) with { Query = query };

        Assert.Equal("https://api.anthropic.com/v1/messages" + expected, new UpstreamAddress(call.Candidate.Provider, null).For(call).AbsoluteUri);
    }

    [Fact]
    public void Query_OfATranslatedCall_StaysHere()
    {
        var call = Calls.Native(ProviderKind.Anthropic, new Uri("https://api.anthropic.com")) with { Query = "?beta=true", Native = false };

        Assert.Equal("https://api.anthropic.com/v1/messages", new UpstreamAddress(call.Candidate.Provider, null).For(call).AbsoluteUri);
    }

    [Theory]
    [InlineData(ProviderKind.Gemini, "?alt=json&key=sk-mine&prettyPrint=false", "https://h.example/v1beta/models/m:streamGenerateContent?alt=sse&prettyPrint=false")]
    [InlineData(ProviderKind.Bedrock, "?beta=true", "https://h.example/model/m/converse-stream")]
    [InlineData(ProviderKind.Azure, "?beta=true&api-version=1", "https://h.example/openai/v1/chat/completions")]
    [InlineData(ProviderKind.Vertex, "?beta=true", "https://h.example/v1/publishers/google/models/m:streamGenerateContent?alt=sse")]
    public void Query_OfKindsThatChooseTheirOwn_DoesNotReplaceIt(ProviderKind kind, string query, string expected)
    {
        var provider = Calls.Provider(kind, new Uri("https://h.example"));
        var wire = kind switch { ProviderKind.Azure => WireProtocol.OpenAIChat, ProviderKind.Bedrock => WireProtocol.BedrockConverse, _ => WireProtocol.Gemini };

        Assert.Equal(expected, new UpstreamAddress(provider, null).For(Calls.Of(provider, "m", wire) with { Query = query, Stream = true }).AbsoluteUri);
    }

    [Fact]
    public void Address_KeptFromTheLastCall_IsNotAnothersModel()
    {
        var provider = Calls.Provider(ProviderKind.Gemini, new Uri("https://h.example"));
        var address = new UpstreamAddress(provider, null);

        Assert.Equal("/v1beta/models/a:generateContent", address.For(Calls.Of(provider, "a", WireProtocol.Gemini)).PathAndQuery);
        Assert.Equal("/v1beta/models/b:generateContent", address.For(Calls.Of(provider, "b", WireProtocol.Gemini)).PathAndQuery);
        Assert.Same(address.For(Calls.Of(provider, "b", WireProtocol.Gemini)), address.For(Calls.Of(provider, "b", WireProtocol.Gemini)));
    }

    private static string Address(
        ProviderSettings provider, string model, WireProtocol wire, UpstreamOperation operation = UpstreamOperation.Generate, bool stream = false, Uri? simulator = null) =>
        new UpstreamAddress(provider, simulator).For(Calls.Of(provider, model, wire) with { Operation = operation, Stream = stream }).AbsoluteUri;
}
