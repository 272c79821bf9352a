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

    public static UpstreamCall To(ProviderSettings provider, string body = "{}", params (string Name, string Value)[] headers) =>
        Of(provider, "one", provider.Kind == ProviderKind.Anthropic ? WireProtocol.AnthropicMessages : WireProtocol.OpenAIChat, body, headers);

    public static UpstreamCall Of(ProviderSettings provider, string model, WireProtocol wire, string body = "{}", params (string Name, string Value)[] headers) => new()
    {
        Candidate = Candidate(provider, model),
        Protocol = wire,
        Operation = UpstreamOperation.Generate,
        Body = [Encoding.UTF8.GetBytes(body)],
        ClientHeaders = [.. headers.Select(h => KeyValuePair.Create(h.Name, h.Value))],
        Native = true,
    };

    public static Candidate Candidate(ProviderSettings provider, string upstream, string id = "x/one") =>
        new(new ModelEndpoint(new Model(id), provider.Name, upstream, null), provider, provider.Credentials.Count > 0 ? provider.Credentials[0] : null, "test");

    public static UpstreamClient Client() => new(new UpstreamClientOptions { Proxy = new EnvironmentProxy(_ => null) });

    public static async Task<string> ReadAsync(UpstreamAnswer answer)
    {
        using var reader = new StreamReader(answer.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
