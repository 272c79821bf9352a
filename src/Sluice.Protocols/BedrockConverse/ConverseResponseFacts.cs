using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>What a whole Converse answer says of itself.</summary>
internal static class ConverseResponseFacts
{
    /// <summary>Reads one JSON object; throws <see cref="JsonException"/> where it is broken.</summary>
    public static NativeResponseFacts Of(ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 512 });
        using var document = JsonDocument.ParseValue(ref reader);
        reader.Read();
        var root = document.RootElement;
        var (any, calls, bytes) = (false, false, 0L);
        var isAnswer = ConverseWords.TryObject(root, "output"u8, out var output);
        if (isAnswer && ConverseWords.TryObject(output, "message"u8, out var message) && message.TryGetProperty("content"u8, out var content) && content.ValueKind == JsonValueKind.Array)
        {
            foreach (var block in content.EnumerateArray())
            {
                if (block.ValueKind != JsonValueKind.Object)
                {
                    continue;
                }

                calls |= block.TryGetProperty("toolUse"u8, out var call) && ConverseWords.Text(call, "type"u8) != "server_tool_use";
                var said = Said(block);
                bytes += said;
                any |= said > 0 || !block.TryGetProperty("text"u8, out _);
            }
        }

        var stop = ConverseWords.Text(root, "stopReason"u8);
        return new NativeResponseFacts
        {
            IsJsonObject = true,
            IsError = !isAnswer && ConverseWords.Text(root, "message"u8) is not null,
            HasContent = any,
            ContentBytes = bytes,
            Usage = ConverseWords.TryObject(root, "usage"u8, out var usage)
                ? readUsage(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(usage), TokenUsage.Unknown)
                : TokenUsage.Unknown,
            StopReason = stop is null ? null : ConverseWords.Consistent(ConverseWords.ToStopReason(stop), calls),
        };
    }

    // Bytes of text, thinking and arguments of one block.
    private static long Said(JsonElement block)
    {
        if (ConverseWords.Text(block, "text"u8) is { } text)
        {
            return System.Text.Encoding.UTF8.GetByteCount(text);
        }

        if (ConverseWords.TryObject(block, "toolUse"u8, out var call))
        {
            return call.TryGetProperty("input"u8, out var input) ? System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(input).Length : 0;
        }

        return ConverseWords.TryObject(block, "reasoningContent"u8, out var reasoning) && ConverseWords.TryObject(reasoning, "reasoningText"u8, out var thought)
            && ConverseWords.Text(thought, "text"u8) is { } words
            ? System.Text.Encoding.UTF8.GetByteCount(words)
            : 0;
    }
}
