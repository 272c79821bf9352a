using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Upstreams.Tests;

/// <summary>Where each kind is asked for images, sound, video and jobs.</summary>
public sealed class MediaAddressTests
{
    [Theory]
    [InlineData(ProviderKind.OpenAI, "openai", "https://api.openai.com/v1", UpstreamOperation.MakeImage, "https://api.openai.com/v1/images/generations")]
    [InlineData(ProviderKind.OpenAI, "openai", "https://api.openai.com/v1", UpstreamOperation.EditImage, "https://api.openai.com/v1/images/edits")]
    [InlineData(ProviderKind.OpenAI, "openai", "https://api.openai.com/v1/", UpstreamOperation.Speak, "https://api.openai.com/v1/audio/speech")]
    [InlineData(ProviderKind.OpenAI, "groq", "https://api.groq.com/openai/v1", UpstreamOperation.Transcribe, "https://api.groq.com/openai/v1/audio/transcriptions")]
    [InlineData(ProviderKind.OpenAI, "openai", "https://api.openai.com/v1", UpstreamOperation.TranslateSpeech, "https://api.openai.com/v1/audio/translations")]
    [InlineData(ProviderKind.OpenAI, "litellm", "http://127.0.0.1:4000/v1", UpstreamOperation.MakeVideo, "http://127.0.0.1:4000/v1/videos")]
    [InlineData(ProviderKind.OpenAI, "openai", "https://api.openai.com/v1", UpstreamOperation.ReadJob, "https://api.openai.com/v1/videos/a%2F..%2Fb")]
    [InlineData(ProviderKind.OpenAI, "openai", "https://api.openai.com/v1", UpstreamOperation.ReadJobContent, "https://api.openai.com/v1/videos/a%2F..%2Fb/content")]
    [InlineData(ProviderKind.OpenAI, "evolink", "https://api.evolink.ai/v1", UpstreamOperation.MakeImage, "https://api.evolink.ai/v1/images/generations")]
    [InlineData(ProviderKind.OpenAI, "evolink", "https://api.evolink.ai/v1", UpstreamOperation.MakeVideo, "https://api.evolink.ai/v1/videos/generations")]
    [InlineData(ProviderKind.OpenAI, "evolink", "https://api.evolink.ai/v1", UpstreamOperation.ReadJob, "https://api.evolink.ai/v1/tasks/a%2F..%2Fb")]
    [InlineData(ProviderKind.OpenRouter, "openrouter", "https://openrouter.ai/api/v1", UpstreamOperation.MakeImage, "https://openrouter.ai/api/v1/images")]
    [InlineData(ProviderKind.OpenRouter, "openrouter", "https://openrouter.ai/api/v1", UpstreamOperation.DeleteJob, "https://openrouter.ai/api/v1/videos/a%2F..%2Fb")]
    [InlineData(ProviderKind.Azure, "openai", "https://r.openai.azure.com", UpstreamOperation.MakeImage, "https://r.openai.azure.com/openai/v1/images/generations")]
    [InlineData(ProviderKind.Azure, "openai", "https://r.openai.azure.com", UpstreamOperation.ReadJob, "https://r.openai.azure.com/openai/v1/videos/a%2F..%2Fb")]
    [InlineData(ProviderKind.Simulator, "generic", "http://127.0.0.1:9", UpstreamOperation.Speak, "http://127.0.0.1:9/v1/audio/speech")]
    public void Media_OfEachKind_HasItsPath(ProviderKind kind, string dialect, string baseUrl, UpstreamOperation operation, string expected)
    {
        var provider = Calls.Provider(kind, new Uri(baseUrl)) with { Dialect = ChatDialect.ByName(dialect)! };

        Assert.Equal(expected, Address(provider, operation));
    }

    [Theory]
    [InlineData(UpstreamOperation.Transcribe, "https://r.openai.azure.com/openai/deployments/m/audio/transcriptions?api-version=2025-04-01-preview")]
    [InlineData(UpstreamOperation.MakeVideo, "https://r.openai.azure.com/openai/v1/videos")]
    public void Azure_WithADatedVersion_HasTheDeploymentInThePathButForVideos(UpstreamOperation operation, string expected)
    {
        var provider = Calls.Provider(ProviderKind.Azure, new Uri("https://r.openai.azure.com")) with { Dialect = ChatDialect.OpenAI, Cloud = new AzureSettings { ApiVersion = "2025-04-01-preview" } };

        Assert.Equal(expected, Address(provider, operation));
    }

    private static string Address(ProviderSettings provider, UpstreamOperation operation)
    {
        var isOfJob = operation is UpstreamOperation.ReadJob or UpstreamOperation.ReadJobContent or UpstreamOperation.DeleteJob;
        var call = Calls.Of(provider, "m", WireProtocol.OpenAIChat) with { Operation = operation, JobId = isOfJob ? "a/../b" : null };
        return new UpstreamAddress(provider, simulator: null).For(call).AbsoluteUri;
    }
}
