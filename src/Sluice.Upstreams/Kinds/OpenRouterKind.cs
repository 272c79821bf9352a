using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>OpenRouter, always over its Chat wire. It ranks apps by the headers that they send.</summary>
internal sealed class OpenRouterKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.OpenRouter;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) => WireProtocol.OpenAIChat;

    public bool IsGateway => true;

    public Products Makes(ProviderSettings provider, WireProtocol wire) => MediaPaths.All | Products.Vectors;

    // Its images have the shorter address.
    public Uri AddressFor(in CallTarget target) =>
        BasePath.Join(target.BaseUrl, target.Operation is UpstreamOperation.MakeImage ? "/images" : OpenAIKind.Tail(target));

    // Its list of models is open to everybody; what it says of a key is not.
    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.Join(baseUrl, "/key");

    public bool NamesHeader(WireProtocol wire, string name) =>
        name.Equals("HTTP-Referer", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Title", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("X-OpenRouter-", StringComparison.OrdinalIgnoreCase);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.Bearer;
}
