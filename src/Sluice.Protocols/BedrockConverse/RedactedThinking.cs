using System.Buffers.Text;
using System.Text;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>
/// Redacted thinking between Converse, where it is a blob, and Anthropic, where it is a text: Bedrock puts that text's bytes into the blob. As
/// Claude's proofs hold at every host of Claude, they are kept in Anthropic's form, so that a conversation may move between hosts.
/// </summary>
internal static class RedactedThinking
{
    /// <summary>What a <c>redactedContent</c> says, and in whose form it is.</summary>
    public static (string Data, WireProtocol From) Read(string blob)
    {
        if (!Base64.IsValid(blob))
        {
            return (blob, WireProtocol.BedrockConverse);
        }

        var bytes = Convert.FromBase64String(blob);
        return bytes.Length > 0 && Base64.IsValid(bytes)
            ? (Encoding.ASCII.GetString(bytes), WireProtocol.AnthropicMessages)
            : (blob, WireProtocol.BedrockConverse);
    }

    /// <summary>The <c>redactedContent</c> of a part.</summary>
    public static string Write(ThinkingPart thinking) => thinking.SignedBy == WireProtocol.BedrockConverse
        ? thinking.RedactedData!
        : Convert.ToBase64String(Encoding.UTF8.GetBytes(thinking.RedactedData!));
}
