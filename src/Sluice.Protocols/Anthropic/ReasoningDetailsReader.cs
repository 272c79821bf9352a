using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.Anthropic;

/// <summary>Finds Claude's own signed thinking in a <c>reasoning_details</c> array, as OpenRouter's Chat wire carries it.</summary>
internal static class ReasoningDetailsReader
{
    private const string ClaudeFormat = "anthropic-claude-v1";

    /// <summary>The thinking with its signature; null when there is none that Claude signed.</summary>
    public static ThinkingPart? FindClaude(RawJson details)
    {
        try
        {
            using var document = JsonDocument.Parse(details.Utf8);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return null;
            }

            string? text = null;
            string? signature = null;
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || Text(item, "format"u8) != ClaudeFormat)
                {
                    continue;
                }

                if (Text(item, "type"u8) == "reasoning.encrypted" && Text(item, "data"u8) is { } data)
                {
                    return new ThinkingPart("") { RedactedData = data, SignedBy = WireProtocol.AnthropicMessages };
                }

                // Streamed pieces of one block stand one after the other.
                text += Text(item, "text"u8);
                signature += Text(item, "signature"u8);
            }

            return string.IsNullOrEmpty(signature) ? null : new ThinkingPart(text ?? "") { Signature = signature, SignedBy = WireProtocol.AnthropicMessages };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement item, ReadOnlySpan<byte> name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;
}
