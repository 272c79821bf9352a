using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sluice.Bench.Micro;

/// <summary>Made-up streams of text in the shape in which each vendor sends it.</summary>
internal static class StreamSamples
{
    /// <summary>Text deltas behind the events that open a response.</summary>
    public static byte[] Responses(int events)
    {
        var stream = new StringBuilder();
        Add("response.created", "\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"in_progress\",\"output\":[]}");
        Add("response.output_item.added", "\"output_index\":0,\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}");
        Add("response.content_part.added", "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}");
        for (var i = 3; i < events; i++)
        {
            Add("response.output_text.delta", $"\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" word{i}\",\"logprobs\":[]");
        }

        return Encoding.UTF8.GetBytes(stream.ToString());

        void Add(string type, string members) =>
            stream.Append("event: ").Append(type).Append("\ndata: {\"type\":\"").Append(type).Append("\",\"sequence_number\":0,").Append(members).Append("}\n\n");
    }

    /// <summary>Chunks with text and the counts so far, as Google sends them.</summary>
    public static byte[] Gemini(int events)
    {
        var stream = new StringBuilder();
        for (var i = 0; i < events; i++)
        {
            stream.Append(CultureInfo.InvariantCulture,
                $"data: {{\"candidates\": [{{\"content\": {{\"parts\": [{{\"text\": \" word{i}\"}}],\"role\": \"model\"}},\"index\": 0}}],\"usageMetadata\": {{\"promptTokenCount\": 7,\"candidatesTokenCount\": {i},\"totalTokenCount\": {i + 7}}},\"modelVersion\": \"gemini-2.5-flash\",\"responseId\": \"abc\"}}\r\n\r\n");
        }

        return Encoding.UTF8.GetBytes(stream.ToString());
    }

    /// <summary>Text deltas in binary frames, padded as AWS pads them.</summary>
    public static byte[] Converse(int events)
    {
        var stream = new List<byte>();
        stream.AddRange(Frame("messageStart", "{\"p\":\"abcd\",\"role\":\"assistant\"}"));
        for (var i = 1; i < events; i++)
        {
            stream.AddRange(Frame("contentBlockDelta", $"{{\"contentBlockIndex\":0,\"delta\":{{\"text\":\" word{i}\"}},\"p\":\"abcdefghijklmnop\"}}"));
        }

        return [.. stream];
    }

    /// <summary>Messages events as InvokeModel's chunks.</summary>
    public static byte[] Invoke(int events)
    {
        var stream = new List<byte>();
        for (var i = 0; i < events; i++)
        {
            var inner = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" word{i}\"}}}}"));
            stream.AddRange(Frame("chunk", $"{{\"bytes\":\"{inner}\",\"p\":\"abcdefghijklmnop\"}}"));
        }

        return [.. stream];
    }

    private static byte[] Frame(string type, string json)
    {
        byte[] headers = [.. Header(":event-type", type), .. Header(":content-type", "application/json"), .. Header(":message-type", "event")];
        var payload = Encoding.UTF8.GetBytes(json);
        var frame = new byte[16 + headers.Length + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Sum(frame.AsSpan(0, 8)));
        headers.CopyTo(frame, 12);
        payload.CopyTo(frame, 12 + headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Sum(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    private static byte[] Header(string name, string value) =>
        [(byte)name.Length, .. Encoding.UTF8.GetBytes(name), 7, 0, (byte)value.Length, .. Encoding.UTF8.GetBytes(value)];

    // CRC-32 of IEEE 802.3.
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum & 1) != 0 ? (sum >> 1) ^ 0xEDB88320u : sum >> 1;
            }
        }

        return ~sum;
    }
}
