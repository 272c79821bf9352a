using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;

namespace Sluice.Upstreams.Kinds;

/// <summary>The kinds, one file for each: the one place that decides in which wire and where an endpoint is asked.</summary>
public static class ProviderKinds
{
    private static readonly OpenAIKind OpenAI = new();
    private static readonly OpenRouterKind OpenRouter = new();
    private static readonly ResponsesKind Responses = new();
    private static readonly AnthropicKind Anthropic = new();
    private static readonly GeminiKind Gemini = new();
    private static readonly VertexKind Vertex = new();
    private static readonly AzureKind Azure = new();
    private static readonly BedrockKind Bedrock = new();
    private static readonly SimulatorKind Simulator = new();

    /// <summary>The wire that a candidate is asked in. It is the client's own where the endpoint speaks that.</summary>
    /// <param name="candidate">Whom.</param>
    /// <param name="client">What the client speaks.</param>
    public static WireProtocol WireOf(Candidate candidate, WireProtocol client) =>
        Of(candidate.Provider.Kind).WireFor(candidate.Provider, candidate.Endpoint, client);

    /// <summary>True where a candidate has an operation that counts tokens, in the wire that it is asked in.</summary>
    public static bool CanCount(Candidate candidate, WireProtocol client) =>
        Of(candidate.Provider.Kind).Counts(candidate.Provider, WireOf(candidate, client));

    /// <summary>True where vectors can be asked of a candidate in the client's own wire: they are numbers of one vendor's model, and nothing translates them.</summary>
    public static bool CanEmbed(Candidate candidate, WireProtocol client) =>
        WireOf(candidate, client) == client && Of(candidate.Provider.Kind).Embeds(candidate.Provider, client);

    /// <summary>The host that Claude's body has to be made for; null where a candidate takes Anthropic's own, or is asked in another wire.</summary>
    public static ClaudeHost? ClaudeHostOf(Candidate candidate, WireProtocol wire) =>
        wire == WireProtocol.AnthropicMessages ? Of(candidate.Provider.Kind).ClaudeHost : null;

    internal static IProviderKind Of(ProviderKind kind) => kind switch
    {
        ProviderKind.Anthropic => Anthropic,
        ProviderKind.OpenAI => OpenAI,
        ProviderKind.OpenRouter => OpenRouter,
        ProviderKind.OpenAIResponses => Responses,
        ProviderKind.Gemini => Gemini,
        ProviderKind.Vertex => Vertex,
        ProviderKind.Azure => Azure,
        ProviderKind.Bedrock => Bedrock,
        ProviderKind.Simulator => Simulator,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A kind without a file in Kinds."),
    };
}
