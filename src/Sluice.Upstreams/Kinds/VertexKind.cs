using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>
/// Google Vertex AI: Gemini as <c>publishers/google</c>, Claude as <c>publishers/anthropic</c> in Anthropic's wire with the model in the path, and open
/// models (their names have a slash, such as <c>meta/llama-4-maverick-17b-128e-instruct-maas</c>) over its Chat address. Without a project the key alone
/// says whose call it is (express mode).
/// </summary>
internal sealed class VertexKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.Vertex;

    public bool HasModelInPath => true;

    // Google refuses a parameter that it does not know, such as Claude Code's ?beta=true.
    public IReadOnlyList<string>? QueryNotSent => null;

    public ClaudeHost? ClaudeHostFor(WireProtocol wire) => wire == WireProtocol.AnthropicMessages ? ClaudeHost.Vertex : null;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) =>
        endpoint.UpstreamModel.StartsWith("publishers/google/", StringComparison.Ordinal) ? WireProtocol.Gemini
        : IsClaude(endpoint) ? WireProtocol.AnthropicMessages
        : endpoint.UpstreamModel.Contains('/') ? WireProtocol.OpenAIChat
        : WireProtocol.Gemini;

    public bool CountsAtTop => true;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => wire is WireProtocol.Gemini or WireProtocol.AnthropicMessages;

    // The path is the same for all of Claude's models, so the body says which is meant.
    public HostedClaudeCount ClaudeCountFor(ClaudeHost host, ModelEndpoint endpoint) => new(host, LastPart(endpoint.UpstreamModel));

    public Uri AddressFor(in CallTarget target)
    {
        var scope = Scope((VertexSettings?)target.Provider.Cloud);
        var model = BasePath.Segment(LastPart(target.Model));
        var (tail, query) = target.Wire switch
        {
            // The one model name that counts for all of Claude's; the body says which is meant.
            WireProtocol.AnthropicMessages when target.Operation == UpstreamOperation.CountTokens => ($"{scope}/publishers/anthropic/models/count-tokens:rawPredict", null),
            WireProtocol.AnthropicMessages => ($"{scope}/publishers/anthropic/models/{model}{(target.Stream ? ":streamRawPredict" : ":rawPredict")}", null),
            WireProtocol.OpenAIChat => ($"{scope}/endpoints/openapi/chat/completions", null),
            _ => ($"{scope}/publishers/google/models/{model}{GeminiKind.Verb(target)}", GeminiKind.Query(target)),
        };
        return BasePath.JoinVersioned(target.BaseUrl, tail, query, "/v1", "/v1beta1");
    }

    // Hosted Claude takes betas in its body; the header would be refused or ignored.
    public bool SendsHeader(WireProtocol wire, string name) =>
        !GeminiKind.NamesAnAccount(name) && !name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) =>
        provider is { Credentials.Count: 0, Cloud: VertexSettings vertex }
            ? new TokenAuth(new LeaseCache<string>(new GoogleTokens(provider.Name, vertex, context), context.Time))
            : KeyAuth.GoogleKey;

    private static bool IsClaude(ModelEndpoint endpoint) =>
        endpoint.UpstreamModel.StartsWith("publishers/anthropic/", StringComparison.Ordinal)
        || LastPart(endpoint.UpstreamModel).StartsWith("claude", StringComparison.OrdinalIgnoreCase);

    private static string Scope(VertexSettings? vertex) =>
        vertex?.Project is { } project ? $"/projects/{BasePath.Segment(project)}/locations/{BasePath.Segment(vertex.Location)}" : "";

    // A name as Google's console shows it: publishers/google/models/gemini-2.5-pro.
    private static string LastPart(string model) => model.StartsWith("publishers/", StringComparison.Ordinal) ? model[(model.LastIndexOf('/') + 1)..] : model;
}
