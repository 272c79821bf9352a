using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>The built-in simulator: every wire on one host, so whatever the client speaks is spoken to it.</summary>
internal sealed class SimulatorKind : IProviderKind
{
    public bool HasModelInPath => true;

    public IReadOnlyList<string>? QueryNotSent => ClientQuery.KeyAndFraming;

    // Legacy completions are spoken by clients only; they are asked for in Chat everywhere.
    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) =>
        client == WireProtocol.OpenAICompletions ? WireProtocol.OpenAIChat : client;

    public bool Counts(ProviderSettings provider, WireProtocol wire) => wire is WireProtocol.AnthropicMessages or WireProtocol.OpenAIResponses or WireProtocol.Gemini;

    public bool Embeds(ProviderSettings provider, WireProtocol wire) => wire is WireProtocol.OpenAIChat or WireProtocol.Gemini;

    public Uri AddressFor(in CallTarget target) => target.Wire switch
    {
        WireProtocol.AnthropicMessages => AnthropicKind.Address(target.BaseUrl, target.Operation),
        WireProtocol.OpenAIChat => BasePath.JoinVersioned(target.BaseUrl, OpenAIKind.Tail(target.Operation), null, "/v1"),
        WireProtocol.OpenAIResponses => BasePath.JoinVersioned(target.BaseUrl, ResponsesKind.Tail(target.Operation), null, "/v1"),
        WireProtocol.Gemini => GeminiKind.Address(target),
        _ => BasePath.Join(target.BaseUrl, $"/model/{BasePath.Segment(target.Model)}{BedrockKind.Verb(target.Wire, target.Stream)}"),
    };

    public bool NamesHeader(WireProtocol wire, string name) => wire == WireProtocol.AnthropicMessages && AnthropicKind.IsAnthropic(name);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.Bearer;
}
