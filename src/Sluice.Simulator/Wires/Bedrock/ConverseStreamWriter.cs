using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>Writes an answer as its events. Only tool calls are announced by a start; the count comes after the stop.</summary>
internal sealed class ConverseStreamWriter(Prompt prompt, Answer answer, UsageShape usage)
{
    private readonly List<Frame> _frames = [];

    public IReadOnlyList<Frame> Write()
    {
        Add(FrameKind.Start, "messageStart", static w => w.WriteString("role"u8, "assistant"u8));
        for (var i = 0; i < answer.Blocks.Count; i++)
        {
            Block(answer.Blocks[i], i);
        }

        // The stop and the count are one end: a stream that lacks its end lacks both.
        Add(FrameKind.Terminal, "messageStop", w => w.WriteString("stopReason"u8, ConverseObject.Stop(answer.Stop)));
        Add(FrameKind.Terminal, "metadata", w =>
        {
            ConverseObject.Usage(w, answer.Usage, usage);
            ConverseObject.Metrics(w);
            ConverseObject.Tier(w, prompt);
        });
        return _frames;
    }

    private void Block(AnswerBlock block, int index)
    {
        switch (block)
        {
            case AnswerBlock.Text text:
                foreach (var piece in TextPieces.Of(text.Value))
                {
                    Delta(FrameKind.Delta, index, w => w.WriteString("text"u8, piece));
                }

                break;
            case AnswerBlock.Thinking thinking:
                foreach (var piece in TextPieces.Of(thinking.Value))
                {
                    Delta(FrameKind.Delta, index, w => Reasoning(w, "text", piece));
                }

                Delta(FrameKind.Other, index, w => Reasoning(w, "signature", thinking.Signature));
                break;
            case AnswerBlock.ToolCall call:
                Add(FrameKind.ToolStart, "contentBlockStart", w =>
                {
                    w.WriteNumber("contentBlockIndex"u8, index);
                    w.WriteStartObject("start"u8);
                    w.WriteStartObject("toolUse"u8);
                    ConverseObject.Names(w, call);
                    w.WriteEndObject();
                    w.WriteEndObject();
                });
                foreach (var piece in call.Arguments == "{}" ? [""] : TextPieces.Of(call.Arguments))
                {
                    Delta(FrameKind.ToolDelta, index, w =>
                    {
                        w.WriteStartObject("toolUse"u8);
                        w.WriteString("input"u8, piece);
                        w.WriteEndObject();
                    });
                }

                break;
        }

        Add(FrameKind.BlockStop, "contentBlockStop", w => w.WriteNumber("contentBlockIndex"u8, index));
    }

    private static void Reasoning(Utf8JsonWriter w, string member, string value)
    {
        w.WriteStartObject("reasoningContent"u8);
        w.WriteString(member, value);
        w.WriteEndObject();
    }

    private void Delta(FrameKind kind, int index, Action<Utf8JsonWriter> delta) => Add(kind, "contentBlockDelta", w =>
    {
        w.WriteNumber("contentBlockIndex"u8, index);
        w.WriteStartObject("delta"u8);
        delta(w);
        w.WriteEndObject();
    });

    private void Add(FrameKind kind, string type, Action<Utf8JsonWriter> members)
    {
        var number = _frames.Count;
        _frames.Add(new(kind, EventStreamFrame.Event(type, Json.Bytes(w =>
        {
            w.WriteStartObject();
            members(w);
            BedrockPadding.Pad(w, answer.Id + prompt.Model, number);
            w.WriteEndObject();
        }))));
    }
}
