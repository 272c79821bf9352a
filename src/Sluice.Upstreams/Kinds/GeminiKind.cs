using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>The Gemini API: model and streaming are in the path. Without <c>alt=sse</c> it would stream a JSON array.</summary>
internal sealed class GeminiKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.Gemini;

    public bool HasModelInPath => true;

    public IReadOnlyList<string>? QueryNotSent => ClientQuery.KeyAndFraming;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client) => WireProtocol.Gemini;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => true;

    public Products Makes(ProviderSettings provider, WireProtocol wire) => Products.Vectors;

    public Uri AddressFor(in CallTarget target) => Address(target);

    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => BasePath.JoinVersioned(baseUrl, "/models", null, "/v1beta", "/v1", "/v1beta1");

    public bool SendsHeader(WireProtocol wire, string name) => !NamesAnAccount(name);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) => KeyAuth.GoogleKey;

    /// <summary>Under <c>/v1beta</c> unless the base ends with a version, also for others that serve this wire.</summary>
    internal static Uri Address(in CallTarget target)
    {
        // As the vendor's own listings write it; anything else is a plain name.
        var (folder, model) = target.Model.StartsWith("models/", StringComparison.Ordinal) ? ("models", target.Model["models/".Length..])
            : target.Model.StartsWith("tunedModels/", StringComparison.Ordinal) ? ("tunedModels", target.Model["tunedModels/".Length..])
            : ("models", target.Model);
        return BasePath.JoinVersioned(target.BaseUrl, $"/{folder}/{BasePath.Segment(model)}{Verb(target)}", Query(target), "/v1beta", "/v1", "/v1beta1");
    }

    internal static string Verb(in CallTarget target) => (target.Operation, target.Stream) switch
    {
        (UpstreamOperation.CountTokens, _) => ":countTokens",
        (UpstreamOperation.Embed, _) => ":embedContent",
        (UpstreamOperation.EmbedBatch, _) => ":batchEmbedContents",
        (_, true) => ":streamGenerateContent",
        _ => ":generateContent",
    };

    internal static string? Query(in CallTarget target) => target.Stream && target.Operation == UpstreamOperation.Generate ? "alt=sse" : null;

    /// <summary>Headers that choose whose quota and money are used: that is for the configuration to say.</summary>
    internal static bool NamesAnAccount(string name) =>
        name.Equals("x-goog-user-project", StringComparison.OrdinalIgnoreCase) || name.Equals("x-goog-iam-authority-selector", StringComparison.OrdinalIgnoreCase);
}
