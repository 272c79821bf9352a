namespace Sluice.Protocols;

/// <summary>A wire format that a client speaks to Sluice, or Sluice to an upstream.</summary>
public enum WireProtocol
{
    /// <summary>Anthropic Messages: <c>POST /v1/messages</c>.</summary>
    AnthropicMessages,

    /// <summary>OpenAI Chat Completions: <c>POST /v1/chat/completions</c>.</summary>
    OpenAIChat,
}
