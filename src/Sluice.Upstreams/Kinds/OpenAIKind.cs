using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>OpenAI Chat Completions and its many compatibles. The base URL holds the version.</summary>
internal sealed class OpenAIKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.OpenAI;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) => WireProtocol.OpenAIChat;

    public bool Embeds(ProviderSettings provider, WireProtocol wire) => true;

    public Uri AddressFor(in CallTarget target) => BasePath.Join(target.BaseUrl, Tail(target.Operation));

    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.Join(baseUrl, "/models");

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.Bearer;

    internal static string Tail(UpstreamOperation operation) => operation == UpstreamOperation.Embed ? "/embeddings" : "/chat/completions";
}
