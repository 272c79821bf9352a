using Microsoft.AspNetCore.Http;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Server.Hosting;

namespace Sluice.Server.Surfaces;

/// <summary>Which paths are inference, after <see cref="PathRules"/>.</summary>
internal static class SurfaceTable
{
    private static readonly Surface Messages = new(WireFormats.Client(WireProtocol.AnthropicMessages), SurfaceOperation.Generate);
    private static readonly Surface CountTokens = Messages with { Operation = SurfaceOperation.CountTokens };
    private static readonly Surface Chat = new(WireFormats.Client(WireProtocol.OpenAIChat), SurfaceOperation.Generate);
    private static readonly Surface ChatByApi = Chat with { AlwaysSendUsage = true };
    private static readonly Surface Completions = new(WireFormats.Client(WireProtocol.OpenAICompletions), SurfaceOperation.Generate);
    private static readonly Surface Responses = new(WireFormats.Client(WireProtocol.OpenAIResponses), SurfaceOperation.Generate);
    private static readonly Surface Embeddings = Chat with { Operation = SurfaceOperation.Embed };
    private static readonly Surface CountInput = Responses with { Operation = SurfaceOperation.CountTokens };

    /// <summary>What is served, for whoever asked for something else.</summary>
    public const string Served = "It serves POST /v1/messages, /v1/messages/count_tokens, /v1/chat/completions, /v1/completions, /v1/responses and "
        + "/v1beta/models/MODEL:generateContent, and GET /v1/models.";

    /// <summary>The surface of a request, null where its path is none.</summary>
    /// <param name="normalised">The path, by <see cref="PathRules.Normalise"/>.</param>
    /// <param name="request">As sent: under <c>/api</c> OpenRouter's habits hold.</param>
    public static Surface? Find(string normalised, HttpRequest request) => normalised switch
    {
        "/v1/messages" or "/messages" => Messages,
        "/v1/messages/count_tokens" or "/messages/count_tokens" => CountTokens,
        "/v1/chat/completions" or "/chat/completions" => PathRules.IsOpenRouterPath(request.Path.Value ?? "") ? ChatByApi : Chat,
        "/v1/completions" or "/completions" => Completions with { AlwaysSendUsage = PathRules.IsOpenRouterPath(request.Path.Value ?? "") },
        "/v1/responses" or "/responses" => Responses,
        "/v1/responses/input_tokens" or "/responses/input_tokens" => CountInput,
        "/v1/embeddings" or "/embeddings" => Embeddings,
        _ => GeminiPaths.Find(normalised, request.QueryString),
    };

    /// <summary>The format to speak to a client whose path is not an inference path.</summary>
    public static IClientFormat FormatFor(HttpRequest request, string normalised) => WireFormats.Client(
        request.Headers.ContainsKey("anthropic-version") ? WireProtocol.AnthropicMessages
        : IsGemini(request, normalised) ? WireProtocol.Gemini
        : WireProtocol.OpenAIChat);

    // Google's own SDK asks at /v1 too; what it never leaves out is a header of Google's.
    private static bool IsGemini(HttpRequest request, string normalised) =>
        normalised.StartsWith("/v1beta", StringComparison.Ordinal)
        || request.Headers.ContainsKey("x-goog-api-client") || request.Headers.ContainsKey("x-goog-api-key");
}
