using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;

namespace Sluice.Protocols.Tests.OpenAIResponses;

/// <summary>A Responses answer as test code understands it, read by System.Text.Json alone from its last event, where everything stands again.</summary>
internal sealed record ResponsesAnswer(string Text, string Thinking, string Refusal, IReadOnlyList<(string Name, string Arguments)> Calls, IReadOnlyList<string> Others, string Stop)
{
    public static readonly ClientTarget Client = new("test/model", "gen-test-1") { Created = 1_700_000_000, EstimatedInputTokens = 7 };

    public IReadOnlyList<string> Sealed { get; init; } = [];

    public IReadOnlyList<(string Name, string Input)> Custom { get; init; } = [];

    public JsonElement? Usage { get; init; }

    public string? Error { get; init; }

    public static ResponsesAnswer OfBody(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return OfResponse(document.RootElement.Clone());
    }

    /// <summary>From the terminal event; some servers leave its output empty, then from the finished items.</summary>
    public static ResponsesAnswer OfStream(byte[] stream)
    {
        var items = new SortedDictionary<int, JsonElement>();
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            if (data.Length == 0 || data[0] != (byte)'{')
            {
                continue;
            }

            using var document = JsonDocument.Parse(data);
            var root = document.RootElement.Clone();
            switch (Member(root, "type"))
            {
                case "error" or "response.failed":
                    return Nothing with { Error = root.GetRawText() };
                case "response.output_item.done":
                    items[root.GetProperty("output_index").GetInt32()] = root.GetProperty("item");
                    break;
                case "response.completed" or "response.incomplete":
                    return OfResponse(root.GetProperty("response"), items.Values);
            }
        }

        return Nothing with { Error = "no terminal event" };
    }

    /// <summary>Neutral events, in this record's terms; their contract is checked on the way.</summary>
    public static ResponsesAnswer OfEvents(IReadOnlyList<StreamEvent> events)
    {
        var read = ChatTestKit.Collect(events);
        var custom = events.OfType<StreamEvent.PartStarted>().Where(p => p.IsCustom).Select(p => p.Part).ToHashSet();
        var parts = events.OfType<StreamEvent.PartStarted>().Where(p => p.Shape == PartShape.ToolCall).Select(p => p.Part).ToList();
        return new ResponsesAnswer(read.Text, read.Thinking, read.Refusal,
            [.. read.Calls.Where((_, i) => !custom.Contains(parts[i]))],
            [.. events.OfType<StreamEvent.PartStarted>().Where(p => p.Shape == PartShape.Opaque).Select(p => JsonDocument.Parse(p.Json.Utf8).RootElement.GetProperty("type").GetString()!)],
            read.Finish ?? "")
        {
            Custom = [.. custom.Select(p => (events.OfType<StreamEvent.PartStarted>().Single(s => s.Part == p).Name!, string.Concat(events.OfType<StreamEvent.ArgumentsDelta>().Where(d => d.Part == p).Select(d => d.Json))))],
            Sealed = [.. events.OfType<StreamEvent.SignatureDelta>().Select(s => s.Signature)],
            Error = read.Error,
        };
    }

    public static List<StreamEvent> Read(byte[] stream) => Read(OpenAIResponsesFormat.Instance.CreateStreamReader(ChatDialect.Generic), stream);

    public static List<StreamEvent> Read(IStreamReader reader, byte[] stream)
    {
        var events = new List<StreamEvent>();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            reader.Read(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data), events);
        }

        reader.Complete(events);
        return events;
    }

    public static byte[] Write(IEnumerable<StreamEvent> events, ClientTarget? target = null, DegradationLog? degradations = null)
    {
        var writer = OpenAIResponsesFormat.Instance.CreateStreamWriter(target ?? Client, degradations ?? new DegradationLog());
        var output = new ArrayBufferWriter<byte>();
        foreach (var item in events)
        {
            writer.Write(item, output);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Null when the stream is legal.</summary>
    public static string? Grammar(byte[] stream)
    {
        var grammar = OpenAIResponsesFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } wrong)
            {
                return wrong + " at " + Encoding.UTF8.GetString(data);
            }
        }

        return grammar.Complete();
    }

    private static ResponsesAnswer Nothing => new("", "", "", [], [], "");

    private static ResponsesAnswer OfResponse(JsonElement response, IEnumerable<JsonElement>? finished = null)
    {
        if (response.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            return Nothing with { Error = error.GetRawText() };
        }

        var text = new StringBuilder();
        var refusal = new StringBuilder();
        var thinking = new List<string>();
        var calls = new List<(string, string)>();
        var custom = new List<(string, string)>();
        var others = new List<string>();
        var proofs = new List<string>();

        // The finished items, not those of the last event: the proofs in that one are others again.
        var items = finished?.ToList() ?? [];
        foreach (var item in items.Count > 0 ? items : [.. response.GetProperty("output").EnumerateArray()])
        {
            switch (Member(item, "type"))
            {
                case "message":
                    foreach (var part in item.GetProperty("content").EnumerateArray())
                    {
                        text.Append(Member(part, "text"));
                        refusal.Append(Member(part, "refusal"));
                    }

                    break;
                case "reasoning":
                    var pieces = Texts(item, "summary");
                    pieces = pieces.Count > 0 ? pieces : Texts(item, "content");
                    thinking.Add(string.Join("\n\n", pieces));
                    if (Member(item, "encrypted_content") is { Length: > 0 } proof)
                    {
                        proofs.Add(proof);
                    }

                    break;
                case "function_call":
                    calls.Add((Member(item, "name")!, ChatTestKit.Canonical(Member(item, "arguments")!)));
                    break;
                case "custom_tool_call" when !Member(item, "call_id")!.StartsWith("xs_", StringComparison.Ordinal):
                    custom.Add((Member(item, "name")!, Member(item, "input")!));
                    break;
                case { } other:
                    others.Add(other);
                    break;
            }
        }

        var reason = response.TryGetProperty("incomplete_details", out var details) && details.ValueKind == JsonValueKind.Object ? Member(details, "reason") : null;
        var stop = reason is not null ? reason == "content_filter" ? "Refusal" : "MaxTokens" : calls.Count + custom.Count > 0 ? "ToolUse" : refusal.Length > 0 ? "Refusal" : "EndTurn";
        return new ResponsesAnswer(text.ToString(), string.Concat(thinking), refusal.ToString(), calls, others, stop)
        {
            Custom = custom,
            Sealed = proofs,
            Usage = response.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object ? usage : null,
        };
    }

    private static List<string> Texts(JsonElement item, string name) =>
        item.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(p => Member(p, "text") ?? "").Where(t => t.Length > 0)] : [];

    public static string? Member(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
