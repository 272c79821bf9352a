using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAIResponses;

/// <summary>Writes a response and its items, whole or as they are when a stream opens them.</summary>
internal static class ResponsesObject
{
    /// <summary>Members of the request that the response repeats, with what stands there when the request has none.</summary>
    private static readonly (string Name, string Default)[] Repeated =
    [
        ("instructions", "null"), ("max_output_tokens", "null"), ("max_tool_calls", "null"), ("metadata", "{}"), ("parallel_tool_calls", "true"),
        ("previous_response_id", "null"), ("prompt_cache_key", "null"), ("reasoning", """{"effort":null,"summary":null}"""), ("safety_identifier", "null"),
        ("store", "true"), ("temperature", "1"), ("text", """{"format":{"type":"text"},"verbosity":"medium"}"""),
        ("tool_choice", "\"auto\""), ("tools", "[]"), ("top_logprobs", "0"), ("top_p", "1"), ("truncation", "\"disabled\""), ("user", "null"),
    ];

    public static bool Stored(Prompt prompt) => prompt.Body.Member("store").ValueKind != JsonValueKind.False;

    /// <param name="w">Where to.</param>
    /// <param name="prompt">The request.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="usage">How usage is written.</param>
    /// <param name="whole">As it ends; else as it begins, without output and usage.</param>
    public static void Write(Utf8JsonWriter w, Prompt prompt, Answer answer, UsageShape usage, bool whole)
    {
        var cut = answer.Stop == AnswerStop.Length;
        w.WriteStartObject();
        w.WriteString("id"u8, "resp_" + Digits(prompt, answer));
        w.WriteString("object"u8, "response"u8);
        w.WriteNumber("created_at"u8, ChatAnswerWriter.Created);
        w.WriteString("status"u8, !whole ? "in_progress" : cut ? "incomplete" : "completed");
        w.WriteBoolean("background"u8, false);
        w.WriteNull("error"u8);
        if (whole && cut)
        {
            w.WriteStartObject("incomplete_details"u8);
            w.WriteString("reason"u8, "max_output_tokens"u8);
            w.WriteEndObject();
        }
        else
        {
            w.WriteNull("incomplete_details"u8);
        }

        w.WriteString("model"u8, prompt.Model);
        w.WriteStartArray("output"u8);
        for (var i = 0; whole && i < answer.Blocks.Count; i++)
        {
            Item(w, prompt, answer, i, whole: true);
        }

        w.WriteEndArray();
        foreach (var (name, usual) in Repeated)
        {
            w.WritePropertyName(name);
            var value = prompt.Body.Member(name);
            if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            {
                w.WriteRawValue(usual);
            }
            else
            {
                value.WriteTo(w);
            }
        }

        w.WriteString("service_tier"u8, ServedTier.Of(prompt.Body.Member("service_tier")) ?? "default");
        Usage(w, answer.Usage, usage, whole);
        w.WriteEndObject();
    }

    public static void Item(Utf8JsonWriter w, Prompt prompt, Answer answer, int index, bool whole)
    {
        var cut = answer.Stop == AnswerStop.Length && index == answer.Blocks.Count - 1;
        var status = !whole ? "in_progress" : cut ? "incomplete" : "completed";
        w.WriteStartObject();
        w.WriteString("id"u8, ItemId(prompt, answer, index));
        switch (answer.Blocks[index])
        {
            case AnswerBlock.Thinking thinking:
                w.WriteString("type"u8, "reasoning"u8);
                w.WriteStartArray("summary"u8);
                if (whole && thinking.Value.Length > 0)
                {
                    SummaryPart(w, thinking.Value);
                }

                w.WriteEndArray();
                if (prompt.Body.Member("include").Items().Any(static i => i.ValueEquals("reasoning.encrypted_content"u8)))
                {
                    w.WriteString("encrypted_content"u8, whole ? SealedReasoning.Of(ItemId(prompt, answer, index), thinking) : SealedReasoning.Beginning(thinking));
                }

                break;
            case AnswerBlock.Text text:
                w.WriteString("type"u8, "message"u8);
                w.WriteString("status"u8, status);
                w.WriteStartArray("content"u8);
                if (whole)
                {
                    TextPart(w, text.Value);
                }

                w.WriteEndArray();
                w.WriteString("role"u8, "assistant"u8);
                break;
            case AnswerBlock.ToolCall call:
                w.WriteString("type"u8, call.Tool.FreeText ? "custom_tool_call"u8 : "function_call"u8);
                w.WriteString("status"u8, status);
                w.WriteString(call.Tool.FreeText ? "input"u8 : "arguments"u8, whole ? Given(call) : "");
                w.WriteString("call_id"u8, "call_" + call.Hash);
                w.WriteString("name"u8, call.Name);
                if (call.Tool.Namespace is { } group)
                {
                    w.WriteString("namespace"u8, group);
                }

                break;
        }

        w.WriteEndObject();
    }

