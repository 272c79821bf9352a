using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>Writes answers as one completion or as its chunks. Thinking goes into <c>reasoning_content</c>, as DeepSeek and most compatibles do.</summary>
internal static class ChatAnswerWriter
{
    /// <summary>Unix seconds of every answer: a constant keeps equal requests' answers equal.</summary>
    public const long Created = 1_767_225_600;

    public static byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        Head(w, prompt, answer, "chat.completion"u8);
        w.WriteStartArray("choices"u8);
        w.WriteStartObject();
        w.WriteNumber("index"u8, 0);
        w.WriteStartObject("message"u8);
        w.WriteString("role"u8, "assistant"u8);
        w.WriteString("content"u8, answer.Blocks.OfType<AnswerBlock.Text>().FirstOrDefault()?.Value);
        if (answer.Blocks.OfType<AnswerBlock.Thinking>().FirstOrDefault() is { } thinking)
        {
            w.WriteString("reasoning_content"u8, thinking.Value);
        }

        var calls = answer.Blocks.OfType<AnswerBlock.ToolCall>().ToList();
        if (calls.Count > 0)
        {
            w.WriteStartArray("tool_calls"u8);
            foreach (var call in calls)
            {
                w.WriteStartObject();
                CallHead(w, call, call.Arguments);
                w.WriteEndObject();
            }

            w.WriteEndArray();
        }

        w.WriteNull("refusal"u8);
        w.WriteEndObject();
        w.WriteNull("logprobs"u8);
        w.WriteString("finish_reason"u8, Stop(answer.Stop));
        w.WriteEndObject();
        w.WriteEndArray();
        Usage(w, answer.Usage, usage);
        w.WriteEndObject();
    });

    public static IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var frames = new List<Frame>();
        void Chunk(FrameKind kind, Action<Utf8JsonWriter> delta, string? finish = null) => frames.Add(Data(kind, Json.Bytes(w =>
        {
            Head(w, prompt, answer, "chat.completion.chunk"u8);
            w.WriteStartArray("choices"u8);
            w.WriteStartObject();
            w.WriteNumber("index"u8, 0);
            w.WriteStartObject("delta"u8);
            delta(w);
            w.WriteEndObject();
            w.WriteNull("logprobs"u8);
            w.WriteString("finish_reason"u8, finish);
            w.WriteEndObject();
            w.WriteEndArray();
            if (prompt.StreamUsage && usage != UsageShape.Missing)
            {
                w.WriteNull("usage"u8);
            }

            w.WriteEndObject();
        })));

        Chunk(FrameKind.Start, static w =>
        {
            w.WriteString("role"u8, "assistant"u8);
            w.WriteString("content"u8, ""u8);
        });
        var index = 0;
        foreach (var block in answer.Blocks)
        {
            switch (block)
            {
                case AnswerBlock.Thinking thinking:
                    foreach (var piece in TextPieces.Of(thinking.Value))
                    {
                        Chunk(FrameKind.Delta, w => w.WriteString("reasoning_content"u8, piece));
                    }

                    break;
                case AnswerBlock.Text text:
                    foreach (var piece in TextPieces.Of(text.Value))
                    {
                        Chunk(FrameKind.Delta, w => w.WriteString("content"u8, piece));
                    }

                    break;
                case AnswerBlock.ToolCall call:
                    var at = index++;
                    Chunk(FrameKind.ToolStart, w => Call(w, at, inner => CallHead(inner, call, "")));
                    foreach (var piece in TextPieces.Of(call.Arguments))
                    {
                        Chunk(FrameKind.ToolDelta, w => Call(w, at, inner =>
                        {
                            inner.WriteStartObject("function"u8);
                            inner.WriteString("arguments"u8, piece);
                            inner.WriteEndObject();
                        }));
                    }

                    break;
            }
        }

        Chunk(FrameKind.Finish, static _ => { }, Stop(answer.Stop));
        if (prompt.StreamUsage && usage != UsageShape.Missing)
        {
            frames.Add(Data(FrameKind.Other, Json.Bytes(w =>
            {
                Head(w, prompt, answer, "chat.completion.chunk"u8);
                w.WriteStartArray("choices"u8);
                w.WriteEndArray();
                Usage(w, answer.Usage, usage);
                w.WriteEndObject();
            })));
        }

        frames.Add(Data(FrameKind.Terminal, "[DONE]"u8));
        return frames;
    }

    public static Frame Data(FrameKind kind, ReadOnlySpan<byte> data) => new(kind, (byte[])[.. "data: "u8, .. data, .. "\n\n"u8]);

    private static void Head(Utf8JsonWriter w, Prompt prompt, Answer answer, ReadOnlySpan<byte> kind)
    {
        w.WriteStartObject();
        w.WriteString("id"u8, "chatcmpl-sim" + answer.Id[..20]);
        w.WriteString("object"u8, kind);
        w.WriteNumber("created"u8, Created);
        w.WriteString("model"u8, prompt.Model);
        if (ServedTier.Of(prompt.Body.Member("service_tier")) is { } tier)
        {
            w.WriteString("service_tier"u8, tier);
        }

        w.WriteString("system_fingerprint"u8, "fp_simulator"u8);
    }

    private static void Call(Utf8JsonWriter w, int index, Action<Utf8JsonWriter> inner)
    {
        w.WriteStartArray("tool_calls"u8);
        w.WriteStartObject();
        w.WriteNumber("index"u8, index);
        inner(w);
        w.WriteEndObject();
        w.WriteEndArray();
    }

    private static void CallHead(Utf8JsonWriter w, AnswerBlock.ToolCall call, string arguments)
    {
        w.WriteString("id"u8, "call_" + call.Hash);
        w.WriteString("type"u8, "function"u8);
        w.WriteStartObject("function"u8);
        w.WriteString("name"u8, call.Name);
        w.WriteString("arguments"u8, arguments);
        w.WriteEndObject();
    }

    public static void Usage(Utf8JsonWriter w, AnswerUsage usage, UsageShape shape)
    {
        if (shape == UsageShape.Missing)
        {
            return;
        }

        w.WriteStartObject("usage"u8);
        w.Count("prompt_tokens"u8, usage.Prompt, shape);
        w.Count("completion_tokens"u8, usage.Output, shape);
        w.Count("total_tokens"u8, usage.Prompt + usage.Output, shape);
        w.WriteStartObject("prompt_tokens_details"u8);
        w.Count("cached_tokens"u8, usage.CacheRead, shape);
        w.WriteEndObject();
        w.WriteStartObject("completion_tokens_details"u8);
        w.Count("reasoning_tokens"u8, usage.Reasoning, shape);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static string Stop(AnswerStop stop) => stop switch
    {
        AnswerStop.ToolCalls => "tool_calls",
        AnswerStop.Length => "length",
        _ => "stop",
    };
}
