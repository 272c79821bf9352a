using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>The built-in simulator: every wire on one host, so whatever the client speaks is spoken to it.</summary>
internal sealed class SimulatorKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.Simulator;

    public bool HasModelInPath => true;

    public IReadOnlyList<string>? QueryNotSent => ClientQuery.KeyAndFraming;

    // What is spoken by clients only is asked for in Chat.
    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) =>
        WireFormats.Client(client) is IUpstreamFormat ? client : WireProtocol.OpenAIChat;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => WireFormats.Upstream(wire) is ITokenCountFormat;

    public Products Makes(ProviderSettings provider, WireProtocol wire) => wire switch
    {
        WireProtocol.OpenAIChat => MediaPaths.All | Products.Vectors,
        WireProtocol.Gemini => Products.Vectors,
        _ => Products.None,
    };

    public Uri AddressFor(in CallTarget target) => target.Wire switch
    {
        WireProtocol.AnthropicMessages => AnthropicKind.Address(target.BaseUrl, target.Operation),
        WireProtocol.OpenAIChat => BasePath.JoinVersioned(target.BaseUrl, OpenAIKind.Tail(target), null, "/v1"),
        WireProtocol.OpenAIResponses => BasePath.JoinVersioned(target.BaseUrl, ResponsesKind.Tail(target.Operation), null, "/v1"),
        WireProtocol.Gemini => GeminiKind.Address(target),
        _ => BasePath.Join(target.BaseUrl, $"/model/{BasePath.Segment(target.Model)}{BedrockKind.Verb(target.Wire, target.Stream)}"),
    };

    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.JoinVersioned(baseUrl, "/models", null, "/v1");

    public bool NamesHeader(WireProtocol wire, string name) => wire == WireProtocol.AnthropicMessages && AnthropicKind.IsAnthropic(name);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.Bearer;
}