    public static string ItemId(Prompt prompt, Answer answer, int index)
    {
        var prefix = answer.Blocks[index] switch
        {
            AnswerBlock.Thinking => "rs_",
            AnswerBlock.Text => "msg_",
            AnswerBlock.ToolCall { Tool.FreeText: true } => "ctc_",
            _ => "fc_",
        };
        return prefix + Digits(prompt, answer) + index.ToString("x4", CultureInfo.InvariantCulture);
    }

    /// <summary>What the call says: JSON for functions, the bare text for custom tools.</summary>
    public static string Given(AnswerBlock.ToolCall call)
    {
        if (!call.Tool.FreeText)
        {
            return call.Arguments;
        }

        using var arguments = JsonDocument.Parse(call.Arguments);
        return arguments.RootElement.Text("input") ?? "";
    }

    public static void TextPart(Utf8JsonWriter w, string text)
    {
        w.WriteStartObject();
        w.WriteString("type"u8, "output_text"u8);
        w.WriteStartArray("annotations"u8);
        w.WriteEndArray();
        w.WriteStartArray("logprobs"u8);
        w.WriteEndArray();
        w.WriteString("text"u8, text);
        w.WriteEndObject();
    }

    public static void SummaryPart(Utf8JsonWriter w, string text)
    {
        w.WriteStartObject();
        w.WriteString("type"u8, "summary_text"u8);
        w.WriteString("text"u8, text);
        w.WriteEndObject();
    }

    /// <summary>Only what is stored gets the mark by which a later request may name it.</summary>
    private static string Digits(Prompt prompt, Answer answer) => answer.Id[..24] + (Stored(prompt) ? answer.Mark : answer.Id[24..40]);

    private static void Usage(Utf8JsonWriter w, AnswerUsage usage, UsageShape shape, bool whole)
    {
        if (shape == UsageShape.Missing)
        {
            return;
        }

        if (!whole)
        {
            w.WriteNull("usage"u8);
            return;
        }

        w.WriteStartObject("usage"u8);
        w.Count("input_tokens"u8, usage.Prompt, shape);
        w.WriteStartObject("input_tokens_details"u8);
        w.Count("cached_tokens"u8, usage.CacheRead, shape);
        w.WriteEndObject();
        w.Count("output_tokens"u8, usage.Output, shape);
        w.WriteStartObject("output_tokens_details"u8);
        w.Count("reasoning_tokens"u8, usage.Reasoning, shape);
        w.WriteEndObject();
        w.Count("total_tokens"u8, usage.Prompt + usage.Output, shape);
        w.WriteEndObject();
    }
}

/// <summary>Reasoning as only its maker can read it: item id, text and signature, behind the letters that OpenAI's begin with.</summary>
internal static class SealedReasoning
{
    private const string Opening = "gAAAAABq";

    private const int SignatureBytes = 40;

    public static string Of(string itemId, AnswerBlock.Thinking thinking) =>
        Opening + Convert.ToBase64String([.. Encoding.UTF8.GetBytes(itemId), 0, .. Encoding.UTF8.GetBytes(thinking.Value), .. Convert.FromBase64String(thinking.Signature)]);

    /// <summary>What stands in the item while it is open: shorter, different, and good for nothing.</summary>
    public static string Beginning(AnswerBlock.Thinking thinking) => Opening + Convert.ToBase64String(Convert.FromBase64String(thinking.Signature)[..24]);

    /// <summary>The item that it belongs to; null where this simulator did not make it.</summary>
    public static string? Open(string sealedText, ThinkingSignature signatures)
    {
        var bytes = new byte[sealedText.Length];
        if (!sealedText.StartsWith(Opening, StringComparison.Ordinal) || !Convert.TryFromBase64String(sealedText[Opening.Length..], bytes, out var length) || length <= SignatureBytes)
        {
            return null;
        }

        var content = bytes.AsSpan(0, length - SignatureBytes);
        var end = content.IndexOf((byte)0);
        return end >= 0 && signatures.Verify(Encoding.UTF8.GetString(content[(end + 1)..]), Convert.ToBase64String(bytes.AsSpan(length - SignatureBytes, SignatureBytes)))
            ? Encoding.UTF8.GetString(content[..end])
            : null;
    }
}
