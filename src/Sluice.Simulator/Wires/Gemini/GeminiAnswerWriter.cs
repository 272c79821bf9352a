using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>Writes answers as one response or as its chunks: each call whole, signatures on the first call of a group or on an empty text at the end.</summary>
internal static class GeminiAnswerWriter
{
    public static byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Chunk(prompt, answer, usage, last: true, w =>
    {
        var calls = 0;
        foreach (var block in answer.Blocks)
        {
            Part(w, prompt, answer, block, block is AnswerBlock.ToolCall && calls++ == 0, null);
        }

        Closing(w, prompt, answer);
    });

    public static IEnumerable<(FrameKind Kind, byte[] Json)> Chunks(Prompt prompt, Answer answer, UsageShape usage)
    {
        var calls = 0;
        foreach (var block in answer.Blocks)
        {
            if (block is AnswerBlock.ToolCall)
            {
                var first = calls++ == 0;

                // Nothing of a call comes before all of it; for faults inside calls this is the nearest place.
                yield return (FrameKind.ToolDelta, Chunk(prompt, answer, usage, last: false, w => Part(w, prompt, answer, block, first, null)));
                continue;
            }

            foreach (var piece in TextPieces.Of(block is AnswerBlock.Thinking thinking ? thinking.Value : ((AnswerBlock.Text)block).Value))
            {
                yield return (FrameKind.Delta, Chunk(prompt, answer, usage, last: false, w => Part(w, prompt, answer, block, false, piece)));
            }
        }

        yield return (FrameKind.Terminal, Chunk(prompt, answer, usage, last: true, w => Closing(w, prompt, answer)));
    }

    /// <summary>Models that sign, and want their signatures back.</summary>
    public static bool Signs(string model) => model.Contains("gemini-3", StringComparison.Ordinal);

    private static byte[] Chunk(Prompt prompt, Answer answer, UsageShape usage, bool last, Action<Utf8JsonWriter> parts) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("candidates"u8);
        w.WriteStartObject();
        w.WriteStartObject("content"u8);
        if (answer.Blocks.Count > 0)
        {
            w.WriteStartArray("parts"u8);
            parts(w);
            w.WriteEndArray();
        }

        w.WriteString("role"u8, "model"u8);
        w.WriteEndObject();
        if (last)
        {
            w.WriteString("finishReason"u8, answer.Stop == AnswerStop.Length ? "MAX_TOKENS"u8 : "STOP"u8);
        }

        w.WriteNumber("index"u8, 0);
        w.WriteEndObject();
        w.WriteEndArray();
        Usage(w, answer.Usage, usage, last, ServedTier.Of(prompt.Body.Member("serviceTier")));
        w.WriteString("modelVersion"u8, prompt.Model);
        w.WriteString("responseId"u8, "sim" + answer.Id[..20]);
        w.WriteEndObject();
    });

    private static void Part(Utf8JsonWriter w, Prompt prompt, Answer answer, AnswerBlock block, bool signed, string? piece)
    {
        switch (block)
        {
            case AnswerBlock.Thinking { Value: "" }:
                return;
            case AnswerBlock.Thinking thinking:
                w.WriteStartObject();
                w.WriteString("text"u8, piece ?? thinking.Value);
                w.WriteBoolean("thought"u8, true);
                w.WriteEndObject();
                return;
            case AnswerBlock.Text text:
                w.WriteStartObject();
                w.WriteString("text"u8, piece ?? text.Value);
                w.WriteEndObject();
                return;
            case AnswerBlock.ToolCall call:
                w.WriteStartObject();
                w.WriteStartObject("functionCall"u8);
                if (Signs(prompt.Model))
                {
                    w.WriteString("id"u8, call.Hash[^8..]);
                }

                w.WriteString("name"u8, call.Name);
                w.WritePropertyName("args"u8);
                w.WriteRawValue(call.Arguments);
                w.WriteEndObject();
                if (signed && Signing(prompt, answer))
                {
                    w.WriteString("thoughtSignature"u8, answer.PartSignature);
                }

                w.WriteEndObject();
                return;
        }
    }

    /// <summary>The last chunk carries an empty text: with the signature where no call has it.</summary>
    private static void Closing(Utf8JsonWriter w, Prompt prompt, Answer answer)
    {
        w.WriteStartObject();
        w.WriteString("text"u8, ""u8);
        if (Signing(prompt, answer) && answer.Stop != AnswerStop.ToolCalls)
        {
            w.WriteString("thoughtSignature"u8, answer.PartSignature);
        }

        w.WriteEndObject();
    }

    /// <summary>Older models sign when they thought.</summary>
    private static bool Signing(Prompt prompt, Answer answer) => Signs(prompt.Model) || answer.Blocks.Any(static b => b is AnswerBlock.Thinking);

    private static void Usage(Utf8JsonWriter w, AnswerUsage usage, UsageShape shape, bool last, string? tier)
    {
        if (shape == UsageShape.Missing)
        {
            return;
        }

        w.WriteStartObject("usageMetadata"u8);
        w.Count("promptTokenCount"u8, usage.Prompt, shape);
        if (last)
        {
            w.Count("candidatesTokenCount"u8, usage.Output - usage.Reasoning, shape);
        }

        w.Count("totalTokenCount"u8, usage.Prompt + (last ? usage.Output : 0), shape);
        if (usage.CacheRead > 0)
        {
            w.Count("cachedContentTokenCount"u8, usage.CacheRead, shape);
        }

        if (last && usage.Reasoning > 0)
        {
            w.Count("thoughtsTokenCount"u8, usage.Reasoning, shape);
        }

        if (tier is not null)
        {
            w.WriteString("serviceTier"u8, tier);
        }

        w.WriteEndObject();
    }
}
