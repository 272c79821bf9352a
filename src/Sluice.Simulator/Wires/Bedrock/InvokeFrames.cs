using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>A model's own events inside Bedrock's frames: each is base64 in a <c>chunk</c>, and the last one also tells Bedrock's own count.</summary>
internal static class InvokeFrames
{
    public static IReadOnlyList<Frame> Of(IReadOnlyList<Frame> events, Answer answer)
    {
        var frames = new Frame[events.Count];
        for (var i = 0; i < frames.Length; i++)
        {
            var data = Data(events[i]);
            frames[i] = Chunk(events[i].Kind, events[i].Kind == FrameKind.Terminal ? WithMetrics(data, answer.Usage) : data, answer.Id, i);
        }

        return frames;
    }

    public static Frame Of(Frame one) => Chunk(one.Kind, Data(one), "0", 0);

    private static ReadOnlySpan<byte> Data(Frame sse)
    {
        var bytes = sse.Bytes.Span;
        return bytes[(bytes.IndexOf("\ndata: "u8) + 7)..^2];
    }

    private static Frame Chunk(FrameKind kind, ReadOnlySpan<byte> data, string id, int index)
    {
        var own = data.ToArray();
        return new(kind, EventStreamFrame.Event("chunk", Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteBase64String("bytes"u8, own);
            BedrockPadding.Pad(w, id, index);
            w.WriteEndObject();
        })));
    }

    private static byte[] WithMetrics(ReadOnlySpan<byte> stop, AnswerUsage usage)
    {
        using var document = JsonDocument.Parse(stop.ToArray());
        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                member.WriteTo(w);
            }

            w.WriteStartObject("amazon-bedrock-invocationMetrics"u8);
            w.WriteNumber("inputTokenCount"u8, usage.Input);
            w.WriteNumber("outputTokenCount"u8, usage.Output);
            w.WriteNumber("invocationLatency"u8, 1);
            w.WriteNumber("firstByteLatency"u8, 1);
            if (usage.CacheRead + usage.CacheWrite > 0)
            {
                w.WriteNumber("cacheReadInputTokenCount"u8, usage.CacheRead);
                w.WriteNumber("cacheWriteInputTokenCount"u8, usage.CacheWrite);
            }

            w.WriteEndObject();
            w.WriteEndObject();
        });
    }
}
