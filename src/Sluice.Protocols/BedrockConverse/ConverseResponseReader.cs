using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Reads a whole Converse answer.</summary>
internal static class ConverseResponseReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    /// <summary>Reads a body that came with a success status; an error inside it comes back as the error.</summary>
    public static Parsed<ConversationResponse> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            // Arguments travel on as they are, and a client must get text.
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        }

        try
        {
            using var document = JsonDocument.Parse(body, Options);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new UpstreamError(ErrorKind.BadResponse, "The provider's answer is JSON, but no object.");
            }

            if (ConverseWords.TryObject(root, "output"u8, out var output)
                && ConverseWords.TryObject(output, "message"u8, out var message)
                && message.TryGetProperty("content"u8, out var content) && content.ValueKind == JsonValueKind.Array)
            {
                return ReadMessage(root, content);
            }

            return ConverseWords.Text(root, "message"u8) is not null || root.TryGetProperty("Output"u8, out _)
                ? ConverseErrors.Read(0, body.Span)
                : new UpstreamError(ErrorKind.BadResponse, "The provider's answer has no content list.");
        }
        catch (JsonException e)
        {
            return new UpstreamError(ErrorKind.BadResponse, "The provider's answer is not JSON: " + e.Message);
        }
        catch (InvalidOperationException)
        {
            return new UpstreamError(ErrorKind.BadResponse, "The provider's answer holds a string that is not valid Unicode.");
        }
    }

    /// <summary>The tier that an answer or a stream's <c>metadata</c> names.</summary>
    public static TokenUsage WithTier(JsonElement root, TokenUsage usage) =>
        ConverseWords.TryObject(root, "serviceTier"u8, out var tier) && ConverseWords.Text(tier, "type"u8) is { } word ? usage with { ServiceTier = word } : usage;

    private static ConversationResponse ReadMessage(JsonElement root, JsonElement content)
    {
        var parts = new List<ContentPart>(content.GetArrayLength());
        foreach (var block in content.EnumerateArray())
        {
            if (block.ValueKind == JsonValueKind.Object && ReadBlock(block) is { } part)
            {
                parts.Add(part);
            }
        }

        var usage = root.TryGetProperty("usage"u8, out var counts) ? ConverseUsage.Read(counts, TokenUsage.Unknown) : TokenUsage.Unknown;
        return new ConversationResponse
        {
            Parts = parts,
            StopReason = ConverseWords.Consistent(ConverseWords.ToStopReason(ConverseWords.Text(root, "stopReason"u8)), parts.Exists(p => p is ToolCallPart)),
            Usage = WithTier(root, usage),
            Extras = Extras(root),
        };
    }

    private static ContentPart? ReadBlock(JsonElement block)
    {
        if (ConverseWords.Text(block, "text"u8) is { } text)
        {
            return new TextPart(text);
        }

        if (ConverseWords.TryObject(block, "toolUse"u8, out var call) && ConverseWords.Text(call, "type"u8) is not "server_tool_use")
        {
            return new ToolCallPart(ConverseWords.Text(call, "toolUseId"u8) ?? "", ConverseWords.Text(call, "name"u8) ?? "",
                ConverseWords.TryObject(call, "input"u8, out var input) ? ConverseWords.Raw(input) : RawJson.EmptyObject);
        }

        if (ConverseWords.TryObject(block, "reasoningContent"u8, out var reasoning))
        {
            return ReadReasoning(reasoning);
        }

        if (ConverseWords.TryObject(block, "citationsContent"u8, out var cited))
        {
            return ReadCited(cited);
        }

        foreach (var member in block.EnumerateObject())
        {
            return new OpaquePart(member.Name, ConverseWords.Raw(block), WireProtocol.BedrockConverse);
        }

        return null;
    }

    private static ThinkingPart? ReadReasoning(JsonElement reasoning)
    {
        if (ConverseWords.Text(reasoning, "redactedContent"u8) is { } blob)
        {
            var (data, from) = RedactedThinking.Read(blob);
            return new ThinkingPart("") { RedactedData = data, SignedBy = from };
        }

        if (!ConverseWords.TryObject(reasoning, "reasoningText"u8, out var text))
        {
            return null;
        }

        // Only Claude signs its thinking here, and its signatures hold at every host of Claude.
        var signature = ConverseWords.Text(text, "signature"u8);
        return new ThinkingPart(ConverseWords.Text(text, "text"u8) ?? "")
        {
            Signature = string.IsNullOrEmpty(signature) ? null : signature,
            SignedBy = string.IsNullOrEmpty(signature) ? WireProtocol.BedrockConverse : WireProtocol.AnthropicMessages,
        };
    }

    private static TextPart ReadCited(JsonElement cited)
    {
        var text = new StringBuilder();
        if (cited.TryGetProperty("content"u8, out var content) && content.ValueKind == JsonValueKind.Array)
        {
            foreach (var piece in content.EnumerateArray())
            {
                text.Append(ConverseWords.Text(piece, "text"u8));
            }
        }

        return new TextPart(text.ToString())
        {
            Citations = cited.TryGetProperty("citations"u8, out var citations) && citations.ValueKind == JsonValueKind.Array ? ConverseWords.Raw(citations) : default,
            CitationsFrom = WireProtocol.BedrockConverse,
        };
    }

    private static List<ExtraMember> Extras(JsonElement root)
    {
        var extras = new List<ExtraMember>();
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name is not ("output" or "stopReason" or "usage" or "metrics" or "serviceTier"))
            {
                extras.Add(new ExtraMember(member.Name, ConverseWords.Raw(member.Value)));
            }
        }

        return extras;
    }
}
