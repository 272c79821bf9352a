using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>A Messages answer as test code understands it, read by System.Text.Json alone: each block as one line of text.</summary>
internal sealed record AnthropicAnswer(IReadOnlyList<string> Blocks, string? Stop, string? StopSequence, string? Error)
{
    public static readonly ClientTarget Client = new("claude-test", "gen-test-1") { EstimatedInputTokens = 7 };

    /// <summary>Input, cache read, cache write, output: the last value that was reported of each.</summary>
    public (long Input, long Read, long Written, long Output) Usage { get; private init; }

    public static AnthropicAnswer OfBody(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var usage = default((long, long, long, long));
        Count(root, ref usage);
        return new AnthropicAnswer([.. root.GetProperty("content").EnumerateArray().Select(Line).Where(l => l != "text ")], Text(root, "stop_reason"), Text(root, "stop_sequence"), Error: null) { Usage = usage };
    }

    public static AnthropicAnswer OfStream(byte[] stream)
    {
        var blocks = new List<(int Index, JsonElement Start, StringBuilder Text, StringBuilder Signature, List<string> More)>();
        string? stop = null, sequence = null, error = null;
        var usage = default((long, long, long, long));
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            using var document = JsonDocument.Parse(data);
            var item = document.RootElement.Clone();
            var type = Text(item, "type");
            if (type == "message_stop")
            {
                // Some recordings hold the next answer too.
                break;
            }

            switch (type)
            {
                case "message_start":
                    Count(item.GetProperty("message"), ref usage);
                    break;
                case "content_block_start":
                    blocks.Add((item.GetProperty("index").GetInt32(), item.GetProperty("content_block"), new StringBuilder(), new StringBuilder(), []));
                    break;
                case "content_block_delta":
                    var open = blocks.FindLast(b => b.Index == item.GetProperty("index").GetInt32());
                    var delta = item.GetProperty("delta");
                    switch (Text(delta, "type"))
                    {
                        case "signature_delta": open.Signature.Append(Text(delta, "signature")); break;
                        case "citations_delta": open.More.Add(Canonical(delta.GetProperty("citation").GetRawText())); break;
                        case "compaction_delta": open.More.Add(Canonical(delta.GetRawText())); break;
                        default: open.Text.Append(Text(delta, "text") ?? Text(delta, "thinking") ?? Text(delta, "partial_json")); break;
                    }

                    break;
                case "message_delta":
                    stop = Text(item.GetProperty("delta"), "stop_reason") ?? stop;
                    sequence = Text(item.GetProperty("delta"), "stop_sequence") ?? sequence;
                    Count(item, ref usage);
                    break;
                case "error":
                    error = item.GetRawText();
                    break;
                default:
                    break;
            }
        }

        return new AnthropicAnswer([.. blocks.Select(b => Line(b.Start, b.Text.ToString(), b.Signature.ToString(), b.More)).Where(l => l != "text ")], stop, sequence, error) { Usage = usage };
    }

    /// <summary>What an Anthropic client sees: tool ids as they are, so that results can be paired.</summary>
    public static byte[] Write(IEnumerable<StreamEvent> events, DegradationLog? degradations = null)
    {
        var writer = AnthropicFormat.Instance.CreateStreamWriter(Client, degradations ?? new DegradationLog());
        var output = new ArrayBufferWriter<byte>();
        foreach (var item in events)
        {
            writer.Write(item, output);
        }

        return output.WrittenSpan.ToArray();
    }

    public static List<StreamEvent> Read(byte[] stream, IEnumerable<int>? pieces = null)
    {
        var reader = AnthropicFormat.Instance.CreateStreamReader(ChatDialect.Generic);
        var events = new List<StreamEvent>();
        Feeding.Run(stream, pieces ?? [], (in SseFrame frame) => reader.Read(frame, events));
        reader.Complete(events);
        return events;
    }

    /// <summary>Null when the stream is legal.</summary>
    public static string? Grammar(byte[] stream)
    {
        var grammar = AnthropicFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } wrong)
            {
                return wrong + " at " + Encoding.UTF8.GetString(data);
            }
        }

        return grammar.Complete();
    }

    /// <summary>JSON with its spaces and escapes evened out.</summary>
    public static string Canonical(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.Length == 0 ? "{}" : json);
            return JsonSerializer.Serialize(document.RootElement);
        }
        catch (JsonException)
        {
            return json;
        }
    }

    public void AssertSame(AnthropicAnswer actual)
    {
        Assert.Equal(Blocks, actual.Blocks);
        Assert.Equal(Stop, actual.Stop);
        Assert.Equal(StopSequence, actual.StopSequence);
        Assert.Equal(Usage, actual.Usage);
    }

    private static string Line(JsonElement block) => Line(block, "", "", []);

    private static string Line(JsonElement block, string text, string signature, List<string> more)
    {
        var type = Text(block, "type");
        if (block.TryGetProperty("citations", out var citations) && citations.ValueKind == JsonValueKind.Array)
        {
            more = [.. citations.EnumerateArray().Select(c => Canonical(c.GetRawText())), .. more];
        }

        var rest = string.Concat(more.Select(m => " " + m));
        return type switch
        {
            "text" => "text " + Text(block, "text") + text + rest,
            "thinking" => $"thinking {Text(block, "thinking")}{text} [{Text(block, "signature")}{signature}]",
            "redacted_thinking" => "redacted " + Text(block, "data"),
            "tool_use" => string.Create(CultureInfo.InvariantCulture, $"tool {Text(block, "id")} {Text(block, "name")} {Canonical(text.Length > 0 ? text : block.TryGetProperty("input", out var input) ? input.GetRawText() : "{}")}"),
            _ => "opaque " + Canonical(block.GetRawText()) + text + rest,
        };
    }

    private static void Count(JsonElement holder, ref (long Input, long Read, long Written, long Output) usage)
    {
        if (holder.TryGetProperty("usage", out var counts) && counts.ValueKind == JsonValueKind.Object)
        {
            usage = (Number(counts, "input_tokens") ?? usage.Input, Number(counts, "cache_read_input_tokens") ?? usage.Read,
                Number(counts, "cache_creation_input_tokens") ?? usage.Written, Number(counts, "output_tokens") ?? usage.Output);
        }
    }

    private static long? Number(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    private static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
