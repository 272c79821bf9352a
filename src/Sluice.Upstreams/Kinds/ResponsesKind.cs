using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>OpenAI Responses and its compatibles. The base URL holds the version.</summary>
internal sealed class ResponsesKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.OpenAIResponses;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) => WireProtocol.OpenAIResponses;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => true;

    public Uri AddressFor(in CallTarget target) => BasePath.Join(target.BaseUrl, Tail(target.Operation));

    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.Join(baseUrl, "/models");

    public bool NamesHeader(WireProtocol wire, string name) => name.Equals("openai-beta", StringComparison.OrdinalIgnoreCase);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.Bearer;

    internal static string Tail(UpstreamOperation operation) => operation == UpstreamOperation.CountTokens ? "/responses/input_tokens" : "/responses";
}
