using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>OpenAI Chat Completions and its many compatibles. The base URL holds the version.</summary>
internal sealed class OpenAIKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.OpenAI;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) => WireProtocol.OpenAIChat;

    // The many compatibles have some of these addresses or none; whoever lists a model of the kind knows that they are there.
    public Products Makes(ProviderSettings provider, WireProtocol wire) => MediaPaths.All | Products.Vectors;

    public Uri AddressFor(in CallTarget target) => BasePath.Join(target.BaseUrl, Tail(target));

    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.Join(baseUrl, "/models");

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.Bearer;

    internal static string Tail(in CallTarget target) => target.Operation switch
    {
        UpstreamOperation.Embed => "/embeddings",
        UpstreamOperation.Generate or UpstreamOperation.CountTokens or UpstreamOperation.EmbedBatch => "/chat/completions",
        _ when target.Provider.Dialect.Name == "evolink" => MediaPaths.OfEvoLink(target),
        _ => MediaPaths.Of(target),
    };
}
