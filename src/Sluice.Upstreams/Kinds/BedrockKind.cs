using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>
/// Amazon Bedrock: Claude in Anthropic's own wire by InvokeModel when the client speaks it, everything else by Converse. The model's id is one segment
/// of the path, an ARN whole.
/// </summary>
internal sealed class BedrockKind : IProviderKind
{
    private const string Claude = "anthropic.claude";

    public ProviderKind Kind => ProviderKind.Bedrock;

    public bool HasModelInPath => true;

    public IReadOnlyList<string>? QueryNotSent => null;

    public ClaudeHost? ClaudeHostFor(WireProtocol wire) => wire == WireProtocol.AnthropicMessages ? ClaudeHost.BedrockInvoke : null;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) =>
        client == WireProtocol.AnthropicMessages && IsClaude(endpoint) ? WireProtocol.AnthropicMessages : WireProtocol.BedrockConverse;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => FoundationModel(endpoint.UpstreamModel) is not null;

    public Uri AddressFor(in CallTarget target) => BasePath.Join(target.BaseUrl, target.Operation == UpstreamOperation.CountTokens
        ? $"/model/{BasePath.Segment(FoundationModel(target.Model) ?? target.Model)}/count-tokens"
        : $"/model/{BasePath.Segment(target.Model)}{Verb(target.Wire, target.Stream)}");

    // Hosted Claude takes betas in its body; AWS's own headers are part of the signature.
    public bool SendsHeader(WireProtocol wire, string name) =>
        !name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) =>
        provider is { Credentials.Count: 0, Cloud: BedrockSettings bedrock }
            ? new SigV4Auth(new LeaseCache<AwsKeys>(new AwsKeySource(provider.Name, bedrock, context), context.Time), bedrock.Region, context.Time)
            : KeyAuth.Bearer;

    internal static string Verb(WireProtocol wire, bool stream) => (wire, stream) switch
    {
        (WireProtocol.AnthropicMessages, true) => "/invoke-with-response-stream",
        (WireProtocol.AnthropicMessages, false) => "/invoke",
        (_, true) => "/converse-stream",
        _ => "/converse",
    };

    // Only Claude's foundation models count; an inference profile, whose name has a region before the model's (us.anthropic.claude-…), is refused.
    // A profile of the operator's own does not say which model it stands for.
    private static string? FoundationModel(string model) =>
        model.IndexOf(Claude, StringComparison.OrdinalIgnoreCase) is >= 0 and var at ? model[at..] : null;

    // An inference profile's ARN does not say whose model it is; then the configuration's own id does.
    private static bool IsClaude(ModelEndpoint endpoint) =>
        FoundationModel(endpoint.UpstreamModel) is not null || endpoint.Model.Id.StartsWith("anthropic/", StringComparison.Ordinal);
}
