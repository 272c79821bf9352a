using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIChat;

/// <summary>An answer as test code understands it: read by System.Text.Json alone, or collected from neutral events.</summary>
internal sealed record Answer(string Text, string Thinking, string Refusal, IReadOnlyList<(string Name, string Arguments)> Calls, string? Finish)
{
    public JsonElement? Usage { get; init; }

    public string? Error { get; init; }
}

internal static class ChatTestKit
{
    // Stands first in collected thinking that came from reasoning_details alone.
    private const char DetailsOnly = '\u0001';

    public static readonly ClientTarget Client = new("test/model", "gen-test-1") { IncludeUsage = true, Created = 1_700_000_000, EstimatedInputTokens = 7 };

    /// <summary>The dialect of a recording's folder.</summary>
    public static ChatDialect DialectOf(Recording recording) => recording.Folder.Split('/')[0] switch
    {
        "azure" => ChatDialect.OpenAI,
        "alibaba" => ChatDialect.Qwen,
        "moonshotai" => ChatDialect.Moonshot,
        var name => ChatDialect.ByName(name) ?? ChatDialect.Generic,
    };

    public static SseFrame Frame(string data, string name = "") =>
        new(Encoding.UTF8.GetBytes("data: " + data + "\n\n"), Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data));

    public static List<StreamEvent> ReadStream(ChatDialect dialect, params string[] data)
    {
        var reader = OpenAIChatFormat.Instance.CreateStreamReader(dialect);
        var events = new List<StreamEvent>();
        foreach (var item in data)
        {
            reader.Read(Frame(item), events);
        }

        reader.Complete(events);
        return events;
    }

    public static List<StreamEvent> ReadStream(ChatDialect dialect, byte[] stream)
    {
        var reader = OpenAIChatFormat.Instance.CreateStreamReader(dialect);
        var events = new List<StreamEvent>();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            reader.Read(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data), events);
        }

        reader.Complete(events);
        return events;
    }

    public static byte[] WriteStream(IEnumerable<StreamEvent> events, ClientTarget? target = null)
    {
        var writer = OpenAIChatFormat.Instance.CreateStreamWriter(target ?? Client, new DegradationLog());
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
        var grammar = OpenAIChatFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } wrong)
            {
                return wrong + " at " + Encoding.UTF8.GetString(data);
            }
        }

        return grammar.Complete();
    }

    /// <summary>Neutral events, checked against the event contract on the way.</summary>
    public static Answer Collect(IReadOnlyList<StreamEvent> events)
    {
        var text = new StringBuilder();
        var thinking = new StringBuilder();
        var refusal = new StringBuilder();
        var shapes = new Dictionary<int, PartShape>();
        var open = new HashSet<int>();
        var calls = new SortedDictionary<int, (string Name, StringBuilder Arguments)>();
        string? finish = null, error = null;
        var ended = false;
        foreach (var item in events)
        {
            Assert.False(ended || error is not null, "an event after the last one");
            switch (item)
            {
                case StreamEvent.PartStarted part:
                    Assert.Equal(shapes.Count, part.Part);
                    shapes.Add(part.Part, part.Shape);
                    open.Add(part.Part);
                    if (part.Shape == PartShape.ToolCall)
                    {
                        Assert.False(string.IsNullOrEmpty(part.Id));
                        Assert.False(string.IsNullOrEmpty(part.Name));
                        calls.Add(part.Part, (part.Name!, new StringBuilder()));
                    }

                    break;
                case StreamEvent.TextDelta delta:
                    Assert.Contains(delta.Part, open);
                    (shapes[delta.Part] == PartShape.Refusal ? refusal : text).Append(delta.Text);
                    break;
                case StreamEvent.ThinkingDelta delta:
                    Assert.Contains(delta.Part, open);
                    Assert.Equal(PartShape.Thinking, shapes[delta.Part]);
                    thinking.Append(delta.Text);
                    break;
                case StreamEvent.ArgumentsDelta delta:
                    Assert.Contains(delta.Part, open);
                    calls[delta.Part].Arguments.Append(delta.Json);
                    break;
                case StreamEvent.PartEnded end:
                    Assert.True(open.Remove(end.Part));
                    break;
                case StreamEvent.Stopped stopped:
                    Assert.Empty(open);
                    Assert.Null(finish);
                    finish = stopped.Reason.ToString();
                    break;
                case StreamEvent.Ended:
                    ended = true;
                    break;
                case StreamEvent.Failed failed:
                    error = failed.Error.Message;
                    break;
                default:
                    break;
            }
        }

        Assert.True(ended || error is not null, "neither Ended nor Failed");
        return new Answer(text.ToString(), thinking.ToString(), refusal.ToString(), [.. calls.Values.Select(c => (c.Name, Canonical(c.Arguments.ToString())))], finish) { Error = error };
    }

    /// <summary>A Chat stream read by System.Text.Json alone, as a simple client would.</summary>
    public static Answer ReadChatStream(byte[] stream, bool groupById = false)
    {
        var text = new StringBuilder();
        var thinking = new StringBuilder();
        var refusal = new StringBuilder();
        var calls = new List<(string Key, string Name, StringBuilder Arguments)>();
        string? finish = null, error = null;
        JsonElement? usage = null;
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            var line = Encoding.UTF8.GetString(data).Trim();
            if (line is "[DONE]" or "")
            {
                continue;
            }

            using var document = JsonDocument.Parse(line);
            var chunk = document.RootElement.Clone();
            if (chunk.TryGetProperty("error", out var problem) && problem.ValueKind != JsonValueKind.Null)
            {
                error = problem.GetRawText();
            }

            if (chunk.TryGetProperty("usage", out var counts) && counts.ValueKind == JsonValueKind.Object)
            {
                usage = counts;
            }
            else if (chunk.TryGetProperty("x_groq", out var groq) && groq.TryGetProperty("usage", out counts))
            {
                usage = counts;
            }

            foreach (var choice in chunk.TryGetProperty("choices", out var choices) ? choices.EnumerateArray() : default)
            {
                if (choice.TryGetProperty("index", out var number) && number.GetInt32() != 0)
                {
                    continue;
                }

                if (choice.TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String && reason.GetString() is { Length: > 0 } word)
                {
                    finish = word;
                }

                if (choice.TryGetProperty("delta", out var delta) && delta.ValueKind == JsonValueKind.Object)
                {
                    Delta(delta, text, thinking, refusal, calls, groupById);
                }
            }
        }

        return new Answer(text.ToString(), thinking.ToString().TrimStart(DetailsOnly), refusal.ToString(), [.. calls.Select(c => (c.Name, Canonical(c.Arguments.ToString())))], finish)
        {
            Usage = usage,
            Error = error,
        };
    }

    /// <summary>A whole Chat answer read by System.Text.Json alone.</summary>
    public static Answer ReadChatResponse(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement.Clone();
        if (root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
        {
            return new Answer("", "", "", [], null) { Error = error.GetRawText() };
        }

        var choice = root.GetProperty("choices")[0];
        var message = choice.GetProperty("message");
        var text = new StringBuilder();
        var thinking = new StringBuilder();
        var refusal = new StringBuilder();
        var calls = new List<(string Key, string Name, StringBuilder Arguments)>();
        Delta(message, text, thinking, refusal, calls, byId: true);
        return new Answer(text.ToString(), thinking.ToString().TrimStart(DetailsOnly), refusal.ToString(), [.. calls.Select(c => (c.Name, Canonical(c.Arguments.ToString())))],
            choice.TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String ? reason.GetString() : null)
        {
            Usage = root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object ? usage : null,
            Error = choice.TryGetProperty("error", out var inner) ? inner.GetRawText() : null,
        };
    }

    public static string Canonical(string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            return "{}";
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return JsonSerializer.Serialize(document.RootElement);
        }
        catch (JsonException)
        {
            return json;
        }
    }

    private static void Delta(JsonElement delta, StringBuilder text, StringBuilder thinking, StringBuilder refusal, List<(string Key, string Name, StringBuilder Arguments)> calls, bool byId)
    {
        if (delta.TryGetProperty("content", out var content))
        {
            switch (content.ValueKind)
            {
                case JsonValueKind.String:
                    text.Append(content.GetString());
                    break;
                case JsonValueKind.Object:
                    text.Append(content.GetRawText());
                    break;
                case JsonValueKind.Array:
                    foreach (var part in content.EnumerateArray())
                    {
                        if (part.GetProperty("type").GetString() == "thinking")
                        {
                            foreach (var piece in part.GetProperty("thinking").EnumerateArray())
                            {
                                thinking.Append(piece.GetProperty("text").GetString());
                            }
                        }
                        else if (part.TryGetProperty("text", out var piece))
                        {
                            text.Append(piece.GetString());
                        }
                    }

                    break;
                default:
                    break;
            }
        }

        var thought = Text(delta, "reasoning_content");
        thought = string.IsNullOrEmpty(thought) ? Text(delta, "reasoning") : thought;
        // Once reasoning came as plain text, details only repeat it.
        if (string.IsNullOrEmpty(thought) && (thinking.Length == 0 || thinking[0] == DetailsOnly) && delta.TryGetProperty("reasoning_details", out var details) && details.ValueKind == JsonValueKind.Array)
        {
            thought = string.Concat(details.EnumerateArray().Select(d => Text(d, "text") ?? Text(d, "summary")));
            if (thinking.Length == 0)
            {
                thinking.Append(DetailsOnly);
            }
        }

        thinking.Append(thought);
        if (delta.TryGetProperty("audio", out var audio) && audio.ValueKind == JsonValueKind.Object)
        {
            text.Append(Text(audio, "transcript"));
        }

        refusal.Append(Text(delta, "refusal"));
        if (delta.TryGetProperty("function_call", out var legacy) && legacy.ValueKind == JsonValueKind.Object && Text(legacy, "name") is { Length: > 0 } name)
        {
            calls.Add(("legacy", name, new StringBuilder(Text(legacy, "arguments"))));
        }

        if (!delta.TryGetProperty("tool_calls", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var call in list.EnumerateArray())
        {
            var index = call.TryGetProperty("index", out var number) ? number.GetInt32() : 0;
            var id = Text(call, "id");
            var custom = call.TryGetProperty("custom", out var function);
            function = custom ? function : call.GetProperty("function");
            var named = Text(function, "name") is { Length: > 0 };
            var key = byId ? id + "/" + index + "/" + calls.Count : index.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var at = calls.FindLastIndex(c => c.Key == key);
            if (at < 0 || (named && !string.IsNullOrEmpty(id) && calls[at].Arguments.Length > 0))
            {
                calls.Add((key, Text(function, "name") ?? "", new StringBuilder()));
                at = calls.Count - 1;
            }

            if (function.TryGetProperty(custom ? "input" : "arguments", out var arguments))
            {
                calls[at].Arguments.Append(arguments.ValueKind == JsonValueKind.Object ? arguments.GetRawText() : arguments.ValueKind == JsonValueKind.String ? arguments.GetString() : "");
            }
        }
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
