using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Anthropic;

/// <summary>Reads a whole Messages answer.</summary>
internal static class AnthropicResponseReader
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

            if (root.TryGetProperty("error"u8, out var error) && error.ValueKind != JsonValueKind.Null)
            {
                return AnthropicErrors.ReadEvent(body.Span);
            }

            return root.TryGetProperty("content"u8, out var content) && content.ValueKind == JsonValueKind.Array
                ? ReadMessage(root, content)
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

    /// <summary>Reads one content block of an answer.</summary>
    public static ContentPart ReadBlock(JsonElement block)
    {
        var type = Text(block, "type"u8) ?? "";
        return type switch
        {
            "text" => new TextPart(Text(block, "text"u8) ?? "")
            {
                Citations = block.TryGetProperty("citations"u8, out var c) && c.ValueKind == JsonValueKind.Array ? Raw(c) : default,
                CitationsFrom = WireProtocol.AnthropicMessages,
            },
            "thinking" => new ThinkingPart(Text(block, "thinking"u8) ?? "")
            {
                Signature = Text(block, "signature"u8),
                SignedBy = WireProtocol.AnthropicMessages,
            },
            "redacted_thinking" => new ThinkingPart("")
            {
                RedactedData = Text(block, "data"u8),
                SignedBy = WireProtocol.AnthropicMessages,
            },
            "tool_use" => new ToolCallPart(Text(block, "id"u8) ?? "", Text(block, "name"u8) ?? "",
                block.TryGetProperty("input"u8, out var input) && input.ValueKind == JsonValueKind.Object ? Raw(input) : RawJson.EmptyObject),
            _ => new OpaquePart(type, Raw(block), WireProtocol.AnthropicMessages),
        };
    }

    private static ConversationResponse ReadMessage(JsonElement root, JsonElement content)
    {
        var parts = new List<ContentPart>(content.GetArrayLength());
        var hasCalls = false;
        foreach (var block in content.EnumerateArray())
        {
            if (block.ValueKind == JsonValueKind.Object)
            {
                var part = ReadBlock(block);
                hasCalls |= part is ToolCallPart;
                parts.Add(part);
            }
        }

        var stop = AnthropicWords.ToStopReason(Text(root, "stop_reason"u8));
        return new ConversationResponse
        {
            Id = Text(root, "id"u8),
            Model = Text(root, "model"u8),
            Parts = parts,
            StopReason = hasCalls && stop == StopReason.EndTurn ? StopReason.ToolUse : stop,
            StopSequence = Text(root, "stop_sequence"u8),
            Usage = root.TryGetProperty("usage"u8, out var usage) ? AnthropicUsage.Read(JsonMarshal.GetRawUtf8Value(usage), TokenUsage.Unknown) : TokenUsage.Unknown,
            Extras = Extras(root),
        };
    }

    private static List<ExtraMember> Extras(JsonElement root)
    {
        var extras = new List<ExtraMember>();
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name is not ("id" or "type" or "role" or "model" or "content" or "stop_reason" or "stop_sequence" or "usage"))
            {
                extras.Add(new ExtraMember(member.Name, Raw(member.Value)));
            }
        }

        return extras;
    }

    private static string? Text(JsonElement element, ReadOnlySpan<byte> name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;

    private static RawJson Raw(JsonElement value) => RawJson.Copy(JsonMarshal.GetRawUtf8Value(value));
}
