using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Formats;

namespace Sluice.Upstreams.Kinds;

/// <summary>The kinds, one file for each: the one place that decides in which wire and where an endpoint is asked.</summary>
public static class ProviderKinds
{
    private static readonly IProviderKind[] All =
        [new AnthropicKind(), new OpenAIKind(), new ResponsesKind(), new OpenRouterKind(), new GeminiKind(), new VertexKind(), new AzureKind(), new BedrockKind(), new SimulatorKind()];

    private static readonly IProviderKind?[] ByKind = [.. Enum.GetValues<ProviderKind>().Select(kind => Array.Find(All, k => k.Kind == kind))];

    /// <summary>The wire that a candidate is asked in. It is the client's own where the endpoint speaks that.</summary>
    /// <param name="candidate">Whom.</param>
    /// <param name="client">What the client speaks.</param>
    public static WireProtocol WireOf(Candidate candidate, WireProtocol client) =>
        Of(candidate.Provider.Kind).WireFor(candidate.Provider, candidate.Endpoint, client);

    /// <summary>True where a candidate has an operation that counts tokens, in the wire that it is asked in.</summary>
    public static bool CanCount(Candidate candidate, WireProtocol client) =>
        Of(candidate.Provider.Kind).Counts(candidate.Endpoint, WireOf(candidate, client));

    /// <summary>True where vectors, images, sound or video can be asked of a provider in the client's own wire: nothing translates them.</summary>
    /// <param name="provider">Whom.</param>
    /// <param name="endpoint">For which model; a kind may speak several wires.</param>
    /// <param name="client">What the client speaks.</param>
    /// <param name="wanted">What is to be made.</param>
    public static bool CanMake(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client, Products wanted)
    {
        var kind = Of(provider.Kind);
        return kind.WireFor(provider, endpoint, client) == client && (kind.Makes(provider, client) & wanted) == wanted;
    }

    /// <summary>The host that Claude's body has to be made for; null where a candidate takes Anthropic's own, or is asked in another wire.</summary>
    public static ClaudeHost? ClaudeHostOf(Candidate candidate, WireProtocol wire) => Of(candidate.Provider.Kind).ClaudeHostFor(wire);

    /// <summary>What a candidate's own operation for counting Claude's tokens wants in a body; null where it takes the client's as it is.</summary>
    public static HostedClaudeCount? ClaudeCountOf(Candidate candidate, WireProtocol wire) =>
        ClaudeHostOf(candidate, wire) is { } host ? Of(candidate.Provider.Kind).ClaudeCountFor(host, candidate.Endpoint) : null;

    /// <summary>The provider is a gateway itself: it reads the members that steer one, and says what it charged.</summary>
    public static bool IsGateway(ProviderSettings provider) => Of(provider.Kind).IsGateway;

    /// <summary>A request that counts tokens has the conversation's members at its top.</summary>
    public static bool CountsAtTop(ProviderSettings provider) => Of(provider.Kind).CountsAtTop;

    /// <summary>A check of a provider (<see cref="UpstreamClient.CheckAsync"/>) that is answered proves its key too.</summary>
    public static bool CheckProvesKey(ProviderSettings provider) => Of(provider.Kind).CheckAddress(provider, provider.BaseUrl) is not null;

    internal static IProviderKind Of(ProviderKind kind) => ByKind[(int)kind] ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "A kind without a file in Kinds.");
}
