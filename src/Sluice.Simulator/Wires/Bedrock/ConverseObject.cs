using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>Writes an answer in one piece, and what both forms of an answer share.</summary>
internal static class ConverseObject
{
    public static byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        Metrics(w);
        w.WriteStartObject("output"u8);
        w.WriteStartObject("message"u8);
        w.WriteStartArray("content"u8);
        foreach (var block in answer.Blocks)
        {
            w.WriteStartObject();
            switch (block)
            {
                case AnswerBlock.Text text:
                    w.WriteString("text"u8, text.Value);
                    break;
                case AnswerBlock.Thinking thinking:
                    w.WriteStartObject("reasoningContent"u8);
                    w.WriteStartObject("reasoningText"u8);
                    w.WriteString("signature"u8, thinking.Signature);
                    w.WriteString("text"u8, thinking.Value);
                    w.WriteEndObject();
                    w.WriteEndObject();
                    break;
                case AnswerBlock.ToolCall call:
                    w.WriteStartObject("toolUse"u8);
                    w.WritePropertyName("input"u8);
                    w.WriteRawValue(call.Arguments);
                    Names(w, call);
                    w.WriteEndObject();
                    break;
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteString("role"u8, "assistant"u8);
        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteString("stopReason"u8, Stop(answer.Stop));
        Usage(w, answer.Usage, usage);
        Tier(w, prompt);
        w.WriteEndObject();
    });

    public static void Names(Utf8JsonWriter w, AnswerBlock.ToolCall call)
    {
        w.WriteString("name"u8, call.Name);
        w.WriteString("toolUseId"u8, "tooluse_" + call.Hash);
    }

    public static void Metrics(Utf8JsonWriter w)
    {
        w.WriteStartObject("metrics"u8);
        w.WriteNumber("latencyMs"u8, 1);
        w.WriteEndObject();
    }

    public static void Tier(Utf8JsonWriter w, Prompt prompt)
    {
        if (ServedTier.Of(prompt.Body.Member("serviceTier").Member("type")) is { } tier)
        {
            w.WriteStartObject("serviceTier"u8);
            w.WriteString("type"u8, tier);
            w.WriteEndObject();
        }
    }

    public static void Usage(Utf8JsonWriter w, AnswerUsage usage, UsageShape shape)
    {
        if (shape == UsageShape.Missing)
        {
            return;
        }

        w.WriteStartObject("usage"u8);
        w.Count("inputTokens"u8, usage.Input, shape);
        w.Count("outputTokens"u8, usage.Output, shape);
        w.Count("totalTokens"u8, usage.Prompt + usage.Output, shape);
        w.Count("cacheReadInputTokens"u8, usage.CacheRead, shape);
        w.Count("cacheWriteInputTokens"u8, usage.CacheWrite, shape);
        if (usage.CacheWrite > 0)
        {
            w.WriteStartArray("cacheDetails"u8);
            foreach (var (ttl, tokens) in new[] { ("5m", usage.CacheWrite5m), ("1h", usage.CacheWrite1h) })
            {
                if (tokens > 0)
                {
                    w.WriteStartObject();
                    w.WriteString("ttl"u8, ttl);
                    w.Count("inputTokens"u8, tokens, shape);
                    w.WriteEndObject();
                }
            }

            w.WriteEndArray();
        }

        w.WriteEndObject();
    }

    public static string Stop(AnswerStop stop) => stop switch
    {
        AnswerStop.ToolCalls => "tool_use",
        AnswerStop.Length => "max_tokens",
        _ => "end_turn",
    };
}
