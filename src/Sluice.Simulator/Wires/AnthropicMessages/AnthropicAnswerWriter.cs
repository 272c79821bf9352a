using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.AnthropicMessages;

/// <summary>Writes answers as one message or as its stream: https://docs.claude.com/en/docs/build-with-claude/streaming</summary>
internal static class AnthropicAnswerWriter
{
    public static byte[] Document(Prompt prompt, Answer answer, UsageShape usage) =>
        Json.Bytes(w => Message(w, prompt, answer, usage, whole: true));

    public static IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var frames = new List<Frame>
        {
            Event(FrameKind.Start, "message_start"u8, Json.Bytes(w =>
            {
                w.WriteStartObject();
                w.WriteString("type"u8, "message_start"u8);
                w.WritePropertyName("message"u8);
                Message(w, prompt, answer, usage, whole: false);
                w.WriteEndObject();
            })),
        };

        for (var i = 0; i < answer.Blocks.Count; i++)
        {
            Block(frames, answer.Blocks[i], i);
        }

        if (answer.Blocks.Count == 0)
        {
            frames.Add(Ping());
        }

        frames.Add(Event(FrameKind.Finish, "message_delta"u8, Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteString("type"u8, "message_delta"u8);
            w.WriteStartObject("delta"u8);
            w.WriteString("stop_reason"u8, Stop(answer.Stop));
            w.WriteNull("stop_sequence"u8);
            w.WriteEndObject();
            Usage(w, answer.Usage, usage, answer.Usage.Output);
            w.WriteEndObject();
        })));
        frames.Add(Event(FrameKind.Terminal, "message_stop"u8, "{\"type\":\"message_stop\"}"u8));
        return frames;
    }

    public static Frame Ping() => Event(FrameKind.Ping, "ping"u8, "{\"type\":\"ping\"}"u8);

    public static Frame Event(FrameKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) =>
        new(kind, (byte[])[.. "event: "u8, .. name, .. "\ndata: "u8, .. data, .. "\n\n"u8]);

    private static void Block(List<Frame> frames, AnswerBlock block, int index)
    {
        var kind = block is AnswerBlock.ToolCall ? FrameKind.ToolStart : FrameKind.BlockStart;
        frames.Add(Event(kind, "content_block_start"u8, Indexed("content_block_start"u8, index, w =>
        {
            w.WritePropertyName("content_block"u8);
            Content(w, block, whole: false);
        })));
        if (index == 0)
        {
            frames.Add(Ping());
        }

        switch (block)
        {
            case AnswerBlock.Text text:
                Deltas(frames, FrameKind.Delta, index, "text_delta"u8, "text"u8, TextPieces.Of(text.Value));
                break;
            case AnswerBlock.Thinking thinking:
                Deltas(frames, FrameKind.Delta, index, "thinking_delta"u8, "thinking"u8, TextPieces.Of(thinking.Value));
                Deltas(frames, FrameKind.Other, index, "signature_delta"u8, "signature"u8, [thinking.Signature]);
                break;
            case AnswerBlock.ToolCall call:
                // Anthropic opens with an empty piece; a call without arguments consists of nothing else.
                Deltas(frames, FrameKind.ToolDelta, index, "input_json_delta"u8, "partial_json"u8,
                    call.Arguments == "{}" ? [""] : TextPieces.Of(call.Arguments).Prepend(""));
                break;
        }

        frames.Add(Event(FrameKind.BlockStop, "content_block_stop"u8, Indexed("content_block_stop"u8, index, static _ => { })));
    }

    private static void Deltas(List<Frame> frames, FrameKind kind, int index, ReadOnlySpan<byte> type, ReadOnlySpan<byte> member, IEnumerable<string> pieces)
    {
        var typeText = type.ToArray();
        var memberText = member.ToArray();
        foreach (var piece in pieces)
        {
            frames.Add(Event(kind, "content_block_delta"u8, Indexed("content_block_delta"u8, index, w =>
            {
                w.WriteStartObject("delta"u8);
                w.WriteString("type"u8, typeText);
                w.WriteString(memberText, piece);
                w.WriteEndObject();
            })));
        }
    }

    private static byte[] Indexed(ReadOnlySpan<byte> type, int index, Action<Utf8JsonWriter> rest)
    {
        var typeText = type.ToArray();
        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteString("type"u8, typeText);
            w.WriteNumber("index"u8, index);
            rest(w);
            w.WriteEndObject();
        });
    }

    private static void Message(Utf8JsonWriter w, Prompt prompt, Answer answer, UsageShape usage, bool whole)
    {
        w.WriteStartObject();
        w.WriteString("model"u8, prompt.Model);
        w.WriteString("id"u8, "msg_sim_" + answer.Id[..20]);
        w.WriteString("type"u8, "message"u8);
        w.WriteString("role"u8, "assistant"u8);
        w.WriteStartArray("content"u8);
        if (whole)
        {
            foreach (var block in answer.Blocks)
            {
                Content(w, block, whole: true);
            }
        }

        w.WriteEndArray();
        if (whole)
        {
            w.WriteString("stop_reason"u8, Stop(answer.Stop));
        }
        else
        {
            w.WriteNull("stop_reason"u8);
        }

        w.WriteNull("stop_sequence"u8);
        Usage(w, answer.Usage, usage, whole ? answer.Usage.Output : 1);
        w.WriteEndObject();
    }

    private static void Content(Utf8JsonWriter w, AnswerBlock block, bool whole)
    {
        w.WriteStartObject();
        switch (block)
        {
            case AnswerBlock.Text text:
                w.WriteString("type"u8, "text"u8);
                w.WriteString("text"u8, whole ? text.Value : "");
                break;
            case AnswerBlock.Thinking thinking:
                w.WriteString("type"u8, "thinking"u8);
                w.WriteString("thinking"u8, whole ? thinking.Value : "");
                w.WriteString("signature"u8, whole ? thinking.Signature : "");
                break;
            case AnswerBlock.ToolCall call:
                w.WriteString("type"u8, "tool_use"u8);
                w.WriteString("id"u8, "toolu_sim_" + call.Hash);
                w.WriteString("name"u8, call.Name);
                w.WritePropertyName("input"u8);
                w.WriteRawValue(whole ? call.Arguments : "{}");
                break;
        }

        w.WriteEndObject();
    }

    private static void Usage(Utf8JsonWriter w, AnswerUsage usage, UsageShape shape, int output)
    {
        if (shape == UsageShape.Missing)
        {
            return;
        }

        w.WriteStartObject("usage"u8);
        w.Count("input_tokens"u8, usage.Input, shape);
        w.Count("cache_creation_input_tokens"u8, usage.CacheWrite, shape);
        w.Count("cache_read_input_tokens"u8, usage.CacheRead, shape);
        w.WriteStartObject("cache_creation"u8);
        w.Count("ephemeral_5m_input_tokens"u8, usage.CacheWrite5m, shape);
        w.Count("ephemeral_1h_input_tokens"u8, usage.CacheWrite1h, shape);
        w.WriteEndObject();
        w.Count("output_tokens"u8, output, shape);
        if (usage.Reasoning > 0 && output == usage.Output)
        {
            w.WriteStartObject("output_tokens_details"u8);
            w.Count("thinking_tokens"u8, usage.Reasoning, shape);
            w.WriteEndObject();
        }

        w.WriteString("service_tier"u8, "standard"u8);
        w.WriteEndObject();
    }

    private static string Stop(AnswerStop stop) => stop switch
    {
        AnswerStop.ToolCalls => "tool_use",
        AnswerStop.Length => "max_tokens",
        _ => "end_turn",
    };
}
