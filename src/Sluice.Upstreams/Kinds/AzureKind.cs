using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>
/// Azure, by what the base URL is. <c>…/models</c>: AI Foundry's models over Chat. <c>…/anthropic</c>, and every model named <c>claude…</c>: Claude on
/// Foundry, whose native address is beside the others on the same resource. Else OpenAI deployments: with a dated <c>api_version</c> at the classic addresses
/// (the deployment is in the path), without one at <c>/openai/v1</c>, which speaks Chat and Responses.
/// </summary>
internal sealed class AzureKind : IProviderKind
{
    public ProviderKind Kind => ProviderKind.Azure;

    // The oldest version at which Foundry's models answer; the address does not work without one.
    private const string ModelsVersion = "2024-05-01-preview";

    // Older dated versions answer 404 at /openai/responses.
    private const string FirstWithResponses = "2025-03-01-preview";

    public bool HasModelInPath => true;

    // A second api-version, or Claude Code's ?beta=true, is refused.
    public IReadOnlyList<string>? QueryNotSent => null;

    public WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client)
    {
        if (Ends(provider.BaseUrl, "/models"))
        {
            return WireProtocol.OpenAIChat;
        }

        if (Ends(provider.BaseUrl, "/anthropic") || endpoint.UpstreamModel.StartsWith("claude", StringComparison.OrdinalIgnoreCase) || endpoint.Model.Id.StartsWith("anthropic/", StringComparison.Ordinal))
        {
            return WireProtocol.AnthropicMessages;
        }

        return client == WireProtocol.OpenAIResponses && HasResponses(provider) ? WireProtocol.OpenAIResponses : WireProtocol.OpenAIChat;
    }

    public Products Makes(ProviderSettings provider, WireProtocol wire) =>
        wire == WireProtocol.OpenAIChat && !Ends(provider.BaseUrl, "/models") ? MediaPaths.All | Products.Vectors : Products.None;

    public bool Counts(ModelEndpoint endpoint, WireProtocol wire) => wire == WireProtocol.AnthropicMessages;

    public Uri AddressFor(in CallTarget target)
    {
        var settings = target.Provider.Cloud as AzureSettings;
        if (target.Wire == WireProtocol.AnthropicMessages)
        {
            return AnthropicKind.Address(Resource(target.BaseUrl, "/anthropic"), target.Operation);
        }

        if (Ends(target.BaseUrl, "/models"))
        {
            return BasePath.Join(target.BaseUrl, "/chat/completions", $"api-version={Uri.EscapeDataString(settings?.ApiVersion ?? ModelsVersion)}");
        }

        var version = settings?.ApiVersion;
        var query = version is null or "v1" ? null : $"api-version={Uri.EscapeDataString(version)}";
        if (MediaPaths.IsOfVideo(target.Operation))
        {
            // They came after the classic addresses.
            return BasePath.Join(Resource(target.BaseUrl, "/openai/v1"), MediaPaths.Of(target));
        }

        if (!IsClassic(target.BaseUrl, version))
        {
            return BasePath.Join(Resource(target.BaseUrl, "/openai/v1"), target.Wire == WireProtocol.OpenAIResponses ? "/responses" : OpenAIKind.Tail(target), query);
        }

        var classic = Resource(target.BaseUrl, "/openai");
        return target.Wire == WireProtocol.OpenAIResponses
            ? BasePath.Join(classic, "/responses", query)
            : BasePath.Join(classic, $"/deployments/{BasePath.Segment(target.Model)}{OpenAIKind.Tail(target)}", query);
    }

    // Foundry's own models and Claude on it have no list at their addresses.
    public Uri? CheckAddress(ProviderSettings provider, Uri baseUrl)
    {
        var version = (provider.Cloud as AzureSettings)?.ApiVersion;
        return Ends(baseUrl, "/models") || Ends(baseUrl, "/anthropic") ? null
            : IsClassic(baseUrl, version) ? BasePath.Join(Resource(baseUrl, "/openai"), "/models", $"api-version={Uri.EscapeDataString(version!)}")
            : BasePath.Join(Resource(baseUrl, "/openai/v1"), "/models");
    }

    public bool SendsHeader(WireProtocol wire, string name) => wire == WireProtocol.AnthropicMessages || !name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase);

    public bool NamesHeader(WireProtocol wire, string name) => wire == WireProtocol.AnthropicMessages && AnthropicKind.IsAnthropic(name);

    public IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context) =>
        provider.Cloud is AzureSettings { Auth: not CloudAuth.Key } azure
            ? new TokenAuth(new LeaseCache<string>(new EntraTokens(provider.Name, azure, context), context.Time))
            : KeyAuth.Azure;

    private static bool IsClassic(Uri baseUrl, string? version) => !Ends(baseUrl, "/openai/v1") && version is { Length: > 0 } && char.IsAsciiDigit(version[0]);

    private static bool HasResponses(ProviderSettings provider) =>
        (provider.Cloud as AzureSettings)?.ApiVersion is not { } version || !IsClassic(provider.BaseUrl, version) || string.CompareOrdinal(version, FirstWithResponses) >= 0;

    // The resource's own address, whichever of its surfaces the operator wrote down, with the one that is meant behind it.
    private static Uri Resource(Uri baseUrl, string surface)
    {
        var path = baseUrl.AbsolutePath.TrimEnd('/');
        foreach (var known in (ReadOnlySpan<string>)["/openai/v1", "/openai", "/anthropic/v1", "/anthropic", "/models"])
        {
            if (path.EndsWith(known, StringComparison.Ordinal))
            {
                path = path[..^known.Length];
                break;
            }
        }

        return new UriBuilder(baseUrl) { Path = path + surface }.Uri;
    }

    private static bool Ends(Uri baseUrl, string with)
    {
        var path = baseUrl.AbsolutePath.TrimEnd('/');
        return path.EndsWith(with, StringComparison.Ordinal) || (with == "/anthropic" && path.EndsWith("/anthropic/v1", StringComparison.Ordinal));
    }
}
