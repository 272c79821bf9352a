using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.BedrockConverse;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.EventStream;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.Anthropic;
using Sluice.Protocols.Tests.EventStream;

namespace Sluice.Protocols.Tests.BedrockConverse;

/// <summary>A Converse answer as test code understands it, read by System.Text.Json alone. Blocks are spelled as <see cref="AnthropicAnswer"/> spells them.</summary>
internal sealed record ConverseAnswer(IReadOnlyList<string> Blocks, string? Stop)
{
    /// <summary>Input, cache read, cache write, output.</summary>
    public (long Input, long Read, long Written, long Output) Usage { get; private init; }

    public static ConverseAnswer OfBody(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var lines = root.GetProperty("output").GetProperty("message").GetProperty("content").EnumerateArray().Select(Line).OfType<string>();
        return new ConverseAnswer([.. lines], root.GetProperty("stopReason").GetString()) { Usage = Counts(root.GetProperty("usage")) };
    }

    public static ConverseAnswer OfStream(byte[] stream)
    {
        var blocks = new SortedDictionary<int, (string? Tool, StringBuilder Text, StringBuilder Thinking, StringBuilder Signature, StringBuilder Arguments, string? Redacted, bool Server)>();
        string? stop = null;
        var usage = default((long, long, long, long));
        foreach (var message in EventStreamBytes.Parse(stream))
        {
            using var document = JsonDocument.Parse(message.Payload);
            var root = document.RootElement;
            var index = root.TryGetProperty("contentBlockIndex", out var number) ? number.GetInt32() : -1;
            if (index >= 0 && !blocks.ContainsKey(index))
            {
                blocks.Add(index, (null, new StringBuilder(), new StringBuilder(), new StringBuilder(), new StringBuilder(), null, false));
            }

            switch (message.Header(":event-type"))
            {
                case "contentBlockStart":
                    var start = root.GetProperty("start");
                    var isTool = start.TryGetProperty("toolUse", out var call);
                    blocks[index] = blocks[index] with
                    {
                        Tool = isTool ? call.GetProperty("toolUseId").GetString() + " " + call.GetProperty("name").GetString() : null,
                        Server = !isTool || (call.TryGetProperty("type", out var type) && type.GetString() == "server_tool_use"),
                    };
                    break;
                case "contentBlockDelta":
                    var delta = root.GetProperty("delta");
                    var block = blocks[index];
                    if (delta.TryGetProperty("text", out var text))
                    {
                        block.Text.Append(text.GetString());
                    }
                    else if (delta.TryGetProperty("toolUse", out var piece))
                    {
                        block.Arguments.Append(piece.GetProperty("input").GetString());
                    }
                    else if (delta.TryGetProperty("reasoningContent", out var reasoning))
                    {
                        block.Thinking.Append(Text(reasoning, "text"));
                        block.Signature.Append(Text(reasoning, "signature"));
                        blocks[index] = block with { Redacted = Text(reasoning, "redactedContent") ?? block.Redacted };
                    }

                    break;
                case "messageStop":
                    stop = root.GetProperty("stopReason").GetString();
                    break;
                case "metadata":
                    usage = Counts(root.GetProperty("usage"));
                    break;
                default:
                    break;
            }
        }

        var lines = new List<string>();
        foreach (var b in blocks.Values.Where(b => !b.Server))
        {
            if (b.Redacted is not null)
            {
                lines.Add("redacted " + Encoding.UTF8.GetString(Convert.FromBase64String(b.Redacted)));
            }
            else if (b.Tool is not null)
            {
                lines.Add($"tool {b.Tool} {AnthropicAnswer.Canonical(b.Arguments.ToString())}");
            }
            else if (b.Thinking.Length + b.Signature.Length > 0)
            {
                lines.Add($"thinking {b.Thinking} [{b.Signature}]");
            }
            else if (b.Text.Length > 0)
            {
                lines.Add("text " + b.Text);
            }
        }

        return new ConverseAnswer(lines, stop) { Usage = usage };
    }

    /// <summary>The stop reason that an Anthropic client must see: the presence of calls decides.</summary>
    public string AnthropicStop => (Stop, Blocks.Any(b => b.StartsWith("tool ", StringComparison.Ordinal))) switch
    {
        ("end_turn", true) => "tool_use",
        ("tool_use", false) => "end_turn",
        ("guardrail_intervened" or "content_filtered", _) => "refusal",
        _ => Stop!,
    };

    /// <summary>The same for a Chat client.</summary>
    public string ChatFinish => AnthropicStop switch
    {
        "tool_use" => "tool_calls",
        "max_tokens" or "model_context_window_exceeded" => "length",
        "refusal" => "content_filter",
        _ => "stop",
    };

    public static List<StreamEvent> Read(byte[] stream, IEnumerable<int>? pieces = null)
    {
        var reader = BedrockConverseFormat.Instance.CreateStreamReader(ChatDialect.Generic);
        var events = new List<StreamEvent>();
        foreach (var (raw, name, data) in EventStreamBytes.Read(stream, EventStreamContent.Events, pieces))
        {
            reader.Read(new SseFrame(Encoding.Latin1.GetBytes(raw), Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data)), events);
        }

        reader.Complete(events);
        return events;
    }

    private static string? Line(JsonElement block)
    {
        if (block.TryGetProperty("text", out var text))
        {
            return text.GetString()!.Length > 0 ? "text " + text.GetString() : null;
        }

        if (block.TryGetProperty("citationsContent", out var cited))
        {
            return "text " + string.Concat(cited.GetProperty("content").EnumerateArray().Select(c => Text(c, "text")));
        }

        if (block.TryGetProperty("toolUse", out var call))
        {
            return Text(call, "type") == "server_tool_use" ? null
                : string.Create(CultureInfo.InvariantCulture, $"tool {Text(call, "toolUseId")} {Text(call, "name")} {AnthropicAnswer.Canonical(call.GetProperty("input").GetRawText())}");
        }

        if (!block.TryGetProperty("reasoningContent", out var reasoning))
        {
            return null;
        }

        return reasoning.TryGetProperty("reasoningText", out var thought)
            ? $"thinking {Text(thought, "text")} [{Text(thought, "signature")}]"
            : "redacted " + Encoding.UTF8.GetString(reasoning.GetProperty("redactedContent").GetBytesFromBase64());
    }

    private static (long, long, long, long) Counts(JsonElement usage) =>
        (Number(usage, "inputTokens"), Number(usage, "cacheReadInputTokens"), Number(usage, "cacheWriteInputTokens"), Number(usage, "outputTokens"));

    private static long Number(JsonElement holder, string name) => holder.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    private static string? Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
