using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Anthropic;

/// <summary>Finds Claude's own signed thinking in a <c>reasoning_details</c> array, as OpenRouter's Chat wire carries it.</summary>
internal static class ReasoningDetailsReader
{
    private const string ClaudeFormat = "anthropic-claude-v1";

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>The thinking that Claude signed, block by block in order; empty when there is none. Unsigned blocks are left out: Claude refuses them.</summary>
    public static List<ThinkingPart> FindClaude(RawJson details)
    {
        var found = new List<ThinkingPart>();
        try
        {
            using var document = JsonDocument.Parse(details.Utf8, Deep);
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                Read(document.RootElement, found);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a member name with half a surrogate pair: nothing that Claude could have signed.
            found.Clear();
        }

        return found;
    }

    private static void Read(JsonElement details, List<ThinkingPart> found)
    {
        string? text = null;
        string? signature = null;
        string? index = null;
        foreach (var item in details.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || Text(item, "format"u8) != ClaudeFormat)
            {
                continue;
            }

            var isRedacted = Text(item, "type"u8) == "reasoning.encrypted";
            var place = item.TryGetProperty("index"u8, out var number) ? number.GetRawText() : null;
            var words = Text(item, "text"u8);

            // Streamed pieces of one block stand one after the other under one index; a signature is a block's last piece.
            if (isRedacted || place != index || (signature is not null && words is not null))
            {
                Flush(ref text, ref signature, found);
            }

            index = place;
            if (isRedacted && Text(item, "data"u8) is { } data)
            {
                found.Add(new ThinkingPart("") { RedactedData = data, SignedBy = WireProtocol.AnthropicMessages });
            }
            else
            {
                text += words;
                signature = Text(item, "signature"u8) is { Length: > 0 } piece ? signature + piece : signature;
            }
        }

        Flush(ref text, ref signature, found);
    }

    private static void Flush(ref string? text, ref string? signature, List<ThinkingPart> found)
    {
        if (!string.IsNullOrEmpty(signature))
        {
            found.Add(new ThinkingPart(text ?? "") { Signature = signature, SignedBy = WireProtocol.AnthropicMessages });
        }

        text = signature = null;
    }

    private static string? Text(JsonElement item, ReadOnlySpan<byte> name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;
}
