using System.Text;
using System.Text.Json;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>What a client must get of a recorded stream in its own format, worked out by lines alone.</summary>
internal static class NativeStreams
{
    /// <summary>
    /// The recorded bytes up to the terminal event, without a usage chunk that nobody asked for, and with a terminal event where the vendor
    /// sent none. Null where the stream breaks or reports an error.
    /// </summary>
    public static byte[]? Expected(Wire wire, byte[] stream, bool wantsUsage)
    {
        var chat = wire == Wire.Chat;
        var output = new List<byte>();
        var finished = false;
        foreach (var block in Blocks(stream))
        {
            var data = DataOf(block);
            if (data == "[DONE]" && chat)
            {
                output.AddRange(block);
                return [.. output];
            }

            using var document = data.Length > 0 ? JsonDocument.Parse(data) : null;
            var item = document?.RootElement ?? default;
            if (item.Text("type") is "error" or "response.failed" || item.Member("error") is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) })
            {
                return null;
            }

            if (chat && !wantsUsage && IsUsageChunk(item, finished))
            {
                continue;
            }

            output.AddRange(block);
            finished |= item.Items("choices").Any(c => c.Text("finish_reason") is { Length: > 0 });
            finished |= wire == Wire.Gemini && (item.Items("candidates").Any(c => c.Member("finishReason").ValueKind != JsonValueKind.Undefined) || item.Member("promptFeedback").Text("blockReason") is not null);
            if (item.Text("type") is "message_stop" or "response.completed" or "response.incomplete")
            {
                return [.. output];
            }
        }

        // Nothing marks the end of a Gemini stream.
        return !finished ? null : chat ? [.. output, .. "data: [DONE]\n\n"u8] : [.. output];
    }

    // OpenAI's usage chunk has no choice; OpenRouter's repeats the last choice, empty.
    private static bool IsUsageChunk(JsonElement chunk, bool finished)
    {
        if (chunk.Member("usage").ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        var choices = chunk.Items("choices").ToList();
        return choices.Count == 0
            || (finished && choices.TrueForAll(c => c.Text("finish_reason") is { Length: > 0 } && string.IsNullOrEmpty(c.Member("delta").Text("content")) && c.Member("delta").Member("tool_calls").ValueKind == JsonValueKind.Undefined));
    }

    // Events end at an empty line; whatever stands in them, comments too, belongs to the stream.
    private static IEnumerable<byte[]> Blocks(byte[] stream)
    {
        var start = 0;
        var line = 0;
        for (var i = 0; i < stream.Length; i++)
        {
            if (stream[i] != (byte)'\n')
            {
                continue;
            }

            var isEmpty = i == line || (i == line + 1 && stream[line] == (byte)'\r');
            line = i + 1;
            if (isEmpty)
            {
                yield return stream[start..line];
                start = line;
            }
        }

        if (start < stream.Length)
        {
            // The last event of some recordings lacks its empty line, without which no client would see it.
            yield return [.. stream[start..], .. "\n"u8];
        }
    }

    private static string DataOf(byte[] block) => string.Concat(Encoding.UTF8.GetString(block).Split('\n')
        .Where(l => l.StartsWith("data:", StringComparison.Ordinal)).Select(l => l[5..].Trim(' ', '\r')));
}
