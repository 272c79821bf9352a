using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Translation;

/// <summary>Claude clients on Chat upstreams and Chat clients on Claude: every capture and every recorded stream, both ways.</summary>
public sealed class AnthropicAndChatTests
{
    public static TheoryData<string> ClaudeCodeCaptures() =>
        Rows(SharedData.Captures("claude-code").Concat(SharedData.Captures("claude-interactive")).Where(p => p.EndsWith("-anthropic.json", StringComparison.Ordinal)));

    public static TheoryData<string> AnthropicStreams() =>
        Rows(SharedData.Recordings("anthropic-messages").Where(r => r.Stream() is not null).Select(r => r.Folder));

    public static TheoryData<string> ChatStreams() =>
        Rows(SharedData.Recordings("openai-chat").Where(r => r.Stream() is not null).Select(r => r.Folder));

    [Theory]
    [MemberData(nameof(ClaudeCodeCaptures))]
    public void F18_ClaudeCodeRequest_AsChat_IsLegalAndTheSameEachTime(string path)
    {
        SkipWithoutData();
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        var body = Encoding.UTF8.GetBytes(capture.RootElement.GetProperty("body").GetRawText());
        var read = AnthropicFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        foreach (var (dialect, model) in new[] { (ChatDialect.OpenAI, "gpt-5.2"), (ChatDialect.DeepSeek, "deepseek-chat"), (ChatDialect.OpenRouter, "anthropic/claude-sonnet-4.6"), (ChatDialect.Mistral, "devstral") })
        {
            var target = new UpstreamTarget(model, dialect, ModelTraits.Unknown);
            var first = new ArrayBufferWriter<byte>();
            Assert.Null(OpenAIChatFormat.Instance.WriteRequest(read.Value!, target, new DegradationLog(), first));
            Assert.Empty(ChatRequestRules.Violations(first.WrittenSpan));
            var second = new ArrayBufferWriter<byte>();
            OpenAIChatFormat.Instance.WriteRequest(AnthropicFormat.Instance.ReadRequest(body).Value!, target, new DegradationLog(), second);
            Assert.True(first.WrittenSpan.SequenceEqual(second.WrittenSpan));
            using var before = JsonDocument.Parse(body);
            using var after = JsonDocument.Parse(first.WrittenMemory);
            Assert.Equal(
                before.RootElement.TryGetProperty("tools", out var tools) ? tools.EnumerateArray().Select(t => t.GetProperty("name").GetString()) : [],
                after.RootElement.TryGetProperty("tools", out var written) ? written.EnumerateArray().Select(t => t.GetProperty("function").GetProperty("name").GetString()) : []);
        }
    }

    [Theory]
    [MemberData(nameof(AnthropicStreams))]
    public void AnthropicStream_ForChatClient_KeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var stream = new Recording(folder).Stream()!;
        var events = Read(AnthropicFormat.Instance.CreateStreamReader(ChatDialect.Generic), stream);
        var expected = ReadAnthropicStream(stream);
        if (expected.Error is not null || expected.Finish is null)
        {
            Assert.Contains(events, e => e is StreamEvent.Failed);
            return;
        }

