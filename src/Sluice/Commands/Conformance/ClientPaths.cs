using Sluice.Protocols;

namespace Sluice.Commands.Conformance;

/// <summary>Where clients of each format ask.</summary>
internal static class ClientPaths
{
    /// <summary>The formats by what <c>--client</c> calls them.</summary>
    public static readonly IReadOnlyDictionary<string, WireProtocol> Formats = new Dictionary<string, WireProtocol>(StringComparer.Ordinal)
    {
        ["anthropic"] = WireProtocol.AnthropicMessages,
        ["chat"] = WireProtocol.OpenAIChat,
        ["responses"] = WireProtocol.OpenAIResponses,
        ["gemini"] = WireProtocol.Gemini,
    };

    public static string Generate(WireProtocol client, string model, bool stream) => client switch
    {
        WireProtocol.AnthropicMessages => "v1/messages",
        WireProtocol.OpenAIResponses => "v1/responses",
        WireProtocol.Gemini => $"v1beta/models/{model}:" + (stream ? "streamGenerateContent?alt=sse" : "generateContent"),
        _ => "v1/chat/completions",
    };

    /// <summary>Null where the format has no such endpoint.</summary>
    public static string? CountTokens(WireProtocol client, string model) => client switch
    {
        WireProtocol.AnthropicMessages => "v1/messages/count_tokens",
        WireProtocol.OpenAIResponses => "v1/responses/input_tokens",
        WireProtocol.Gemini => $"v1beta/models/{model}:countTokens",
        _ => null,
    };
}
