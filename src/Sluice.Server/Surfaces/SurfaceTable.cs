using Microsoft.AspNetCore.Http;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Server.Hosting;

namespace Sluice.Server.Surfaces;

/// <summary>Which paths are inference, after <see cref="PathRules"/>.</summary>
internal static class SurfaceTable
{
    private static readonly Surface Messages = new(WireFormats.Client(WireProtocol.AnthropicMessages), SurfaceOperation.Generate, AlwaysSendUsage: false);
    private static readonly Surface CountTokens = new(WireFormats.Client(WireProtocol.AnthropicMessages), SurfaceOperation.CountTokens, AlwaysSendUsage: false);
    private static readonly Surface Chat = new(WireFormats.Client(WireProtocol.OpenAIChat), SurfaceOperation.Generate, AlwaysSendUsage: false);
    private static readonly Surface ChatByApi = Chat with { AlwaysSendUsage = true };

    /// <summary>The surface of a normalised path, null where it is none.</summary>
    /// <param name="normalised">By <see cref="PathRules.Normalise"/>.</param>
    /// <param name="original">As sent: under <c>/api</c> OpenRouter's habits hold.</param>
    public static Surface? Find(string normalised, string original) => normalised switch
    {
        "/v1/messages" or "/messages" => Messages,
        "/v1/messages/count_tokens" or "/messages/count_tokens" => CountTokens,
        "/v1/chat/completions" or "/chat/completions" => PathRules.IsOpenRouterPath(original) ? ChatByApi : Chat,
        _ => null,
    };

    /// <summary>The format to speak to a client whose path is not an inference path: Anthropic's where its version header is sent.</summary>
    public static IClientFormat FormatFor(HttpRequest request) => WireFormats.Client(
        request.Headers.ContainsKey("anthropic-version") ? WireProtocol.AnthropicMessages : WireProtocol.OpenAIChat);
}