        var written = ChatTestKit.WriteStream(events);
        Assert.Null(ChatTestKit.Grammar(written));
        var actual = ChatTestKit.ReadChatStream(written);
        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.Thinking, actual.Thinking);
        Assert.Equal(expected.Calls, actual.Calls);
        Assert.Equal(Finish(expected), actual.Finish);
    }

    [Theory]
    [MemberData(nameof(ChatStreams))]
    public void F01_ChatStream_ForAnthropicClient_KeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var stream = recording.Stream()!;
        var dialect = ChatTestKit.DialectOf(recording);
        var events = ChatTestKit.ReadStream(dialect, stream);
        if (events[^1] is StreamEvent.Failed)
        {
            return;
        }

        var expected = ChatTestKit.Collect(events);
        var writer = AnthropicFormat.Instance.CreateStreamWriter(ChatTestKit.Client, new DegradationLog());
        var output = new ArrayBufferWriter<byte>();
        foreach (var item in events)
        {
            writer.Write(item, output);
        }

        var written = output.WrittenSpan.ToArray();
        var grammar = AnthropicFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(written))
        {
            Assert.Null(grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)));
        }

        Assert.Null(grammar.Complete());
        var actual = ReadAnthropicStream(written);
        Assert.Equal(expected.Text + expected.Refusal, actual.Text);
        Assert.Equal(expected.Thinking, actual.Thinking);
        Assert.Equal(expected.Calls, actual.Calls);
        Assert.Equal(expected.Finish switch { "ToolUse" => "tool_use", "MaxTokens" => "max_tokens", "Refusal" => "refusal", "StopSequence" => "stop_sequence", _ => "end_turn" }, actual.Finish);
        if (events.OfType<StreamEvent.UsageReported>().LastOrDefault() is { } last)
        {
            var usage = actual.Usage!.Value;
            Assert.Equal(last.Usage.TotalOutput, usage.GetProperty("output_tokens").GetInt64());
            Assert.Equal((last.Usage.Input ?? 0) + (last.Usage.AudioInput ?? 0), usage.GetProperty("input_tokens").GetInt64());
        }
    }

    private static string Finish(Answer expected) => expected.Finish switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "refusal" => "content_filter",
        "tool_use" => "tool_calls",
        _ => expected.Calls.Count > 0 ? "tool_calls" : "stop",
    };

    private static List<StreamEvent> Read(IStreamReader reader, byte[] stream)
    {
        var events = new List<StreamEvent>();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            reader.Read(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data), events);
        }

        reader.Complete(events);
        return events;
    }

    private static Answer ReadAnthropicStream(byte[] stream)
    {
        var text = new StringBuilder();
        var thinking = new StringBuilder();
        var calls = new SortedDictionary<int, (string Name, StringBuilder Json)>();
        string? finish = null, error = null;
        JsonElement? usage = null;
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            if (data.Length == 0 || data[0] != (byte)'{')
            {
                continue;
            }

            using var document = JsonDocument.Parse(data);
            var item = document.RootElement.Clone();
            if (item.GetProperty("type").GetString() == "message_stop")
            {
                // Some recordings hold the next answer too.
                break;
            }

            switch (item.GetProperty("type").GetString())
            {
                case "content_block_start":
                    var block = item.GetProperty("content_block");
                    var type = block.GetProperty("type").GetString();
                    if (type == "tool_use")
                    {
                        // Server-side callers get their input whole, in the start block.
                        var whole = block.TryGetProperty("input", out var input) && input.EnumerateObject().Any() ? input.GetRawText() : "";
                        calls[item.GetProperty("index").GetInt32()] = (block.GetProperty("name").GetString()!, new StringBuilder(whole));
                    }
                    else if (type == "text")
                    {
                        text.Append(block.GetProperty("text").GetString());
                    }

                    break;
                case "content_block_delta":
                    var delta = item.GetProperty("delta");
                    switch (delta.GetProperty("type").GetString())
                    {
                        case "text_delta": text.Append(delta.GetProperty("text").GetString()); break;
                        case "thinking_delta": thinking.Append(delta.GetProperty("thinking").GetString()); break;
                        case "input_json_delta" when calls.TryGetValue(item.GetProperty("index").GetInt32(), out var call): call.Json.Append(delta.GetProperty("partial_json").GetString()); break;
                        default: break;
                    }

                    break;
                case "message_delta":
                    finish = item.GetProperty("delta").GetProperty("stop_reason").GetString();
                    usage = item.TryGetProperty("usage", out var counts) ? counts : usage;
                    break;
                case "error":
                    error = item.GetRawText();
                    break;
                default:
                    break;
            }
        }

        return new Answer(text.ToString(), thinking.ToString(), "", [.. calls.Values.Select(c => (c.Name, ChatTestKit.Canonical(c.Json.ToString())))], finish) { Usage = usage, Error = error };
    }

    private static TheoryData<string> Rows(IEnumerable<string> rows)
    {
        var data = new TheoryData<string>();
        foreach (var row in rows)
        {
            data.Add(row);
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }

    private static void SkipWithoutData()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }
    }
}
