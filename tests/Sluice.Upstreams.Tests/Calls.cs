using System.Text;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols;

namespace Sluice.Upstreams.Tests;

/// <summary>Makes calls for the tests.</summary>
internal static class Calls
{
    public const string Canary = "canary-4711-secret";

    public static ProviderSettings Provider(ProviderKind kind, Uri url, TimeSpan? connect = null, string name = "p") => new()
    {
        Name = name,
        Kind = kind,
        BaseUrl = url,
        Credentials = [new Credential("p#1", Canary)],
        Timeouts = new TimeoutSettings { Connect = connect ?? TimeSpan.FromSeconds(5) },
    };

    public static UpstreamCall Native(ProviderKind kind, Uri url, string body = "{}", params (string Name, string Value)[] headers) =>
        To(Provider(kind, url), body, headers);

    public static UpstreamCall To(ProviderSettings provider, string body = "{}", params (string Name, string Value)[] headers)
    {
        var anthropic = provider.Kind == ProviderKind.Anthropic;
        return new UpstreamCall
        {
            Candidate = new Candidate(new ModelEndpoint(new Model("x/one"), provider.Name, "one", null), provider, provider.Credentials.Count > 0 ? provider.Credentials[0] : null, "test"),
            Protocol = anthropic ? WireProtocol.AnthropicMessages : WireProtocol.OpenAIChat,
            Operation = anthropic ? UpstreamOperation.Messages : UpstreamOperation.ChatCompletions,
            Body = [Encoding.UTF8.GetBytes(body)],
            ClientHeaders = [.. headers.Select(h => KeyValuePair.Create(h.Name, h.Value))],
            Native = true,
        };
    }

    public static UpstreamClient Client() => new(new UpstreamClientOptions { Proxy = new EnvironmentProxy(_ => null) });

    public static async Task<string> ReadAsync(UpstreamAnswer answer)
    {
        using var reader = new StreamReader(answer.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
