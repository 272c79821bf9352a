using Sluice.Core.Configuration;

namespace Sluice.Upstreams.Tests;

public sealed class UpstreamAddressTests
{
    [Theory]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com", UpstreamOperation.Messages, "https://api.anthropic.com/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com/", UpstreamOperation.Messages, "https://api.anthropic.com/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com/v1", UpstreamOperation.Messages, "https://api.anthropic.com/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "https://api.anthropic.com/v1/", UpstreamOperation.CountTokens, "https://api.anthropic.com/v1/messages/count_tokens")]
    [InlineData(ProviderKind.Anthropic, "https://openrouter.ai/api", UpstreamOperation.Messages, "https://openrouter.ai/api/v1/messages")]
    [InlineData(ProviderKind.Anthropic, "http://10.0.0.1:8080/team/a", UpstreamOperation.Messages, "http://10.0.0.1:8080/team/a/v1/messages")]
    [InlineData(ProviderKind.OpenAI, "https://api.openai.com/v1", UpstreamOperation.ChatCompletions, "https://api.openai.com/v1/chat/completions")]
    [InlineData(ProviderKind.OpenAI, "https://api.deepseek.com", UpstreamOperation.ChatCompletions, "https://api.deepseek.com/chat/completions")]
    [InlineData(ProviderKind.OpenAI, "http://127.0.0.1:11434/v1/", UpstreamOperation.ChatCompletions, "http://127.0.0.1:11434/v1/chat/completions")]
    [InlineData(ProviderKind.OpenAI, "https://h/v1?api-version=3", UpstreamOperation.ChatCompletions, "https://h/v1/chat/completions?api-version=3")]
    [InlineData(ProviderKind.OpenRouter, "https://openrouter.ai/api/v1", UpstreamOperation.ChatCompletions, "https://openrouter.ai/api/v1/chat/completions")]
    [InlineData(ProviderKind.Simulator, "http://127.0.0.1:9", UpstreamOperation.ChatCompletions, "http://127.0.0.1:9/v1/chat/completions")]
    [InlineData(ProviderKind.Simulator, "http://127.0.0.1:9", UpstreamOperation.Messages, "http://127.0.0.1:9/v1/messages")]
    public void BaseUrl_OfEachKind_GetsTheOperationsPath(ProviderKind kind, string baseUrl, UpstreamOperation operation, string expected) =>
        Assert.Equal(expected, UpstreamAddress.Build(kind, new Uri(baseUrl), operation).AbsoluteUri);

    [Fact]
    public void Simulator_AtAnInjectedAddress_IsCalledThere()
    {
        var provider = Calls.Provider(ProviderKind.Simulator, new Uri("http://sim.invalid"));

        Assert.Equal("http://127.0.0.1:7/v1/chat/completions", new UpstreamAddress(provider, new Uri("http://127.0.0.1:7")).For(Calls.To(provider)).AbsoluteUri);
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
}
