namespace Sluice.Protocols;

/// <summary>A wire format that a client speaks to Sluice, or Sluice to an upstream.</summary>
public enum WireProtocol
{
    /// <summary>Anthropic Messages: <c>POST /v1/messages</c>.</summary>
    AnthropicMessages,

    /// <summary>OpenAI Chat Completions: <c>POST /v1/chat/completions</c>.</summary>
    OpenAIChat,

    /// <summary>OpenAI Responses: <c>POST /v1/responses</c>.</summary>
    OpenAIResponses,

    /// <summary>Gemini: <c>POST /v1beta/models/{model}:generateContent</c>; model and streaming are in the path.</summary>
    Gemini,

    /// <summary>Bedrock Converse: <c>POST /model/{id}/converse</c>. Spoken to upstreams only.</summary>
    BedrockConverse,

    /// <summary>OpenAI's legacy completions: <c>POST /v1/completions</c>. Spoken by clients only.</summary>
    OpenAICompletions,
}
