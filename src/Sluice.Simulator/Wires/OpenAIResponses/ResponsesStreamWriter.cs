using System.Text;
using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIResponses;

/// <summary>Writes an answer as its events, in OpenAI's order: https://platform.openai.com/docs/api-reference/responses-streaming</summary>
internal sealed class ResponsesStreamWriter(Prompt prompt, Answer answer, UsageShape usage)
{
    private readonly List<Frame> _frames = [];
    private readonly bool _padded = prompt.Body.Member("stream_options").Member("include_obfuscation").ValueKind != JsonValueKind.False;

    public IReadOnlyList<Frame> Write()
    {
        Add(FrameKind.Start, "response.created", w => Response(w, whole: false));
        Add(FrameKind.Other, "response.in_progress", w => Response(w, whole: false));
        for (var i = 0; i < answer.Blocks.Count; i++)
        {
            var (index, id) = (i, ResponsesObject.ItemId(prompt, answer, i));
            Add(answer.Blocks[i] is AnswerBlock.ToolCall ? FrameKind.ToolStart : FrameKind.BlockStart, "response.output_item.added", w => Item(w, index, whole: false));
            switch (answer.Blocks[i])
            {
                case AnswerBlock.Thinking { Value.Length: > 0 } thinking:
                    Part("response.reasoning_summary_part", "response.reasoning_summary_text", "summary_index", index, id, thinking.Value, ResponsesObject.SummaryPart);
                    break;
                case AnswerBlock.Text text:
                    Part("response.content_part", "response.output_text", "content_index", index, id, text.Value, ResponsesObject.TextPart);
                    break;
                case AnswerBlock.ToolCall call:
                    Call(call, index, id);
                    break;
            }

            Add(FrameKind.BlockStop, "response.output_item.done", w => Item(w, index, whole: true));
        }

        Add(FrameKind.Terminal, answer.Stop == AnswerStop.Length ? "response.incomplete" : "response.completed", w => Response(w, whole: true));
        return _frames;
    }

    public static Frame Event(FrameKind kind, string type, int number, Action<Utf8JsonWriter> rest)
    {
        var data = Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteString("type"u8, type);
            w.WriteNumber("sequence_number"u8, number);
            rest(w);
            w.WriteEndObject();
        });
        return new(kind, (byte[])[.. "event: "u8, .. Encoding.ASCII.GetBytes(type), .. "\ndata: "u8, .. data, .. "\n\n"u8]);
    }

    private void Add(FrameKind kind, string type, Action<Utf8JsonWriter> rest) => _frames.Add(Event(kind, type, _frames.Count, rest));

    private void Response(Utf8JsonWriter w, bool whole)
    {
        w.WritePropertyName("response"u8);
        ResponsesObject.Write(w, prompt, answer, usage, whole);
    }

    private void Item(Utf8JsonWriter w, int index, bool whole)
    {
        w.WriteNumber("output_index"u8, index);
        w.WritePropertyName("item"u8);
        ResponsesObject.Item(w, prompt, answer, index, whole);
    }

    private void Part(string part, string events, string indexName, int index, string id, string text, Action<Utf8JsonWriter, string> write)
    {
        void At(Utf8JsonWriter w)
        {
            Where(w, index, id);
            w.WriteNumber(indexName, 0);
            if (events == "response.output_text")
            {
                w.WriteStartArray("logprobs"u8);
                w.WriteEndArray();
            }
        }

        void Whole(string name, string value) => Add(FrameKind.Other, name, w =>
        {
            Where(w, index, id);
            w.WriteNumber(indexName, 0);
            w.WritePropertyName("part"u8);
            write(w, value);
        });

        Whole(part + ".added", "");
        foreach (var piece in TextPieces.Of(text))
        {
            Add(FrameKind.Delta, events + ".delta", w =>
            {
                At(w);
                w.WriteString("delta"u8, piece);
                Pad(w, piece);
            });
        }

        Add(FrameKind.Other, events + ".done", w =>
        {
            At(w);
            w.WriteString("text"u8, text);
        });
        Whole(part + ".done", text);
    }

    private void Call(AnswerBlock.ToolCall call, int index, string id)
    {
        var (events, member) = call.Tool.FreeText ? ("response.custom_tool_call_input", "input") : ("response.function_call_arguments", "arguments");
        var given = ResponsesObject.Given(call);
        foreach (var piece in TextPieces.Of(given))
        {
            Add(FrameKind.ToolDelta, events + ".delta", w =>
            {
                Where(w, index, id);
                w.WriteString("delta"u8, piece);
                Pad(w, piece);
            });
        }

        Add(FrameKind.Other, events + ".done", w =>
        {
            Where(w, index, id);
            w.WriteString(member, given);
        });
    }

    private static void Where(Utf8JsonWriter w, int index, string id)
    {
        w.WriteNumber("output_index"u8, index);
        w.WriteString("item_id"u8, id);
    }

    /// <summary>Deltas are padded to one length, so that nobody who counts bytes on the way reads along.</summary>
    private void Pad(Utf8JsonWriter w, string piece)
    {
        if (_padded)
        {
            w.WriteString("obfuscation"u8, answer.Id[..Math.Max(1, 16 - piece.Length)]);
        }
    }
}
