using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>Anthropic's own API and what speaks like it. Its SDK appends <c>/v1</c> to the base URL itself.</summary>
internal sealed class AnthropicKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.Anthropic;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) => WireProtocol.AnthropicMessages;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => true;

    public Uri AddressFor(in CallTarget target) => Address(target.BaseUrl, target.Operation);

    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.JoinVersioned(baseUrl, "/models", null, "/v1");

    public bool NamesHeader(WireProtocol wire, string name) => IsAnthropic(name);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.ApiKey;

    /// <summary>Under <c>/v1</c>, also for others that serve this wire.</summary>
    internal static Uri Address(Uri baseUrl, UpstreamOperation operation) =>
        BasePath.JoinVersioned(baseUrl, operation == UpstreamOperation.CountTokens ? "/messages/count_tokens" : "/messages", null, "/v1");

    internal static bool IsAnthropic(string name) =>
        name.Equals("anthropic-version", StringComparison.OrdinalIgnoreCase) || name.Equals("anthropic-beta", StringComparison.OrdinalIgnoreCase);
}
